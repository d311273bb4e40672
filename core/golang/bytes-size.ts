/**
 * Sizes as people write them: `1.5MB`, `1,001 KB`, `2 MiB`. Decimal units count by 1000, those with an i
 * by 1024. Values are doubles: whole up to 2^53, and the size of real logs.
 */
import { floatError, formatFixed, parseGoFloat } from "./float.ts";

const DECIMAL_UNITS = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
const BINARY_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
const MAX_UINT64 = 2 ** 64;

/** Every spelling in lower case, and the bytes that it stands for. */
const SIZES: ReadonlyMap<string, number> = new Map(
  ["", "k", "m", "g", "t", "p", "e"].flatMap((letter, power) => {
    const [decimal, binary] = [1000 ** power, 1024 ** power];
    const spellings: [string, number][] = [
      [letter, decimal],
      [`${letter}b`, decimal],
    ];
    if (power > 0) spellings.push([`${letter}i`, binary], [`${letter}ib`, binary]);
    return spellings;
  }),
);

/** Bytes of a size, undefined when the text is none; byteSizeError then has the words. */
export function parseByteSize(text: string): number | undefined {
  const { digits, unit } = split(text);
  const value = parseGoFloat(digits);
  const size = SIZES.get(unit);
  if (value === undefined || size === undefined) return undefined;
  const bytes = Math.trunc(value * size);
  return bytes >= MAX_UINT64 ? undefined : bytes;
}

/** The message for a text that parseByteSize refused. */
export function byteSizeError(text: string): string {
  const { digits, unit } = split(text);
  if (parseGoFloat(digits) === undefined) return floatError(digits);
  return SIZES.has(unit) ? `too large: ${text}` : `unhandled size name: ${unit}`;
}

/** Digits, points and commas at the front are the number; commas do not count. */
function split(text: string): { digits: string; unit: string } {
  const front = /^[\p{Nd}.,]*/u.exec(text)![0];
  return {
    digits: front.replaceAll(",", ""),
    unit: text.slice(front.length).trim().toLowerCase(),
  };
}

/** `9B`, `1.5kB`, `123kB`: by 1000, one decimal below ten, no space. How a label filter prints. */
export function printByteSize(bytes: number): string {
  return print(bytes, 1000, DECIMAL_UNITS, "");
}

/** `9 B`, `1.5 kB`: the same with a space. How logcli prints statistics. */
export function printSpacedByteSize(bytes: number): string {
  return print(bytes, 1000, DECIMAL_UNITS, " ");
}

/** `9 B`, `2.0 GiB`: by 1024 and with a space. How limits print. */
export function printBinarySize(bytes: number): string {
  return print(bytes, 1024, BINARY_UNITS, " ");
}

function print(bytes: number, base: number, units: readonly string[], space: string): string {
  if (bytes < 10) return `${bytes}${space}B`;
  const power = Math.min(Math.floor(Math.log(bytes) / Math.log(base)), units.length - 1);
  const value = bytes / base ** power;
  // One decimal as long as the rounded value is below ten: 9.96 prints as 10.
  const places = Math.floor(value * 10 + 0.5) < 100 ? 1 : 0;
  return `${formatFixed(value, places)}${space}${units[power]}`;
}
