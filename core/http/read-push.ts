/** The body of a push as it comes over HTTP: within its size, its time, and what all pushes may hold. */
import type { PushBody } from "../distributor/body.ts";
import type { Clock } from "../ports/clock.ts";
import { readInTime } from "./form.ts";
import type { PushGate } from "./push-gate.ts";
import type { HttpSettings } from "./services.ts";

export interface PushDoor {
  readonly gate: PushGate;
  readonly clock: Clock;
  readonly settings: HttpSettings;
}

/** Reads a push and runs `store` with it; the push counts as under way until that is done. */
export async function withPush(
  request: Request,
  { gate, clock, settings }: PushDoor,
  store: (body: PushBody) => Promise<void>,
): Promise<void> {
  const pass = gate.enter();
  try {
    const bytes = await readInTime(request, settings.pushBytesMax, {
      ...{ clock, ms: settings.readTimeoutMs, hold: pass.hold },
    });
    await store({
      bytes,
      contentType: request.headers.get("content-type") ?? "",
      contentEncoding: request.headers.get("content-encoding") ?? "",
      hold: pass.hold,
    });
  } finally {
    pass.leave();
  }
}
