/** How the text of each type of key is read and printed. Error words are Go's and Loki's (spec config §4). */
import {
  parseGoDuration,
  parsePromDuration,
  printGoDuration,
  printPromDuration,
} from "../golang/duration.ts";
import { parseGoFloat } from "../golang/float.ts";
import { GoError } from "../golang/go-error.ts";
import { quote } from "../golang/quote.ts";
import { parseDay } from "./day.ts";
import { maskSecret, maskUrls } from "./mask.ts";
import type { ScalarType } from "./row.ts";
import { parseSize, parseWindow, printSize, printWindow } from "./sizes.ts";
import type { Value } from "./value.ts";

/** What a YAML scalar is by YAML 1.1's rules; a flag's text has none of these. */
export type Tag = "str" | "int" | "float" | "bool" | "null";

export interface ScalarText {
  readonly text: string;
  readonly tag: Tag;
}

export interface Scalar {
  /** Go's name of the type, for messages. */
  readonly go: string;
  /** Throws GoError. */
  yaml(scalar: ScalarText): Value;
  /** Of a flag. Throws GoError. */
  flag(text: string): Value;
  /** As it stands in a printed configuration. */
  print(value: Value): Value;
}

const MS_NS = 1_000_000n;

const asIs = (value: Value): Value => value;
const text: Scalar = {
  go: "string",
  yaml: ({ text }) => text,
  flag: asIs as (text: string) => Value,
  // Any text may be a URL with a password.
  print: (value) => maskUrls(String(value)),
};

export const SCALARS: Readonly<Record<Exclude<ScalarType, "strings" | "free">, Scalar>> = {
  string: text,
  secret: { ...text, print: (value) => maskSecret(String(value)) },
  url: text,
  bool: {
    go: "bool",
    yaml: (scalar) => {
      if (scalar.tag !== "bool") throw mismatch(scalar, "bool");
      return /^(y|on|t)/i.test(scalar.text);
    },
    flag: (text) => {
      if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true;
      if (/^(0|f|F|false|FALSE|False)$/.test(text)) return false;
      throw new GoError("parse error");
    },
    print: asIs,
  },
  int: {
    go: "int",
    yaml: (scalar) => {
      const value =
        scalar.tag === "int" || scalar.tag === "float" ? numberOf(scalar.text) : Number.NaN;
      if (!Number.isSafeInteger(value)) throw mismatch(scalar, "int");
      return value;
    },
    flag: (text) => {
      const value = /^[-+]?(\d+|0x[\da-f]+|0o?[0-7]+)$/i.test(text) ? numberOf(text) : Number.NaN;
      if (!Number.isSafeInteger(value)) throw new GoError("parse error");
      return value;
    },
    print: asIs,
  },
  float: {
    go: "float64",
    yaml: (scalar) => {
      if (scalar.tag !== "int" && scalar.tag !== "float") throw mismatch(scalar, "float64");
      return numberOf(scalar.text);
    },
    flag: (text) => {
      const value = parseGoFloat(text);
      if (value === undefined) throw new GoError("parse error");
      return value;
    },
    print: asIs,
  },
  duration: {
    go: "time.Duration",
    yaml: (scalar) => {
      if (scalar.tag === "int") return BigInt(numberOf(scalar.text));
      try {
        return parseGoDuration(scalar.text);
      } catch {
        throw mismatch(scalar, "time.Duration");
      }
    },
    flag: (text) => {
      try {
        return parseGoDuration(text);
      } catch {
        throw new GoError("parse error");
      }
    },
    print: (value) => printGoDuration(value as bigint),
  },
  span: {
    go: "model.Duration",
    yaml: ({ text }) => parsePromDuration(text),
    flag: parsePromDuration,
    print: (value) => {
      const ns = value as bigint;
      return ns % MS_NS === 0n ? printPromDuration(ns) : printGoDuration(ns);
    },
  },
  size: {
    go: "flagext.ByteSize",
    yaml: ({ text }) => parseSize(text),
    flag: parseSize,
    print: (value) => printSize(value as number),
  },
  window: {
    go: "flagext.Bytes",
    yaml: ({ text }) => parseWindow(text),
    flag: parseWindow,
    print: (value) => printWindow(value as number),
  },
  day: {
    go: "string",
    yaml: ({ text }) => parseDay(text),
    flag: parseDay,
    print: asIs,
  },
};

/** ``cannot unmarshal !!str `abc` into int`` */
export function mismatch({ text, tag }: ScalarText, go: string): GoError {
  const short = text.length > 10 ? `${text.slice(0, 7)}...` : text;
  return new GoError(`cannot unmarshal !!${tag} \`${short}\` into ${go}`);
}

/** A plain scalar's kind: what stands in quotes is always a string. */
export function tagOf(text: string): Tag {
  if (/^(|~|null|Null|NULL)$/.test(text)) return "null";
  if (/^(true|false|yes|no|on|off|True|False|Yes|No|On|Off|TRUE|FALSE|YES|NO|ON|OFF)$/.test(text))
    return "bool";
  if (/^[-+]?(0b[01_]+|0x[\da-fA-F_]+|0o?[0-7_]+|[1-9][\d_]*|0)$/.test(text)) return "int";
  if (/^[-+]?(\.\d+|\d[\d_]*(\.\d*)?)([eE][-+]?\d+)?$/.test(text)) return "float";
  return /^[-+]?\.(inf|Inf|INF)$|^\.(nan|NaN|NAN)$/.test(text) ? "float" : "str";
}

export function numberOf(text: string): number {
  const sign = text.startsWith("-") ? -1 : 1;
  const digits = text.replace(/^[-+]/, "").replaceAll("_", "").toLowerCase();
  if (digits === ".inf") return sign * Number.POSITIVE_INFINITY;
  if (digits === ".nan") return Number.NaN;
  // A leading zero means base eight, as in Go and YAML 1.1.
  if (/^0[0-7]+$/.test(digits)) return sign * Number.parseInt(digits, 8);
  return sign * Number(digits);
}

/** A YAML scalar in a place where anything may stand. */
export function freeScalar({ text, tag }: ScalarText): Value {
  switch (tag) {
    case "null":
      return "";
    case "bool":
      return /^(y|on|t)/i.test(text);
    case "int":
    case "float": {
      const value = numberOf(text);
      return Number.isInteger(value) && !Number.isSafeInteger(value) ? text : value;
    }
    case "str":
      return text;
  }
}

/** The words for a flag's value that is none: Go's flag package's own. */
export function flagError(name: string, type: ScalarType, value: string, error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  const what = type === "bool" ? "boolean value" : "value";
  const place = type === "bool" ? `for -${name}` : `for flag -${name}`;
  return `invalid ${what} ${quote(value)} ${place}: ${reason}`;
}
