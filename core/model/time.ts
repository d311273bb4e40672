/** Moments as Loki prints them in its errors. Nanoseconds since the epoch are bigint at the edges. */

export const NS_PER_MS = 1_000_000n;
export const NS_PER_SECOND = 1_000_000_000n;

/** Milliseconds, rounded down. */
export function msOf(ns: bigint): number {
  return Number(ns >= 0n ? ns / NS_PER_MS : (ns - NS_PER_MS + 1n) / NS_PER_MS);
}

/** Milliseconds, rounded up: the last moment of a stored chunk (spec chunk-format §6). */
export function msCeilOf(ns: bigint): number {
  return -msOf(-ns);
}

export function nsOf(ms: number): bigint {
  return BigInt(ms) * NS_PER_MS;
}

/** `2026-11-23T06:34:59Z`: whole seconds, UTC. */
export function printSeconds(ns: bigint): string {
  return `${dateText(ns).replace(" ", "T")}Z`;
}

/** `2026-11-23T06:34:59.000000005Z`: trailing zeros of the fraction left out. */
export function printNanos(ns: bigint): string {
  return `${dateText(ns).replace(" ", "T")}${fraction(ns)}Z`;
}

/** `2026-11-23 06:34:59.000000005 +0000 UTC`, as Go prints a time by default. */
export function printGoTime(ns: bigint): string {
  return `${dateText(ns)}${fraction(ns)} +0000 UTC`;
}

function dateText(ns: bigint): string {
  return new Date(msOf(ns)).toISOString().slice(0, 19).replace("T", " ");
}

function fraction(ns: bigint): string {
  const rest = ((ns % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  return rest === 0n ? "" : `.${rest.toString().padStart(9, "0").replace(/0+$/, "")}`;
}
