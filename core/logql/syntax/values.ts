/** What the literals of LogQL stand for (spec logql §2.5-2.7). */
import { fromUtf8 } from "../../bytes/text.ts";
import { parseByteSize } from "../../golang/bytes-size.ts";
import { parseGoDuration, parsePromDuration } from "../../golang/duration.ts";
import { floatError, parseGoFloat } from "../../golang/float.ts";
import { GoError } from "../../golang/go-error.ts";
import { unquoteString } from "../../golang/unquote.ts";
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

/**
 * What a string in double quotes says, given without the quotes. Undefined when an escape stands for no
 * character. Bytes written as `\xhh` and `\ooo` are put together as UTF-8.
 */
export function unquote(body: string): string | undefined {
  // Fast path: nothing is escaped.
  if (!body.includes("\\")) return body;
  let hasBytes = false;
  const text = unquoteString(`"${body}"`, (byte) => {
    hasBytes = true;
    return String.fromCharCode(BYTE_BASE + byte);
  });
  return hasBytes ? text?.replace(BYTES, joinBytes) : text;
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
