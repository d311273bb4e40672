/** Floating-point numbers as Go's strconv and fmt read and write them. */

import { roundToPlaces, shortestDigits } from "./float-digits.ts";
import { quote } from "./quote.ts";

/** fmt's %v takes the exponent form from this exponent on: 1e+06. */
const EXPONENT_FORM_FROM = 6;

/** strconv's 'f' with the shortest digits: `1000000`, `0.00001`, `NaN`, `+Inf`. Never an exponent. */
export function formatFloat(value: number): string {
  const special = specialText(value);
  if (special !== undefined) return special;
  // Fast path: between these bounds JavaScript writes the same digits without an exponent.
  const size = Math.abs(value);
  if (size >= 1e-6 && size < 1e21) return String(value);
  const { sign, digits, exponent } = shortestDigits(value);
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  return sign + digits.padEnd(exponent + 1, "0");
}

/** fmt's %v, as literals and template values print: `100000`, `1e+06`, `1e-05`, `NaN`, `+Inf`. */
export function formatV(value: number): string {
  const special = specialText(value);
  if (special !== undefined) return special;
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 10 ** EXPONENT_FORM_FROM) return String(value);
  const { sign, digits, exponent } = shortestDigits(value);
  return formatExponent(sign, digits, exponent);
}

/** Fixed decimals, ties to even as Go has them: formatFixed(2.5, 0) is `2`. */
export function formatFixed(value: number, places: number): string {
  return specialText(value, true) ?? roundToPlaces(value, places);
}

/** `-1.5e+06` from its parts. Go writes the exponent with at least two digits. */
export function formatExponent(sign: string, digits: string, exponent: number): string {
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
  const size = Math.abs(exponent).toString().padStart(2, "0");
  return `${sign}${digits[0]}${fraction}e${exponent < 0 ? "-" : "+"}${size}`;
}

/** NaN, the infinities, and unless `zeroHasDigits` the two zeros. */
function specialText(value: number, zeroHasDigits = false): string | undefined {
  if (value === 0 && !zeroHasDigits) return Object.is(value, -0) ? "-0" : "0";
  if (Number.isFinite(value)) return undefined;
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "+Inf" : "-Inf";
}

/** One way only to read a text: `\d+\.?\d*` takes time with the square of the digits when another character follows. */
const PLAIN = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const HEX = /^([+-]?)0[xX]([\da-fA-F]*)(?:\.([\da-fA-F]*))?[pP]([+-]?\d+)$/;
/** Some ten times what a double holds. */
const HEX_DIGITS_MAX = 128;
const INFINITY = /^([+-]?)inf(?:inity)?$/i;

/**
 * strconv.ParseFloat: decimals, hex floats, `Inf`, `NaN`, underscores between digits. Undefined when the
 * text is none or too large for a double; floatError then has the words.
 */
export function parseGoFloat(text: string): number | undefined {
  const value = read(text);
  return value === undefined || isTooLarge(text, value) ? undefined : value;
}

/** Go's message for a text that parseGoFloat refused. */
export function floatError(text: string): string {
  const reason = read(text) === undefined ? "invalid syntax" : "value out of range";
  return `strconv.ParseFloat: parsing ${quote(text)}: ${reason}`;
}

function read(text: string): number | undefined {
  if (PLAIN.test(text)) return Number(text);
  const infinity = INFINITY.exec(text);
  if (infinity !== null) return infinity[1] === "-" ? -Infinity : Infinity;
  if (/^nan$/i.test(text)) return NaN;
  const bare = text.includes("_") ? withoutUnderscores(text) : text;
  if (bare === undefined) return undefined;
  return PLAIN.test(bare) ? Number(bare) : readHex(bare);
}

/** Infinity that the text does not name. */
function isTooLarge(text: string, value: number): boolean {
  return (value === Infinity || value === -Infinity) && !INFINITY.test(text);
}

/** An underscore stands between two digits, or between a base prefix and a digit. */
function withoutUnderscores(text: string): string | undefined {
  const isHex = /^[+-]?0[xX]/.test(text);
  const misplaced = isHex ? /(?<![\da-fA-FxX])_|_(?![\da-fA-F])/ : /(?<!\d)_|_(?!\d)/;
  return misplaced.test(text) ? undefined : text.replaceAll("_", "");
}

/** The text's exact value as a decimal, which JavaScript rounds to the nearest double. */
function readHex(text: string): number | undefined {
  const match = HEX.exec(text);
  if (match === null) return undefined;
  const [, sign = "", whole = "", fraction = "", exponentText = "0"] = match;
  if (whole === "" && fraction === "") return undefined;
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  if (digits === "") return sign === "-" ? -0 : 0;
  // Beyond these only whether anything follows can change the rounding; a power of five would take for ever.
  const kept = digits.slice(0, HEX_DIGITS_MAX);
  const rest = digits.length - kept.length;
  const isMore = rest > 0 && /[^0]/.test(digits.slice(kept.length));
  const mantissa = BigInt(`0x${kept}${isMore ? "1" : "0"}`);
  const bits = mantissa.toString(2).length;
  const exponent = Number(exponentText) - 4 * fraction.length + 4 * rest - 4;
  let size: number;
  if (exponent + bits > 1025) size = Infinity;
  else if (exponent + bits < -1080) size = 0;
  else if (exponent >= 0) size = Number(mantissa << BigInt(exponent));
  else size = Number(`${mantissa * 5n ** BigInt(-exponent)}e${exponent}`);
  return sign === "-" ? -size : size;
}
