/** Whole numbers as Go's strconv reads them. */
import { quote } from "./quote.ts";

const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;
/** Of 64 bits in base 2. A text may have any number of digits; whoever has more need not be counted. */
const DIGITS_MAX = 64;

/** Digits by base: 0x1F, 0o17, 017, 0b11, 42; an underscore between digits or after the prefix. */
const FORMS: readonly RegExp[] = [
  /^0[xX](?:_?[\da-fA-F])+$/,
  /^0[bB](?:_?[01])+$/,
  /^0[oO](?:_?[0-7])+$/,
  /^0(?:_?[0-7])+$/,
  /^(?:0|[1-9](?:_?\d)*)$/,
];

/** strconv.ParseInt(text, 0, 64): the prefix tells the base. Undefined when the text is none or too large. */
export function parseGoInt(text: string): bigint | undefined {
  const size = parseGoUint(text.replace(/^[+-]/, ""));
  if (size === undefined) return undefined;
  const value = text.startsWith("-") ? -size : size;
  return value < MIN || value > MAX ? undefined : value;
}

/** strconv.ParseUint(text, 0, 64) but for its upper bound. */
function parseGoUint(text: string): bigint | undefined {
  if (!FORMS.some((form) => form.test(text))) return undefined;
  const digits = text.replaceAll("_", "").toLowerCase();
  if (digits.replace(/^0[xbo]?0*/, "").length > DIGITS_MAX) return undefined;
  return BigInt(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits);
}

/** strconv.ParseInt(text, 10, 64), or its message. */
export function parseDecimal(text: string): bigint | string {
  const failed = `strconv.ParseInt: parsing ${quote(text)}`;
  if (!/^[+-]?\d+$/.test(text)) return `${failed}: invalid syntax`;
  if (text.replace(/^[+-]?0*/, "").length > DIGITS_MAX) return `${failed}: value out of range`;
  const value = BigInt(text.replace(/^\+/, ""));
  return value < MIN || value > MAX ? `${failed}: value out of range` : value;
}
