/** The body of a push as it comes over HTTP: within its size, its time, and what all pushes may hold. */
import type { PushBody } from "../distributor/body.ts";
import { Unavailable } from "../model/errors.ts";
import type { Clock } from "../ports/clock.ts";
import { withDeadline } from "./deadline.ts";
import { answerOf, textResponse } from "./errors.ts";
import { readBytes } from "./form.ts";
import type { PushGate, PushPass } from "./push-gate.ts";
import type { HttpSettings } from "./services.ts";

/** The client stopped sending. Its connection is of no more use. */
export class StalledBody extends Unavailable {}

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
    const bytes = await readInTime(request, { clock, settings, pass });
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

async function readInTime(
  request: Request,
  { clock, settings, pass }: { clock: Clock; settings: HttpSettings; pass: PushPass },
): Promise<Uint8Array> {
  const { pushBytesMax: sizeMax, readTimeoutMs: ms } = settings;
  try {
    return await withDeadline(() => readBytes(request, sizeMax, { hold: pass.hold }), {
      ...{ clock, ms, signal: request.signal },
    });
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "TimeoutError")) throw error;
    throw new StalledBody(
      `the body of the push did not come within ${ms / 1000}s (server.http_server_read_timeout)`,
    );
  }
}

/** The answer to a client that stopped sending, after which its connection is closed; undefined for other errors. */
export function stalledAnswer(error: unknown): Response | undefined {
  if (!(error instanceof StalledBody)) return undefined;
  const { status, text } = answerOf(error);
  const response = textResponse(status, `${text}\n`);
  response.headers.set("Connection", "close");
  return response;
}
