/** A stream as a push body has it, before its labels are read. */
import type { Block } from "../model/block.ts";

export interface RawStream {
  /** Text of the labels as it came, `{app="x"}`. */
  readonly labelText: string;
  /** In the order they came. `text` is the body. */
  readonly rows: Block;
}
