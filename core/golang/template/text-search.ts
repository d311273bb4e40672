/**
 * Finding a text within a text. The runtimes' own search may take time by the product of both lengths:
 * what is short goes to it all the same, what is long to a search that is linear.
 */
import { findLinear } from "../../bytes/linear-search.ts";

/** A search for this many units compares no more than so many for each of the text. */
const SHORT = 32;

export function includesText(text: string, part: string): boolean {
  if (part.length <= SHORT) return text.includes(part);
  return findLinear(unitsOf(text), unitsOf(part), { from: 0, end: text.length }) >= 0;
}

/** As String.split does with a text that is not empty. */
export function splitText(text: string, part: string): string[] {
  if (part.length <= SHORT) return text.split(part);
  const [units, wanted] = [unitsOf(text), unitsOf(part)];
  const pieces: string[] = [];
  for (let from = 0; ; ) {
    const at = findLinear(units, wanted, { from, end: text.length });
    if (at < 0) return [...pieces, text.slice(from)];
    pieces.push(text.slice(from, at));
    from = at + part.length;
  }
}

function unitsOf(text: string): Uint16Array {
  const units = new Uint16Array(text.length);
  for (let index = 0; index < text.length; index++) units[index] = text.charCodeAt(index);
  return units;
}
