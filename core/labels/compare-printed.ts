/**
 * The order of label sets by their text, without making the text: where thousands of sums are equal, their order
 * is that of their texts, and few of them are shown.
 */
import { compareText } from "../bytes/text.ts";
import type { Labels } from "../model/labels.ts";
import { printLabels } from "./labels.ts";

/** `compareText` of what `printLabels` gives for each. */
export function comparePrinted(a: Labels, b: Labels): number {
  if (a.length !== b.length) return compareText(printLabels(a), printLabels(b));
  for (let index = 0; index < a.length; index++) {
    const [own, other] = [a[index]!, b[index]!];
    if (own === other) continue;
    if (own[0] !== other[0]) return compareText(printLabels(a), printLabels(b));
    if (own[1] === other[1]) continue;
    const order = compareQuoted(own[1], other[1]);
    return order !== 0 ? order : compareText(printLabels(a), printLabels(b));
  }
  return 0;
}

const QUOTE = 0x22;

/** The order of two different values within quotes, 0 when that is not seen from the first characters that differ. */
function compareQuoted(a: string, b: string): number {
  const size = Math.min(a.length, b.length);
  let at = 0;
  while (at < size && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  const [own, other] = [printedAt(a, at), printedAt(b, at)];
  return own < 0 || other < 0 ? 0 : own - other;
}

/** The character as it stands in the text, the closing quote after the last; -1 when it stands there as others. */
function printedAt(value: string, at: number): number {
  if (at === value.length) return QUOTE;
  const code = value.charCodeAt(at);
  return code < 0x20 || code > 0x7e || code === QUOTE || code === 0x5c ? -1 : code;
}
