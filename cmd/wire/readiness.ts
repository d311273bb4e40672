/** Whether requests may come, in the words of Loki's `/ready` (spec http-api §6.1). */
import { printGoDuration } from "../../core/golang/duration.ts";
import type { Readiness } from "../../core/http/services.ts";
import type { IngesterPhase } from "../../core/ingester/lifecycle.ts";
import { NS_PER_MS } from "../../core/model/time.ts";
import type { Clock } from "../../core/ports/clock.ts";

export interface ReadinessParts {
  phase(): IngesterPhase;
  readonly clock: Clock;
  /** Whether the process was asked to stop. */
  readonly leaving: { readonly now: boolean };
  /** How long after the first question that finds everything good the answer is still no. */
  readonly waitMs: number;
}

export function readinessOf({ phase, clock, leaving, waitMs }: ReadinessParts): () => Readiness {
  let goodSinceMs: number | undefined;
  return () => {
    if (leaving.now) return { ok: false, text: "Application is stopping" };
    const reason = reasonAgainst(phase());
    if (reason !== undefined) return { ok: false, text: `Ingester not ready: ${reason}` };
    goodSinceMs ??= clock.ticksMs();
    if (clock.ticksMs() - goodSinceMs >= waitMs) return { ok: true, text: "ready" };
    const wait = printGoDuration(BigInt(waitMs) * NS_PER_MS);
    return { ok: false, text: `Ingester not ready: waiting for ${wait} after being ready` };
  };
}

function reasonAgainst(phase: IngesterPhase): string | undefined {
  if (phase.name === "running") return undefined;
  if (phase.name !== "replaying") return phase.name;
  const percent = phase.total === 0 ? 0 : Math.floor((100 * phase.done) / phase.total);
  return `replaying the WAL, ${percent}% of ${phase.total} bytes`;
}
