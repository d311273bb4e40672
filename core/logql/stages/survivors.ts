/** What a log pipeline leaves of a block: rows, their labels, and lines that are made when asked for. */
import type { Block } from "../../model/block.ts";
import type { LabelSet } from "./label-set.ts";
import { decodeText, encodeText, utf8Size } from "./text.ts";

/** By survivor, the line that stages made of it; undefined where it is that of the block. */
export type ChangedLines = readonly (string | undefined)[];

export class Survivors {
  readonly count: number;
  /** Indexes into the block, ascending. */
  readonly rows: Uint32Array;
  /** One for each survivor, or one for all. */
  readonly labels: readonly LabelSet[] | LabelSet;
  readonly #block: Block;
  readonly #changed: ChangedLines | undefined;

  constructor(
    block: Block,
    rows: Uint32Array,
    labels: readonly LabelSet[] | LabelSet,
    changed?: ChangedLines,
  ) {
    this.count = rows.length;
    this.rows = rows;
    this.labels = labels;
    this.#block = block;
    this.#changed = changed;
  }

  labelsOf(index: number): LabelSet {
    return Array.isArray(this.labels)
      ? (this.labels as readonly LabelSet[])[index]!
      : (this.labels as LabelSet);
  }

  time(index: number): bigint {
    return this.#block.times[this.rows[index]!]!;
  }

  /** The line; what is no UTF-8 in it is U+FFFD. */
  line(index: number): string {
    const row = this.rows[index]!;
    const { text, starts, ends } = this.#block;
    return this.#changed?.[index] ?? decodeText(text, starts[row]!, ends[row]!);
  }

  /** The line as bytes: a view of the block unless a stage changed it. */
  bytes(index: number): Uint8Array {
    const changed = this.#changed?.[index];
    if (changed !== undefined) return encodeText(changed);
    const row = this.rows[index]!;
    return this.#block.text.subarray(this.#block.starts[row]!, this.#block.ends[row]!);
  }

  /** Bytes of the line. */
  lineBytes(index: number): number {
    const changed = this.#changed?.[index];
    if (changed !== undefined) return utf8Size(changed);
    const row = this.rows[index]!;
    return this.#block.ends[row]! - this.#block.starts[row]!;
  }
}

export const NO_ROWS = new Uint32Array(0);
