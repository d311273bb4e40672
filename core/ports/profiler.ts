/**
 * What a runtime tells of itself while it works: where its time goes, and what its memory holds. There is one
 * thread of JavaScript, so there is one stack at a time, and what waits has none.
 */

export interface Profiler {
  /**
   * Looks at the stack in turn for `ms` milliseconds, or until the signal is aborted. One at a time: who asks
   * while it runs is refused with Unavailable.
   */
  cpu(ms: number, signal: AbortSignal): Promise<CpuProfile>;
  /** What is in memory now; with `collect` only what is still in use. */
  heap(options: { readonly collect: boolean }): Promise<HeapProfile>;
}

export interface CpuProfile {
  /** Time between two looks, microseconds; nothing is seen while nothing runs. */
  readonly periodUs: number;
  readonly stacks: readonly SampledStack[];
}

export interface SampledStack {
  /** Where it was, the innermost first: `[{ name: "parse", file: "/srv/lokits/parse.ts", line: 12 }, …]`. */
  readonly frames: readonly Frame[];
  /** How often it was seen. */
  readonly count: number;
}

export interface Frame {
  readonly name: string;
  /** "" for what the runtime has of its own. */
  readonly file: string;
  /** From 1; 0 when it is not known. */
  readonly line: number;
}

export interface HeapProfile {
  /** In the runtime's words: `heapSize: 1234`. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Objects by their kind, in any order. */
  readonly objects: readonly (readonly [kind: string, count: number])[];
}
