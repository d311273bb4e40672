/** Ends a request whose server has gone silent, or that lasts longer than it may. */
import type { Clock } from "../ports/clock.ts";
import { NO_ANSWER, S3Failure } from "./s3-failure.ts";

export interface Patience {
  /** How long a server may send nothing. */
  readonly silenceMs: number;
  /** How long the whole may last; infinite for no limit. */
  readonly totalMs: number;
}

export interface Watched {
  readonly signal: AbortSignal;
  readonly progress: () => void;
}

/**
 * Runs a request under a signal of its own, which the caller's signal aborts too. Rejects in time even when
 * the request does not heed its signal.
 */
export async function watch<T>(
  clock: Clock,
  { silenceMs, totalMs }: Patience,
  request: (watched: Watched) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const startMs = clock.ticksMs();
  let heardMs = startMs;
  const controller = new AbortController();
  const done = new AbortController();
  const stop = () => controller.abort(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  const ended = new Promise<never>((_, reject) => {
    controller.signal.addEventListener("abort", () => reject(controller.signal.reason), {
      once: true,
    });
  });
  const progress = () => {
    heardMs = clock.ticksMs();
  };
  try {
    void guard();
    return await Promise.race([request({ signal: controller.signal, progress }), ended]);
  } finally {
    done.abort();
    signal?.removeEventListener("abort", stop);
  }

  async function guard(): Promise<void> {
    while (!done.signal.aborted) {
      const nowMs = clock.ticksMs();
      const leftMs = Math.min(heardMs + silenceMs, startMs + totalMs) - nowMs;
      if (leftMs <= 0) {
        const text = `no answer within ${Math.round(nowMs - startMs)} ms`;
        controller.abort(new S3Failure("Timeout", NO_ANSWER, text));
        return;
      }
      await clock.sleep(leftMs, done.signal);
    }
  }
}
