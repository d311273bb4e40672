/** A bound in time for work that serves a request. */
import type { Clock } from "../ports/clock.ts";

/**
 * Runs `work` with a signal that is aborted when the outer one is, or as TimeoutError after `ms`
 * milliseconds (0: never). Rejects at that moment even if the work does not look at its signal.
 */
export async function withDeadline<T>(
  work: (signal: AbortSignal) => Promise<T>,
  options: { clock: Clock; ms: number; signal: AbortSignal },
): Promise<T> {
  const { clock, ms, signal } = options;
  const inner = new AbortController();
  const over = new AbortController();
  const cancel = () => inner.abort(signal.reason);
  signal.addEventListener("abort", cancel, { once: true });
  if (signal.aborted) cancel();
  if (ms > 0) {
    void clock.sleep(ms, over.signal).then(() => {
      if (!over.signal.aborted) inner.abort(new DOMException("deadline exceeded", "TimeoutError"));
    });
  }
  try {
    return await Promise.race([work(inner.signal), rejected(inner.signal)]);
  } finally {
    over.abort();
    signal.removeEventListener("abort", cancel);
  }
}

function rejected(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
