/** JSON strings as Go writes them. */
import type { Labels } from "../model/labels.ts";

const PLAIN = /^[\w./:@ -]*$/;
const PLAIN_MAX = 64;
const HTML = /[<>&\u2028\u2029]/;
const HTML_ALL = /[<>&\u2028\u2029]/g;

/** A string with `<`, `>`, `&` and the line separators of Unicode escaped too. */
export function jsonText(text: string): string {
  // Fast path: names and values of labels, of which an answer may have a million.
  if (isPlain(text)) return `"${text}"`;
  const json = JSON.stringify(text);
  return HTML.test(json) ? json.replace(HTML_ALL, escapeUnit) : json;
}

function isPlain(text: string): boolean {
  return text.length <= PLAIN_MAX && PLAIN.test(text);
}

function escapeUnit(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** `["a","b"]` */
export function jsonList(items: readonly string[]): string {
  // Fast path: no text between the items is made for each of them.
  if (items.length > 0 && items.every(isPlain)) return `["${items.join('","')}"]`;
  return `[${items.map(jsonText).join(",")}]`;
}

/** `{"app":"x"}` in the order of the names. */
export function jsonLabels(labels: Labels, text: (value: string) => string = jsonText): string {
  let json = "";
  for (const [name, value] of labels) {
    json += `${json === "" ? "{" : ","}${text(name)}:${text(value)}`;
  }
  return json === "" ? "{}" : `${json}}`;
}

/** Labels of streams keep `<`, `>` and `&` as they are. */
export function jsonStreamLabels(labels: Labels): string {
  return jsonLabels(labels, JSON.stringify);
}
