/** What one series has collected: the state of a range aggregation between its samples and its steps. */
import type { Origin } from "./fold.ts";
import type { Panes } from "./panes.ts";
import type { Points } from "./series.ts";

export interface Accumulator {
  /** Takes a sample that falls into `pane`. Samples come mostly, not always, in ascending order. */
  add(pane: number, value: number, origin: Origin): void;
  /** Adds the value of each step whose window has samples, in ascending order of steps. */
  windows(panes: Panes, points: Points): void;
}

/** Told of every growth, in bytes. Throws when it is too much. */
export type Hold = (bytes: number) => void;

/** A typed array of at least `size` numbers that starts with what the old one holds. */
export function grown<A extends Float64Array | Int32Array>(array: A, size: number, hold: Hold): A {
  const length = Math.max(size, 2 * array.length);
  hold((length - array.length) * array.BYTES_PER_ELEMENT);
  const larger = new (array.constructor as new (length: number) => A)(length);
  larger.set(array);
  return larger;
}
