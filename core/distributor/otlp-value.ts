/**
 * Values of OpenTelemetry's attributes and bodies (`AnyValue`), and their texts: what is no text is written
 * as JSON, the way Go's encoding/json writes it.
 */
import { compareText, toBase64 } from "../bytes/text.ts";
import { formatFloat } from "../golang/float.ts";
import { tooMany } from "./rows-builder.ts";

/** Whole numbers are bigint, so that 64 bits keep all their digits. */
export type OtlpValue =
  | null
  | string
  | boolean
  | bigint
  | number
  | Uint8Array
  | readonly OtlpValue[]
  | OtlpMap;

/** A list of keys and values. Of a key that comes twice the later value counts. */
export type OtlpMap = ReadonlyMap<string, OtlpValue>;

/** How deep values may hold others. */
export const OTLP_DEPTH_MAX = 64;

/** Attributes and items that one push may have. */
const VALUES_MAX = 1 << 22;

/** Counts the values of a push as they are read, so that a body of empty ones is not held whole. */
export class ValueCount {
  #values = 0;

  add(): void {
    if (this.#values++ === VALUES_MAX) throw tooMany("attributes and values", VALUES_MAX);
  }
}

/** What a value is as the text of a line, or of an attribute. */
export function printOtlpValue(value: OtlpValue): string {
  if (value === null) return "";
  if (typeof value === "string") return value;
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value === "number") return printDouble(value);
  if (value instanceof Uint8Array) return toBase64(value);
  return printJson(value);
}

/** Calls `use` for each attribute; one that is a map gives one for each of its own: `a.b` of `{a: {b: …}}` as `a_b`. */
export function flattenOtlp(
  name: string,
  value: OtlpValue,
  use: (name: string, text: string) => void,
): void {
  if (!(value instanceof Map)) {
    use(name, printOtlpValue(value));
    return;
  }
  for (const [key, inner] of value) flattenOtlp(`${name}_${key}`, inner, use);
}

function printJson(value: OtlpValue): string {
  if (value === null) return "null";
  if (typeof value === "number") return Number.isFinite(value) ? printDouble(value) : "null";
  if (typeof value === "string") return jsonText(value);
  if (value instanceof Uint8Array) return `"${toBase64(value)}"`;
  if (value instanceof Map) {
    const sorted = [...value].sort(([a], [b]) => compareText(a, b));
    return `{${sorted.map(([key, inner]) => `${jsonText(key)}:${printJson(inner)}`).join(",")}}`;
  }
  if (Array.isArray(value)) return `[${value.map(printJson).join(",")}]`;
  return String(value);
}

/** Go's JSON writes `<`, `>` and `&` as escapes. */
function jsonText(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Very small and very large numbers in the form with an exponent, as in JSON. */
function printDouble(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return formatFloat(value);
  if (size !== 0 && (size < 1e-6 || size >= 1e21)) return String(value);
  return Object.is(value, -0) ? "-0" : formatFloat(value);
}
