/** Reads the tenants' overrides again and again while we run, and tells of it. */
import type { Clock } from "../../core/ports/clock.ts";
import type { Journal } from "../../core/ports/journal.ts";
import type { Meter } from "../../core/ports/meter.ts";
import type { TenantLimits } from "./limits.ts";

export interface ReloadParts {
  /** 0 is never. */
  readonly everyMs: number;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly meter: Meter;
  readonly signal: AbortSignal;
}

/** Overrides have been read once. A file that is wrong changes nothing; each warning is said once while it holds. */
export async function reloadLimits(limits: TenantLimits, parts: ReloadParts): Promise<void> {
  const { everyMs, clock, journal, meter, signal } = parts;
  let [said, hash]: [readonly string[], string | undefined] = [[], undefined];
  const tell = () => {
    const { warnings } = limits.overrides;
    for (const text of warnings) if (!said.includes(text)) journal.log("warn", text);
    said = warnings;
    if (limits.sha256 === undefined) return;
    meter.gauge(SUCCESSFUL, 1);
    if (limits.sha256 === hash) return;
    if (hash !== undefined) meter.gauge(HASH, 0, { sha256: hash });
    hash = limits.sha256;
    meter.gauge(HASH, 1, { sha256: hash });
  };
  tell();
  while (everyMs > 0) {
    await clock.sleep(everyMs, signal);
    if (signal.aborted) return;
    try {
      await limits.reload();
      tell();
    } catch (error) {
      meter.gauge(SUCCESSFUL, 0);
      journal.log("warn", "overrides not reloaded", { err: error });
    }
  }
}

const SUCCESSFUL = "loki_runtime_config_last_reload_successful";
const HASH = "loki_runtime_config_hash";
