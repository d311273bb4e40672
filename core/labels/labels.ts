/** Building, reading and printing label sets. */
import { compareText } from "../bytes/text.ts";
import { quote } from "../golang/quote.ts";
import type { Label, Labels } from "../model/labels.ts";

export const NO_LABELS: Labels = [];

/** Sorts by name. Pairs with an empty value are dropped, as Loki drops them from streams. */
export function labelsOf(pairs: Iterable<Label> | Readonly<Record<string, string>>): Labels {
  const list = Symbol.iterator in pairs ? [...(pairs as Iterable<Label>)] : Object.entries(pairs);
  return list.filter(([, value]) => value !== "").sort(byName);
}

export function byName(a: Label, b: Label): number {
  return compareText(a[0], b[0]);
}

/** The value of a label, "" when the set does not have it: to a matcher both are the same. */
export function labelValue(labels: Labels, name: string): string {
  for (const label of labels) if (label[0] === name) return label[1];
  return "";
}

/** Loki's text of a label set: `{app="x", env="prod"}`. Equal sets have equal text, so it serves as a key. */
export function printLabels(labels: Labels): string {
  return `{${labels.map(([name, value]) => `${name}=${quote(value)}`).join(", ")}}`;
}

/** Equal for equal sets and for no others, and quicker made than their text. */
export function labelsKey(labels: Labels): string {
  let key = "";
  for (const [name, value] of labels) key += `${name}=${value.length}:${value}`;
  return key;
}

/** Order of label sets: name, then value, pair by pair; a set that starts another comes first. */
export function compareLabels(a: Labels, b: Labels): number {
  const size = Math.min(a.length, b.length);
  for (let index = 0; index < size; index++) {
    const order =
      compareText(a[index]![0], b[index]![0]) || compareText(a[index]![1], b[index]![1]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

export function sameLabels(a: Labels, b: Labels): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) {
    const [own, other] = [a[index]!, b[index]!];
    if (own !== other && (own[0] !== other[0] || own[1] !== other[1])) return false;
  }
  return true;
}

export function toObject(labels: Labels): Record<string, string> {
  // fromEntries defines properties, so a label named __proto__ is a label like any other.
  return Object.fromEntries(labels);
}
