/** What kind of value a field has, from its texts: so that Grafana offers `>` for numbers, and units. */
import { parseByteSize } from "../golang/bytes-size.ts";
import { goDurationSeconds } from "../golang/duration.ts";
import { parseGoFloat } from "../golang/float.ts";

export type FieldType = "string" | "int" | "float" | "boolean" | "duration" | "bytes";

const INTEGER = /^[+-]?\d{1,19}$/;
const BOOLEAN = /^(?:true|false)$/i;
/** `inf` and `nan` are floats to Go and words to everybody else. */
const HAS_DIGIT = /\d/;
/** Longer texts are no numbers that anybody wrote. */
const CHARS_MAX = 64;

/** The narrowest type that a text fits: a size and a duration need a unit, or they are numbers. */
export function typeOfValue(text: string): FieldType {
  if (BOOLEAN.test(text)) return "boolean";
  if (text.length > CHARS_MAX || !HAS_DIGIT.test(text)) return "string";
  if (INTEGER.test(text)) return "int";
  if (parseGoFloat(text) !== undefined) return "float";
  if (goDurationSeconds(text) !== undefined) return "duration";
  return parseByteSize(text) === undefined ? "string" : "bytes";
}

/** The type that values of both types fit. */
export function joinTypes(a: FieldType | undefined, b: FieldType): FieldType {
  if (a === undefined || a === b) return b;
  return isNumber(a) && isNumber(b) ? "float" : "string";
}

function isNumber(type: FieldType): boolean {
  return type === "int" || type === "float";
}
