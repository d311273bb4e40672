/**
 * Durations in the two ways users meet them. Go's has fractions and units up to the hour: `1h30m0s`,
 * `1.5s`. Prometheus's has whole numbers and units from `y` to `ms`, biggest first: `1d12h`.
 */
import { GoError } from "./go-error.ts";
import { quote } from "./quote.ts";

const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1_000,
  µs: 1_000, // U+00B5, micro sign.
  μs: 1_000, // U+03BC, Greek mu.
  ms: 1_000_000,
  s: 1_000_000_000,
  m: 60_000_000_000,
  h: 3_600_000_000_000,
};

const SECOND_NS = 1_000_000_000n;
const MINUTE_NS = 60n * SECOND_NS;
const HOUR_NS = 60n * MINUTE_NS;
const MAX_NS = 2n ** 63n - 1n;
const INT64_DIGITS = 19;

/** Nanoseconds of a duration. Throws GoError: `time: invalid duration "x"` and its sisters. */
export function parseGoDuration(text: string): bigint {
  const result = scan(text);
  if (typeof result === "string") throw new GoError(result);
  return result;
}

/** Seconds of a duration as `Duration.Seconds` gives them; undefined when the text is none. Never throws. */
export function goDurationSeconds(text: string): number | undefined {
  const fast = fastNanoseconds(text);
  if (fast !== undefined) return secondsOf(fast);
  const result = scan(text);
  if (typeof result === "string") return undefined;
  return Number(result / SECOND_NS) + Number(result % SECOND_NS) / 1e9;
}

/** The message of parseGoDuration for a text that goDurationSeconds refused. */
export function goDurationError(text: string): string {
  const result = scan(text);
  return typeof result === "string" ? result : "";
}

/** `1h0m0s`, `1m30s`, `1.5s`, `150ms`, `1µs`, `0s`. */
export function printGoDuration(ns: bigint): string {
  const size = ns < 0n ? -ns : ns;
  const sign = ns < 0n ? "-" : "";
  if (size === 0n) return "0s";
  if (size < 1_000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${decimal(size, 3)}µs`;
  if (size < SECOND_NS) return `${sign}${decimal(size, 6)}ms`;
  const seconds = `${decimal(size % MINUTE_NS, 9)}s`;
  if (size < MINUTE_NS) return sign + seconds;
  const minutes = `${(size % HOUR_NS) / MINUTE_NS}m${seconds}`;
  return size < HOUR_NS ? sign + minutes : `${sign}${size / HOUR_NS}h${minutes}`;
}

/** value / 10^places without trailing zeros. */
function decimal(value: bigint, places: number): string {
  const digits = value.toString().padStart(places + 1, "0");
  const fraction = digits.slice(-places).replace(/0+$/, "");
  const whole = digits.slice(0, -places);
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

const SIMPLE = /^(\d{1,9})(?:\.(\d{1,9}))?(ns|us|µs|ms|s|m|h)$/;

/** Fast path: one number and one unit, small enough that a double holds every nanosecond. */
function fastNanoseconds(text: string): number | undefined {
  const match = SIMPLE.exec(text);
  if (match === null) return undefined;
  const unit = UNITS[match[3]!]!;
  const whole = Number(match[1]) * unit;
  if (match[2] === undefined) return whole <= Number.MAX_SAFE_INTEGER ? whole : undefined;
  const value = whole + Math.trunc(Number(match[2]) * (unit / 10 ** match[2].length));
  return value <= Number.MAX_SAFE_INTEGER ? value : undefined;
}

function secondsOf(ns: number): number {
  const rest = ns % 1e9;
  return (ns - rest) / 1e9 + rest / 1e9;
}

const PART = /^(\d*)(?:(\.)(\d*))?([^.\d]*)/;

/** Nanoseconds, or Go's message. */
function scan(text: string): bigint | string {
  const invalid = () => `time: invalid duration ${timeQuote(text)}`;
  const negative = text.startsWith("-");
  let rest = negative || text.startsWith("+") ? text.slice(1) : text;
  if (rest === "0") return 0n;
  if (rest === "") return invalid();
  let sum = 0n;
  while (rest !== "") {
    const [all, whole = "", , fraction = "", unitName = ""] = PART.exec(rest)!;
    if (whole === "" && fraction === "") return invalid();
    // The length first: a line may hold a number of a million digits.
    if (whole.replace(/^0+/, "").length > INT64_DIGITS || BigInt(whole) > MAX_NS + 1n)
      return invalid();
    if (unitName === "") return `time: missing unit in duration ${timeQuote(text)}`;
    const unit = UNITS[unitName];
    if (unit === undefined) {
      return `time: unknown unit ${timeQuote(unitName)} in duration ${timeQuote(text)}`;
    }
    sum += BigInt(whole) * BigInt(unit) + fractionOf(fraction, unit);
    if (sum > MAX_NS + 1n) return invalid();
    rest = rest.slice(all.length);
  }
  if (negative) return -sum;
  return sum > MAX_NS ? invalid() : sum;
}

/** Go takes as many digits as fit 63 bits and multiplies as doubles; so must we, to the nanosecond. */
function fractionOf(digits: string, unit: number): bigint {
  let value = 0n;
  let scale = 1;
  for (const digit of digits) {
    if (value > MAX_NS / 10n) break;
    const next = value * 10n + BigInt(digit);
    if (next > MAX_NS + 1n) break;
    value = next;
    scale *= 10;
  }
  return BigInt(Math.trunc(Number(value) * (unit / scale)));
}

/** Package time quotes by itself: every byte that is not printable ASCII as \xNN. */
function timeQuote(text: string): string {
  return `"${text.replace(/["\\]|[^ -\x7f]+/g, timeEscape)}"`;
}

function timeEscape(text: string): string {
  if (text === '"' || text === "\\") return `\\${text}`;
  let out = "";
  for (const byte of ENCODER.encode(text)) out += `\\x${byte.toString(16).padStart(2, "0")}`;
  return out;
}

const ENCODER = new TextEncoder();

const MS_NS = 1_000_000n;

/** Prometheus's units with their size in milliseconds, from the biggest; a year has 365 days. */
const PROM_UNITS = [
  ["y", 31_536_000_000n],
  ["w", 604_800_000n],
  ["d", 86_400_000n],
  ["h", 3_600_000n],
  ["m", 60_000n],
  ["s", 1_000n],
  ["ms", 1n],
] as const;

/** Nanoseconds of a duration. Throws GoError in Prometheus's words: `not a valid duration string: "x"`. */
export function parsePromDuration(text: string): bigint {
  if (text === "0") return 0n;
  if (text === "") throw new GoError("empty duration string");
  let sum = 0n;
  let place = -1;
  for (let rest = text; rest !== ""; ) {
    const [all, digits = "", name = ""] = /^(\d*)(\D*)/.exec(rest)!;
    if (digits === "" || name === "" || BigInt(digits) >= 2n ** 64n) throw notValid(text);
    const index = PROM_UNITS.findIndex(([unit]) => unit === name);
    if (index < 0) throw new GoError(`unknown unit ${quote(name)} in duration ${quote(text)}`);
    if (index <= place) throw notValid(text);
    place = index;
    sum += BigInt(digits) * PROM_UNITS[index]![1] * MS_NS;
    if (sum > MAX_NS) throw new GoError("duration out of range");
    rest = rest.slice(all.length);
  }
  return sum;
}

function notValid(text: string): GoError {
  return new GoError(`not a valid duration string: ${quote(text)}`);
}

/** To the millisecond. Years and weeks only when nothing is left over: `1h30m`, `1d12h`, `382d`, `0s`. */
export function printPromDuration(ns: bigint): string {
  let left = (ns < 0n ? -ns : ns) / MS_NS;
  if (left === 0n) return "0s";
  let out = ns < 0n ? "-" : "";
  for (const [name, size] of PROM_UNITS) {
    const mustDivide = name === "y" || name === "w";
    if (left < size || (mustDivide && left % size !== 0n)) continue;
    out += `${left / size}${name}`;
    left %= size;
  }
  return out;
}
