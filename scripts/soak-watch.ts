/**
 * Loaded into a server before it starts: each second it tells its parent how much is on the heap and how
 * late a timer came at worst, which is how long something kept the loop.
 */
import { heapStats } from "bun:jsc";

export interface Watched {
  /** Bytes of the heap and of the buffers that it owns. */
  readonly heap: number;
  /** Bytes of buffers among them. */
  readonly extra: number;
  readonly objects: number;
  readonly lateMs: number;
  /** As much of that as the process had a processor: others may be using it. */
  readonly busyMs: number;
}

const TICK_MS = 10;
const TELL_MS = 1000;
/** Counting what is on the heap stops the loop itself for a while: not often. */
const COUNT_EVERY = 5;

let late = 0;
let busy = 0;
let rounds = 0;
let counted = { heap: 0, extra: 0, objects: 0 };
let before = performance.now();
let used = usedMs();
setInterval(() => {
  const now = performance.now();
  const usedNow = usedMs();
  const lateMs = now - before - TICK_MS;
  late = Math.max(late, lateMs);
  busy = Math.max(busy, Math.min(lateMs, usedNow - used));
  before = now;
  used = usedNow;
}, TICK_MS).unref();
setInterval(() => {
  if (rounds++ % COUNT_EVERY === 0) {
    const { heapSize, extraMemorySize, objectCount } = heapStats();
    counted = { heap: heapSize, extra: extraMemorySize, objects: objectCount };
    before = performance.now();
    used = usedMs();
  }
  process.send?.({ ...counted, lateMs: late, busyMs: busy } satisfies Watched);
  late = 0;
  busy = 0;
}, TELL_MS).unref();

function usedMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
