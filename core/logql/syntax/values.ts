/** What the literals of LogQL stand for (spec logql §2.5-2.7). */
import { fromUtf8 } from "../../bytes/text.ts";
import { parseByteSize } from "../../golang/bytes-size.ts";
import { parseGoDuration, parsePromDuration } from "../../golang/duration.ts";
import { floatError, parseGoFloat } from "../../golang/float.ts";
import { GoError } from "../../golang/go-error.ts";
import { ParseError } from "./errors.ts";

/** Nanoseconds of `1d12h` as Prometheus reads it, else of `1.5h` as Go does; undefined when neither. */
export function readDuration(text: string): bigint | undefined {
  return given(() => parsePromDuration(text)) ?? readGoDuration(text);
}

/** Nanoseconds of `-1.5h`; undefined when the text is none. */
export function readGoDuration(text: string): bigint | undefined {
  return given(() => parseGoDuration(text));
}

/** Bytes of `1.5KiB`; undefined when the text is none. */
export function readBytes(text: string): bigint | undefined {
  const bytes = parseByteSize(text);
  return bytes === undefined ? undefined : BigInt(bytes);
}

/** `what` is what Loki says of the number: `literal as a float`, `float`, `vectorExpr as a float`. */
export function readNumber(text: string, what: string): number {
  const value = parseGoFloat(text);
  if (value === undefined) throw new ParseError(`unable to parse ${what}: ${floatError(text)}`);
  return value;
}

const ESCAPE = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|(.))/gsu;

const SHORT: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
};

/**
 * What a string in double quotes says, given without the quotes. Its escapes are known to be well-formed;
 * undefined when one has no character. Bytes written as `\xhh` and `\ooo` are put together as UTF-8.
 */
export function unquote(body: string): string | undefined {
  if (!body.includes("\\")) return body;
  let isValid = true;
  let hasBytes = false;
  const text = body.replace(ESCAPE, (_all, hex, short, long, octal, char: string) => {
    const byte = hex !== undefined ? Number.parseInt(hex, 16) : octal && Number.parseInt(octal, 8);
    if (byte !== undefined) {
      isValid &&= byte < 0x100;
      hasBytes ||= byte >= 0x80;
      return byte < 0x80 ? String.fromCharCode(byte) : String.fromCharCode(BYTE_BASE + byte);
    }
    if (char !== undefined) return SHORT[char] ?? char;
    const code = Number.parseInt(short ?? long, 16);
    const isCharacter = code < 0xd800 || (code > 0xdfff && code <= 0x10ffff);
    isValid &&= isCharacter;
    return isCharacter ? String.fromCodePoint(code) : "";
  });
  if (!isValid) return undefined;
  return hasBytes ? text.replace(BYTES, joinBytes) : text;
}

/** Escaped bytes above 0x7f wait here, as low surrogates that stand alone, until all of them are known. */
const BYTE_BASE = 0xdc00;
const BYTES = /(?:(?<![\ud800-\udbff])[\udc80-\udcff])+/g;

/** Bytes that are no UTF-8 become U+FFFD: a string of ours cannot hold them. */
function joinBytes(units: string): string {
  const bytes = Uint8Array.from(units, (unit) => unit.charCodeAt(0) - BYTE_BASE);
  return fromUtf8(bytes);
}

function given<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof GoError) return undefined;
    throw error;
  }
}
