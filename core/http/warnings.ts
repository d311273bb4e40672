/**
 * What an answer had to do without — damaged and missing objects — as its header and its body tell of
 * it. The header is for those who look at no body:
 *
 *     X-Lokits-Warnings: 2; chunk fake/c3a8…:bfe03d54: no such object; index index/index_19658/a.tsdb.gz: …
 *
 * With `strict=true` such an answer is an error instead.
 */
import { utf8 } from "../bytes/text.ts";
import { Corrupt } from "../model/errors.ts";
import type { Form } from "./form.ts";
import { jsonText } from "./json-text.ts";

export const WARNINGS_HEADER = "X-Lokits-Warnings";

/** Proxies refuse headers much longer than this. */
const HEADER_BYTES_MAX = 4000;
/** Objects that an error names. */
const NAMED_MAX = 20;

export type Headers = Readonly<Record<string, string>>;

/** The header; none for a whole answer. */
export function warningHeaders(warnings: readonly string[]): Headers {
  if (warnings.length === 0) return {};
  let value = String(warnings.length);
  for (const text of warnings) {
    const next = `${value}; ${headerText(text)}`;
    if (next.length > HEADER_BYTES_MAX) return { [WARNINGS_HEADER]: cut(value, next) };
    value = next;
  }
  return { [WARNINGS_HEADER]: value };
}

/** `"warnings":["…"]`, or "" for a whole answer. */
export function warningsMember(warnings: readonly string[]): string {
  return warnings.length === 0 ? "" : `"warnings":[${warnings.map(jsonText).join(",")}]`;
}

export function isStrict(form: Form): boolean {
  return form.get("strict") === "true";
}

/** Throws Corrupt, which names the objects, when there is a warning. */
export function refuseWarnings(warnings: readonly string[]): void {
  if (warnings.length === 0) return;
  const named = warnings.slice(0, NAMED_MAX);
  const others = warnings.length - named.length;
  const rest = others > 0 ? `; and ${others} more` : "";
  throw new Corrupt(
    `strict: ${warnings.length} objects could not be read: ${named.join("; ")}${rest}`,
  );
}

/** Printable ASCII but for what parts the texts and what encodes them. */
function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]+|[%;]/gu, (some) =>
    [...utf8(some)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
}

/** Whole texts only, but for one that alone is too long. */
function cut(whole: string, longer: string): string {
  if (whole.includes(";")) return `${whole}; ...`;
  return `${longer.slice(0, HEADER_BYTES_MAX).replace(/%[0-9A-F]?$/, "")}...`;
}
