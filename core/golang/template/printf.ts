/** Go's fmt.Sprintf and its sisters, over the values of templates. */

import { formatExponent, formatFixed, formatV } from "../float.ts";
import { type Digits, roundToDigits, shortestDigits } from "../float-digits.ts";
import { quote } from "../quote.ts";
import { toBytes } from "./byte-text.ts";
import { checkSize } from "./limits.ts";
import {
  entriesOf,
  Int,
  isArray,
  isObject,
  LabelMap,
  printValue,
  Time,
  typeName,
  type Value,
} from "./values.ts";

/** Values with a space between two of them that are no strings. */
export function sprint(args: readonly Value[]): string {
  let out = "";
  args.forEach((arg, index) => {
    const before = args[index - 1];
    const isSpaced = index > 0 && typeof arg !== "string" && typeof before !== "string";
    out += (isSpaced ? " " : "") + printValue(arg);
  });
  return out;
}

/** Values with spaces between them and a newline at the end. */
export function sprintln(args: readonly Value[]): string {
  return `${args.map(printValue).join(" ")}\n`;
}

/** The flags, width and precision between % and the verb. */
interface Spec {
  readonly flags: string;
  readonly width: number | undefined;
  readonly precision: number | undefined;
}

/** What Go takes for a mistake when it comes as an argument, or when another digit follows. */
const WIDTH_MAX = 1_000_000;

export function sprintf(format: string, args: readonly Value[]): string {
  return new Formatter(format, args).run();
}

class Formatter {
  readonly #format: string;
  readonly #args: readonly Value[];
  #at = 0;
  #next = 0;
  /** Whether some verb named its argument: then it is no mistake to leave others out. */
  #reordered = false;
  #badIndex = false;
  /** What is wrong with the verb in hand, in fmt's words. */
  #problem = "";

  constructor(format: string, args: readonly Value[]) {
    this.#format = format;
    this.#args = args;
  }

  run(): string {
    let out = "";
    while (this.#at < this.#format.length) {
      const percent = this.#format.indexOf("%", this.#at);
      const end = percent < 0 ? this.#format.length : percent;
      out += this.#format.slice(this.#at, end);
      this.#at = end + 1;
      if (percent >= 0) out += this.#verb();
      checkSize(out.length);
    }
    if (this.#reordered || this.#next >= this.#args.length) return out;
    const extra = this.#args.slice(this.#next).map((arg) => {
      return arg === undefined || arg === null ? "<nil>" : `${typeName(arg)}=${printValue(arg)}`;
    });
    return `${out}%!(EXTRA ${extra.join(", ")})`;
  }

  #verb(): string {
    this.#badIndex = false;
    this.#problem = "";
    let flags = this.#match(/[-+# 0]*/y);
    this.#index();
    let width = this.#number("%!(BADWIDTH)");
    if (width !== undefined && width < 0) {
      flags += "-";
      width = -width;
    }
    const precision = this.#precision();
    this.#index();
    if (this.#at >= this.#format.length) return `${this.#problem}%!(NOVERB)`;
    const verb = String.fromCodePoint(this.#format.codePointAt(this.#at)!);
    this.#at += verb.length;
    return this.#problem + this.#formatNext(verb, { flags, width, precision });
  }

  #precision(): number | undefined {
    if (this.#format[this.#at] !== ".") return undefined;
    this.#at += 1;
    this.#index();
    const precision = this.#number("%!(BADPREC)") ?? 0;
    if (precision >= 0) return precision;
    this.#problem += "%!(BADPREC)";
    return undefined;
  }

  #formatNext(verb: string, spec: Spec): string {
    if (verb === "%") return "%";
    if (this.#badIndex) return `%!${verb}(BADINDEX)`;
    if (this.#next >= this.#args.length) return `%!${verb}(MISSING)`;
    return formatArg(verb, this.#args[this.#next++], spec);
  }

  /** `[2]`: the argument to take next. */
  #index(): void {
    if (this.#format[this.#at] !== "[") return;
    this.#reordered = true;
    const digits = /\[(\d+)\]/y;
    digits.lastIndex = this.#at;
    const match = digits.exec(this.#format);
    const close = this.#format.indexOf("]", this.#at);
    this.#at = close < 0 ? this.#at + 1 : close + 1;
    const index = Number(match?.[1] ?? 0);
    if (index < 1 || index > this.#args.length) this.#badIndex = true;
    else this.#next = index - 1;
  }

  /** Digits, or `*` for an argument that is the number. */
  #number(problem: string): number | undefined {
    if (this.#format[this.#at] !== "*") {
      return this.#digits();
    }
    this.#at += 1;
    const arg = this.#args[this.#next++];
    const value = arg instanceof Int ? Number(arg.value) : Number.NaN;
    if (Math.abs(value) <= WIDTH_MAX) return value;
    this.#problem += problem;
    return undefined;
  }

  /** A number that grows too large ends the format, as in Go. */
  #digits(): number | undefined {
    const digits = this.#match(/\d*/y);
    if (digits === "") return undefined;
    if (Number(digits.slice(0, -1)) > WIDTH_MAX) {
      this.#at = this.#format.length;
      return undefined;
    }
    checkSize(Number(digits));
    return Number(digits);
  }

  #match(form: RegExp): string {
    form.lastIndex = this.#at;
    const [text] = form.exec(this.#format)!;
    this.#at += text.length;
    return text;
  }
}

function formatArg(verb: string, arg: Value, spec: Spec): string {
  if (verb === "T") return pad(typeName(arg), spec);
  if (arg === undefined || arg === null) {
    return verb === "v" ? pad("<nil>", spec) : `%!${verb}(<nil>)`;
  }
  if (hasOwnText(arg) && "vsxXq".includes(verb))
    return formatString(verb, printValue(arg), arg, spec);
  if (typeof arg === "string") return formatString(verb, arg, arg, spec);
  if (typeof arg === "number") return formatNumber(verb, arg, spec);
  if (typeof arg === "boolean") {
    return "tv".includes(verb) ? pad(`${arg}`, spec) : badVerb(verb, arg);
  }
  if (arg instanceof Int) return formatInt(verb, arg, spec);
  return formatParts(verb, arg, spec);
}

/** Types that have a String method of their own. */
function hasOwnText(arg: Value): boolean {
  if (arg instanceof Time) return true;
  return arg instanceof Int && arg.type.startsWith("time.");
}

/** Lists and maps print their parts with the same verb. */
function formatParts(verb: string, arg: Value, spec: Spec): string {
  let size = 0;
  const part = (each: Value) => {
    const text = formatArg(verb, each, spec);
    checkSize((size += text.length));
    return text;
  };
  if (isArray(arg)) return `[${arg.map(part).join(" ")}]`;
  if (!(arg instanceof LabelMap) && !isObject(arg)) return badVerb(verb, arg);
  const entries = arg instanceof LabelMap ? arg.entries() : entriesOf(arg);
  return `map[${entries.map(([key, each]) => `${part(key)}:${part(each)}`).join(" ")}]`;
}

function badVerb(verb: string, arg: Value): string {
  return `%!${verb}(${typeName(arg)}=${printValue(arg)})`;
}

function formatString(verb: string, text: string, arg: Value, spec: Spec): string {
  const { flags, precision } = spec;
  const cut = precision === undefined ? text : [...text].slice(0, precision).join("");
  switch (verb) {
    case "v":
      return pad(flags.includes("#") ? quoted(cut) : cut, spec);
    case "s":
      return pad(cut, spec);
    case "q":
      return pad(flags.includes("#") && !cut.includes("`") ? `\`${cut}\`` : quoted(cut), spec);
    case "x":
    case "X": {
      const bytes = Array.from(toBytes(text).subarray(0, precision ?? undefined));
      const pairs = bytes.map((byte) => byte.toString(16).padStart(2, "0"));
      const prefix = flags.includes("#") && pairs.length > 0 ? "0x" : "";
      const hex = prefix + pairs.join(flags.includes(" ") ? ` ${prefix}` : "");
      return pad(verb === "X" ? hex.toUpperCase() : hex, spec);
    }
    default:
      return badVerb(verb, arg);
  }
}

/** A byte that is no UTF-8 stands in our text as a lone surrogate. */
function quoted(text: string): string {
  return quote(text).replace(/\\udc([89a-f][\da-f])/g, "\\x$1");
}

const BASES: Readonly<Record<string, number>> = { d: 10, v: 10, b: 2, o: 8, O: 8, x: 16, X: 16 };
const PREFIXES: Readonly<Record<string, string>> = { b: "0b", o: "0", O: "0o", x: "0x", X: "0X" };

function formatInt(verb: string, arg: Int, spec: Spec): string {
  if (verb === "c" || verb === "q" || verb === "U") return formatRune(verb, arg, spec);
  const base = BASES[verb];
  if (base === undefined) return badVerb(verb, arg);
  const size = arg.value < 0n ? -arg.value : arg.value;
  let digits = size.toString(base).padStart(spec.precision ?? 0, "0");
  if (spec.precision === 0 && size === 0n) digits = "";
  if (verb === "X") digits = digits.toUpperCase();
  const wantsPrefix = verb === "O" || spec.flags.includes("#");
  const prefix = wantsPrefix ? (PREFIXES[verb] ?? "") : "";
  const sign = signOf(arg.value < 0n, spec.flags);
  // A precision takes the place of padding with zeros.
  const zeros = spec.precision === undefined;
  return padNumber(sign + prefix, digits, spec, zeros);
}

function formatRune(verb: string, arg: Int, spec: Spec): string {
  const isRune = arg.value >= 0n && arg.value <= 0x10ffffn;
  const rune = isRune ? Number(arg.value) : 0xfffd;
  if (verb === "c") return pad(String.fromCodePoint(rune), spec);
  if (verb === "U") {
    const code = `U+${arg.value.toString(16).toUpperCase().padStart(4, "0")}`;
    return pad(spec.flags.includes("#") ? `${code} '${String.fromCodePoint(rune)}'` : code, spec);
  }
  const inside = quote(String.fromCodePoint(rune)).slice(1, -1);
  return pad(rune === 0x27 ? "'\\''" : `'${inside === '\\"' ? '"' : inside}'`, spec);
}

function formatNumber(verb: string, value: number, spec: Spec): string {
  const size = floatText(verb, Math.abs(value), spec.precision);
  if (size === undefined) return badVerb(verb, value);
  const isNegative = value < 0 || Object.is(value, -0);
  // Infinity shows its sign always, and never has zeros before it.
  const sign = value === Infinity ? "+" : signOf(isNegative, spec.flags);
  return padNumber(sign, size, spec, Number.isFinite(value));
}

/** No double has more digits after the point: what a precision wants beyond are zeros. */
const PLACES_MAX = 1100;

/** The text of a number that is not negative, undefined when floats have no such verb. */
function floatText(verb: string, size: number, precision: number | undefined): string | undefined {
  const lower = verb.toLowerCase();
  if (!"efgv".includes(lower) || verb === "V") return undefined;
  if (Number.isNaN(size)) return "NaN";
  if (size === Infinity) return "Inf";
  let text: string;
  const places = Math.min(precision ?? 6, PLACES_MAX);
  const zeros = "0".repeat((precision ?? 6) - places);
  if (lower === "f") text = formatFixed(size, places) + zeros;
  else if (lower === "e") {
    const { digits, exponent } = roundToDigits(size, places + 1);
    text = formatExponent("", digits + zeros, exponent);
  } else text = precision === undefined ? formatV(size) : general(size, precision);
  return verb === "E" || verb === "G" ? text.toUpperCase() : text;
}

/** %g with a precision: so many significant digits, an exponent when they do not reach the point. */
function general(size: number, precision: number): string {
  const rounded = roundToDigits(size, Math.min(Math.max(precision, 1), PLACES_MAX));
  const shortest = shortestDigits(size);
  const { digits, exponent } =
    shortest.digits.length <= rounded.digits.length ? shortest : withoutZeros(rounded);
  let limit = precision;
  if (limit > digits.length && digits.length >= exponent + 1) limit = digits.length;
  if (exponent < -4 || exponent >= Math.max(limit, 1)) return formatExponent("", digits, exponent);
  return formatFixed(
    Number(`${digits}e${exponent - digits.length + 1}`),
    Math.max(digits.length - 1 - exponent, 0),
  );
}

function withoutZeros({ sign, digits, exponent }: Digits): Digits {
  return { sign, digits: digits.replace(/(?<=.)0+$/, ""), exponent };
}

function signOf(isNegative: boolean, flags: string): string {
  if (isNegative) return "-";
  if (flags.includes("+")) return "+";
  return flags.includes(" ") ? " " : "";
}

/** Zeros go between the sign and the digits, spaces around both. */
function padNumber(sign: string, digits: string, spec: Spec, zeros: boolean): string {
  const { flags, width = 0 } = spec;
  const fills = zeros && flags.includes("0") && !flags.includes("-");
  if (fills) return sign + digits.padStart(width - sign.length, "0");
  return pad(sign + digits, { ...spec, flags: flags.replaceAll("0", "") });
}

function pad(text: string, { flags, width }: Spec): string {
  if (width === undefined) return text;
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  if (flags.includes("-")) return text + " ".repeat(missing);
  return (flags.includes("0") ? "0" : " ").repeat(missing) + text;
}
