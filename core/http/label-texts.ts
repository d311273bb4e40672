/**
 * The JSON of label sets that are answered again and again: sources give the same object for a stream
 * each time, so the text can be kept with it, and goes when the stream does.
 */
import type { Labels } from "../model/labels.ts";
import { jsonText } from "./json-text.ts";

/** Texts kept, in UTF-16 units. When there are more all are forgotten and made anew. */
const KEPT_MAX = 64 << 20;

export class LabelTexts {
  readonly #keptMax: number;
  #texts = new WeakMap<Labels, string>();
  #kept = 0;

  constructor(keptMax = KEPT_MAX) {
    this.#keptMax = keptMax;
  }

  /** As `jsonLabels` gives it. */
  of(labels: Labels): string {
    const known = this.#texts.get(labels);
    if (known !== undefined) return known;
    const text = flatJson(labels);
    this.#kept += text.length;
    if (this.#kept > this.#keptMax) {
      this.#texts = new WeakMap();
      this.#kept = text.length;
    }
    this.#texts.set(labels, text);
    return text;
  }
}

/**
 * Joined and not added up: an engine keeps a sum of texts as a tree, and to walk a hundred thousand trees
 * for each answer is most of what the answer would cost.
 */
function flatJson(labels: Labels): string {
  const parts = ["{"];
  for (const [name, value] of labels) {
    if (parts.length > 1) parts.push(",");
    parts.push(jsonText(name), ":", jsonText(value));
  }
  parts.push("}");
  return parts.join("");
}
