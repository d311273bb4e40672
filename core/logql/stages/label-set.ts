/**
 * The final labels of a row. Rows with the same labels share one object, so whoever groups rows
 * compares objects and never text.
 */
import { printLabels } from "../../labels/labels.ts";
import { LimitExceeded } from "../../model/errors.ts";
import type { Labels } from "../../model/labels.ts";
import { METADATA, PARSED, STREAM } from "./label-builder.ts";

export class LabelSet {
  /** Sorted by name; values may be empty. */
  readonly labels: Labels;
  /** By label, where it came from: in the first row that had these labels, unless rows are told apart by it. */
  readonly #categories: Uint8Array;
  #key: string | undefined;

  constructor(labels: Labels, categories: Uint8Array) {
    this.labels = labels;
    this.#categories = categories;
  }

  /** Loki's text of the labels: equal for equal sets, also of another pipeline. Made when first asked for. */
  get key(): string {
    this.#key ??= printLabels(this.labels);
    return this.#key;
  }

  /** Labels of the stream that no stage took away or changed. */
  get stream(): Labels {
    return this.#of(STREAM);
  }

  get metadata(): Labels {
    return this.#of(METADATA);
  }

  /** What parsers and label_format made, errors included. */
  get parsed(): Labels {
    return this.#of(PARSED);
  }

  #of(category: number): Labels {
    return this.labels.filter((_, index) => this.#categories[index] === category);
  }

  /** Whether these are the labels and, if asked, the categories. */
  equals(labels: Labels, categories: Uint8Array | undefined): boolean {
    const own = this.labels;
    if (own === labels) return true;
    if (own.length !== labels.length) return false;
    for (let index = 0; index < own.length; index++) {
      const [a, b] = [own[index]!, labels[index]!];
      if (a !== b && (a[1] !== b[1] || a[0] !== b[0])) return false;
      if (categories !== undefined && this.#categories[index] !== categories[index]) return false;
    }
    return true;
  }
}

/** What a label set and a label of it take, beside the text of values. */
const SET_BYTES = 150;
const LABEL_BYTES = 40;

/** All label sets of one pipeline, each once. */
export class LabelSets {
  readonly #buckets = new Map<number, LabelSet[]>();
  readonly #bytesMax: number;
  readonly #categorize: boolean;
  #bytes = 0;

  constructor(options: { bytesMax: number; categorize: boolean }) {
    this.#bytesMax = options.bytesMax;
    this.#categorize = options.categorize;
  }

  /** The set of these labels, sorted by name. Equal labels come with equal hashes. */
  intern(hash: number, labels: Labels, categories: Uint8Array): LabelSet {
    const bucket = this.#buckets.get(hash);
    const apart = this.#categorize ? categories : undefined;
    const known = bucket?.find((set) => set.equals(labels, apart));
    if (known !== undefined) return known;
    this.#hold(labels);
    const set = new LabelSet(labels, categories);
    if (bucket === undefined) this.#buckets.set(hash, [set]);
    else bucket.push(set);
    return set;
  }

  #hold(labels: Labels): void {
    this.#bytes += SET_BYTES;
    for (const [, value] of labels) this.#bytes += LABEL_BYTES + 2 * value.length;
    if (this.#bytes > this.#bytesMax) {
      throw new LimitExceeded(
        "max_query_memory_bytes",
        `the label sets of the query take more than ${this.#bytesMax} bytes; drop or aggregate labels`,
      );
    }
  }
}
