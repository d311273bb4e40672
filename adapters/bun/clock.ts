/** The machine's clock. Nanoseconds are the wall clock at the start and the monotonic one since. */
import type { Clock } from "../../core/ports/clock.ts";

/** Read anew when the two clocks part by more: the wall clock was set. */
const DRIFT_MS_MAX = 100;

let wallMs = Date.now();
let ticksMs = performance.now();
let lastNs = 0n;

export const systemClock: Clock = {
  now,
  nowMs: () => Date.now(),
  ticksMs: () => performance.now(),
  sleep,
};

/** Ever rising while the wall clock is not set back, so that entries stamped here keep their order. */
function now(): bigint {
  const sinceMs = performance.now() - ticksMs;
  const currentMs = Date.now();
  if (Math.abs(wallMs + sinceMs - currentMs) > DRIFT_MS_MAX) {
    wallMs = currentMs;
    ticksMs = performance.now();
    lastNs = 0n;
    return now();
  }
  const wholeMs = Math.floor(sinceMs);
  const ns =
    BigInt(wallMs + wholeMs) * 1_000_000n + BigInt(Math.floor((sinceMs - wholeMs) * 1_000_000));
  lastNs = ns > lastNs ? ns : lastNs + 1n;
  return lastNs;
}

/** What a timer of the runtime can wait; a longer one would fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  // A promise that is resolved already would let nobody but other promises have their turn.
  if (ms <= 0) return new Promise((resolve) => setImmediate(resolve));
  for (let left = ms; left > 0 && !signal?.aborted; left -= TIMER_MS_MAX) {
    await wait(Math.min(left, TIMER_MS_MAX), signal);
  }
}

function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end, { once: true });
  });
}
