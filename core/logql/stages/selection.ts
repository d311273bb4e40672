/** The rows of a block that are still wanted, in ascending order. Stages only ever take rows away. */
import type { Block } from "../../model/block.ts";

export class Selection {
  #rows: Uint32Array;
  #marks: Uint8Array;
  count = 0;

  constructor() {
    this.#rows = new Uint32Array(0);
    this.#marks = new Uint8Array(0);
  }

  /** All rows of [first, end). */
  fill(first: number, end: number): void {
    this.count = Math.max(0, end - first);
    if (this.#rows.length < this.count) {
      this.#rows = new Uint32Array(this.count);
      this.#marks = new Uint8Array(this.count);
    }
    for (let index = 0; index < this.count; index++) this.#rows[index] = first + index;
  }

  row(index: number): number {
    return this.#rows[index]!;
  }

  /** The chosen rows. The view is void after the next change. */
  view(): Uint32Array {
    return this.#rows.subarray(0, this.count);
  }

  /** Rows of one's own. */
  copy(): Uint32Array {
    return this.#rows.slice(0, this.count);
  }

  /** Keeps the rows that the test marks with 1, or those that it does not. */
  narrow(block: Block, test: BlockTest, wanted: boolean): void {
    const marks = this.#marks.subarray(0, this.count);
    marks.fill(0);
    test.mark(block, this.view(), marks);
    this.keep(marks, wanted ? 1 : 0);
  }

  /** Keeps the rows whose mark is `wanted`. */
  keep(marks: Uint8Array, wanted: number): void {
    const rows = this.#rows;
    let kept = 0;
    for (let index = 0; index < this.count; index++) {
      if (marks[index] === wanted) rows[kept++] = rows[index]!;
    }
    this.count = kept;
  }
}

/** A condition on lines that looks at a block at once. */
export interface BlockTest {
  /** Sets `marks[i]` to 1 for each `rows[i]` that passes, and leaves the others alone. Rows ascend. */
  mark(block: Block, rows: Uint32Array, marks: Uint8Array): void;
}
