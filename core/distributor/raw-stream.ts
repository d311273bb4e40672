/** Streams as a push body has them, before their labels are read. */
import type { Block } from "../model/block.ts";
import { STREAMS_MAX, tooMany } from "./rows-builder.ts";

export interface RawStream {
  /** Text of the labels as it came, `{app="x"}`. */
  readonly labelText: string;
  /** In the order they came. `text` is the body. */
  readonly rows: Block;
}

/** Characters of labels in one push: a body of them alone would be a hundred times larger once it is read. */
const LABEL_CHARS_MAX = 1 << 24;

/** The streams of one push. Throws LimitExceeded (413) on what would be too many to hold. */
export class RawStreams {
  readonly #streams: RawStream[] = [];
  #labelChars = 0;

  add(stream: RawStream): void {
    if (this.#streams.length === STREAMS_MAX) throw tooMany("streams", STREAMS_MAX);
    this.#labelChars += stream.labelText.length;
    if (this.#labelChars > LABEL_CHARS_MAX) throw tooMany("characters of labels", LABEL_CHARS_MAX);
    this.#streams.push(stream);
  }

  take(): RawStream[] {
    return this.#streams;
  }
}
