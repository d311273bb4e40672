/** What a log pipeline leaves of a block: rows, their labels, and lines that are made when asked for. */
import { utf8Size } from "../../bytes/text.ts";
import type { Block } from "../../model/block.ts";
import type { LabelSet } from "./label-set.ts";
import { decodeText, encodeText } from "./text.ts";

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

  get isChanged(): boolean {
    return this.#changed !== undefined;
  }

  /** By survivor, the line that stages made of it. */
  changedLines(): ChangedLines {
    return this.#changed ?? new Array<undefined>(this.count).fill(undefined);
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

/** The survivors of stretches of one block, in ascending order, as those of the whole. */
export function joinSurvivors(block: Block, parts: readonly Survivors[]): Survivors {
  const some = parts.filter(({ count }) => count > 0);
  if (some.length <= 1) return some[0] ?? new Survivors(block, NO_ROWS, []);
  const labels = joinLabels(some);
  if (some.every((part) => !part.isChanged)) return new Survivors(block, joinRows(some), labels);
  const changed = some.flatMap((part) => part.changedLines());
  return new Survivors(block, joinRows(some), labels, changed);
}

/** Rows of several parts, one behind the other. */
export function joinRows(parts: readonly { readonly rows: Uint32Array }[]): Uint32Array {
  const rows = new Uint32Array(parts.reduce((sum, part) => sum + part.rows.length, 0));
  let at = 0;
  for (const part of parts) {
    rows.set(part.rows, at);
    at += part.rows.length;
  }
  return rows;
}

/** One set when it is the same for all. */
export function joinLabels(
  parts: readonly { readonly count: number; readonly labels: readonly LabelSet[] | LabelSet }[],
): readonly LabelSet[] | LabelSet {
  const [first] = parts;
  if (!Array.isArray(first!.labels) && parts.every(({ labels }) => labels === first!.labels)) {
    return first!.labels;
  }
  return parts.flatMap(({ count, labels }) =>
    Array.isArray(labels)
      ? (labels as readonly LabelSet[])
      : new Array<LabelSet>(count).fill(labels as LabelSet),
  );
}

export const NO_ROWS = new Uint32Array(0);
