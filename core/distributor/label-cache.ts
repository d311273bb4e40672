/**
 * Label sets by the text they came as. Clients send the same few texts for hours; parsing, sorting
 * and printing happen once for each.
 */
import { printLabels } from "../labels/labels.ts";
import type { Labels } from "../model/labels.ts";
import { parseLabels } from "./parse-labels.ts";

export interface LabelSet {
  readonly labels: Labels;
  /** Canonical text. */
  readonly text: string;
}

/** Characters of text that a cache keeps: some 50,000 label sets of a Kubernetes cluster. */
const CHARS_MAX = 8 * 1024 * 1024;

/** A text longer than this is not kept: it would push thousands of others out. */
const TEXT_MAX = 64 * 1024;

export class LabelCache {
  /** In the order of their coming, so the first is the oldest. */
  readonly #sets = new Map<string, LabelSet>();
  readonly #charsMax: number;
  #chars = 0;

  constructor(charsMax = CHARS_MAX) {
    this.#charsMax = charsMax;
  }

  /** Throws BadRequest when the text is no label set. */
  get(text: string): LabelSet {
    const known = this.#sets.get(text);
    if (known !== undefined) return known;
    const labels = parseLabels(text);
    const set = { labels, text: printLabels(labels) };
    if (text.length <= TEXT_MAX) this.#keep(text, set);
    return set;
  }

  #keep(text: string, set: LabelSet): void {
    this.#sets.set(text, set);
    this.#chars += text.length;
    for (const oldest of this.#sets.keys()) {
      if (this.#chars <= this.#charsMax) return;
      this.#sets.delete(oldest);
      this.#chars -= oldest.length;
    }
  }
}
