/** The row that stages work on: its line, which they may change, its labels, and its time. */
import { utf8Size } from "../../bytes/text.ts";
import type { Block } from "../../model/block.ts";
import type { LabelBuilder } from "./label-builder.ts";
import { MetadataReader } from "./metadata.ts";
import type { StreamBase } from "./stream-base.ts";
import { decodeText, encodeInto } from "./text.ts";

/** One operator on one row. */
export interface RowStage {
  /** False drops the row. */
  run(row: Row): boolean;
  /** True when labels are all it looks at, so that rows with equal labels fare alike. */
  readonly labelsOnly: boolean;
  /** Called when numbers of names found in lines are void. */
  forget?(): void;
}

export class Row {
  readonly labels: LabelBuilder;
  /** The bytes of the line: valid after load(). */
  text: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;
  /** True when the line is no longer that of the block. */
  changed = false;
  /** Bytes of the line as it is stored. */
  storedSize = 0;
  readonly #metadata = new MetadataReader();
  #line: string | undefined;
  /** True while the changed line is not yet in `text`. */
  #isStale = false;
  #scratch: Uint8Array = new Uint8Array(0);
  #times: BigInt64Array = new BigInt64Array(0);
  #index = 0;

  constructor(labels: LabelBuilder) {
    this.labels = labels;
  }

  reset(block: Block, index: number, base: StreamBase): void {
    this.text = block.text;
    this.start = block.starts[index]!;
    this.end = block.ends[index]!;
    this.storedSize = this.end - this.start;
    this.changed = false;
    this.#line = undefined;
    this.#isStale = false;
    this.#times = block.times;
    this.#index = index;
    this.labels.reset(base, block.text);
    const { metadata } = block;
    if (metadata !== undefined) this.#metadata.read(metadata, index, this.labels);
  }

  /** Unix nanoseconds. */
  get timeNs(): bigint {
    return this.#times[this.#index]!;
  }

  /** Makes sure that `text`, `start` and `end` are the line. Whoever reads bytes calls it first. */
  load(): void {
    if (this.#isStale) this.#encode();
  }

  /** The line as text; made when first asked for. */
  get line(): string {
    this.#line ??= decodeText(this.text, this.start, this.end);
    return this.#line;
  }

  lineSize(): number {
    return this.#isStale ? utf8Size(this.#line!) : this.end - this.start;
  }

  setLine(line: string): void {
    this.#line = line;
    this.#isStale = true;
    this.changed = true;
  }

  #encode(): void {
    const line = this.#line!;
    // Values still in bytes lie in the old line: before it goes, they become text.
    this.labels.moveTo(this.#scratch);
    if (this.#scratch.length < 3 * line.length) {
      this.#scratch = new Uint8Array(Math.max(4096, 4 * line.length));
      this.labels.moveTo(this.#scratch);
    }
    this.text = this.#scratch;
    this.start = 0;
    this.end = encodeInto(line, this.#scratch);
    this.#isStale = false;
  }
}
