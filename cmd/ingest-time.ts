/**
 * The time of a line that says it in a field: `--timestamp-field` and `--timestamp-format`. Lines are
 * JSON objects or logfmt; formats have the names that promtail gives them (spec promtail §6), or are Go
 * layouts such as `2006-01-02 15:04:05.000`.
 */
import { fromUtf8, utf8 } from "../core/bytes/text.ts";
import { parseRfc3339 } from "../core/golang/rfc3339.ts";
import { parseTime } from "../core/golang/time-parse.ts";
import { tokensOf } from "../core/golang/time-tokens.ts";
import { UTC } from "../core/golang/zone.ts";
import { LogfmtScan } from "../core/logql/stages/logfmt-scan.ts";
import { UsageError } from "./flags.ts";

/** Reads a text as a moment in Unix nanoseconds; undefined when it is none. */
export type ReadTime = (text: string) => bigint | undefined;

const LAYOUTS: Readonly<Record<string, string>> = {
  ANSIC: "Mon Jan _2 15:04:05 2006",
  UnixDate: "Mon Jan _2 15:04:05 MST 2006",
  RubyDate: "Mon Jan 02 15:04:05 -0700 2006",
  RFC822: "02 Jan 06 15:04 MST",
  RFC822Z: "02 Jan 06 15:04 -0700",
  RFC850: "Monday, 02-Jan-06 15:04:05 MST",
  RFC1123: "Mon, 02 Jan 2006 15:04:05 MST",
  RFC1123Z: "Mon, 02 Jan 2006 15:04:05 -0700",
  RFC3339: "2006-01-02T15:04:05Z07:00",
  RFC3339Nano: "2006-01-02T15:04:05.999999999Z07:00",
};

/** Digits after the point that a number of this unit may have before it is less than a nanosecond. */
const UNITS: Readonly<Record<string, number>> = { Unix: 9, UnixMs: 6, UnixUs: 3, UnixNs: 0 };

/** Without a format: RFC 3339, or a number whose digits tell the unit. */
export function timeFormat(name: string | undefined, nearMs: number): ReadTime {
  if (name === undefined) return guessTime;
  const places = UNITS[name];
  if (places !== undefined) return (text) => scaled(text, places);
  const layout = LAYOUTS[name] ?? name;
  const elements = tokensOf(layout).flatMap((token) => ("element" in token ? [token.element] : []));
  if (elements.length === 0) {
    const names = [...Object.keys(LAYOUTS), ...Object.keys(UNITS)].join(", ");
    throw new UsageError(
      `--timestamp-format is "${name}", want a layout such as 2006-01-02 15:04:05 or one of ${names}`,
    );
  }
  if (elements.some((element) => /^(20)?06$/.test(element))) {
    return (text) => parseTime(layout, text, UTC)?.ns;
  }
  return (text) => withYear(layout, text, nearMs);
}

/** The text of a field: of JSON when the line begins like an object, else of logfmt. `a.b` is b in a. */
export function fieldOf(line: string, field: string): string | undefined {
  return /^\s*\{/.test(line) ? jsonField(line, field) : logfmtField(line, field);
}

function guessTime(text: string): bigint | undefined {
  const digits = /^-?(\d+)(\.\d+)?$/.exec(text)?.[1]?.length;
  if (digits === undefined) return parseRfc3339(text.replace(/^(\S+) (?=\S)/, "$1T"));
  if (digits <= 11) return scaled(text, 9);
  if (digits <= 14) return scaled(text, 6);
  return scaled(text, digits <= 17 ? 3 : 0);
}

const INT64_MAX = 2n ** 63n - 1n;

/** A decimal number of a unit as nanoseconds; digits past the nanosecond are dropped. */
function scaled(text: string, places: number): bigint | undefined {
  const match = /^(-?)(\d{1,19})(?:\.(\d*))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign, whole, fraction = ""] = match;
  const ns = BigInt(whole! + fraction.slice(0, places).padEnd(places, "0"));
  if (ns > INT64_MAX) return undefined;
  return sign === "-" ? -ns : ns;
}

const DAY_NS = 86_400_000_000_000n;

/** A layout without a year means the last such day up to the text's own time. */
function withYear(layout: string, text: string, nearMs: number): bigint | undefined {
  const near = BigInt(Math.floor(nearMs)) * 1_000_000n;
  const year = new Date(nearMs).getUTCFullYear();
  const inYear = (one: number) => parseTime(`2006 ${layout}`, `${one} ${text}`, UTC)?.ns;
  const found = inYear(year);
  // A day ahead may be a clock or a zone; more is last year's. The 29th of February may be older yet.
  if (found !== undefined && found <= near + DAY_NS) return found;
  for (let before = 1; before <= 8; before++) {
    const earlier = inYear(year - before);
    if (earlier !== undefined) return earlier;
  }
  return found;
}

function jsonField(line: string, field: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // Not an object after all: the line has no such field.
    return undefined;
  }
  for (const name of field in Object(value) ? [field] : field.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name))
      return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  if (typeof value === "string") return value;
  if (typeof value !== "number") return undefined;
  return Number.isSafeInteger(value)
    ? String(value)
    : (digitsOf(line, field, value) ?? String(value));
}

/** The digits as they stand: nanoseconds are more than a JavaScript number holds. */
function digitsOf(line: string, field: string, value: number): string | undefined {
  for (const name of new Set([field, field.split(".").at(-1)!])) {
    const key = JSON.stringify(name);
    for (let at = line.indexOf(key); at >= 0; at = line.indexOf(key, at + 1)) {
      const text = /^\s*:\s*(-?\d+(?:\.\d+)?)/.exec(
        line.slice(at + key.length, at + key.length + 64),
      );
      if (text !== null && Number(text[1]) === value) return text[1];
    }
  }
  return undefined;
}

function logfmtField(line: string, field: string): string | undefined {
  const text = utf8(line);
  const scan = new LogfmtScan();
  scan.start(text, 0, text.length);
  while (scan.next()) {
    if (scan.error !== undefined) continue;
    if (fromUtf8(text, scan.keyStart, scan.keyEnd) !== field) continue;
    return scan.escaped ? scan.unescape() : fromUtf8(text, scan.valueStart, scan.valueEnd);
  }
  return undefined;
}
