/** Sizes of Loki's configuration. Unlike the sizes of LogQL every unit counts by 1024. */
import { GoError } from "../golang/go-error.ts";
import { quote } from "../golang/quote.ts";

const LETTERS = ["", "k", "m", "g", "t", "p", "e"];
const NAMES = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte", "petabyte", "exabyte"];
const SIZE_MAX = 2 ** 64;

/** Every unit in lower case, and the power of 1024 it stands for. */
const POWERS: ReadonlyMap<string, number> = new Map(
  LETTERS.flatMap((letter, power) =>
    [letter, `${letter}b`, NAMES[power]!, `${NAMES[power]}s`].map((unit) => [unit, power] as const),
  ),
);

/** `3MB`, `800 mb`, `1024`. Throws GoError: `strconv.UnmarshalText: parsing "3XB": invalid syntax`. */
export function parseSize(text: string): number {
  if (text === "") return 0;
  const [, digits = "", unit = ""] = /^(\d+) ?([a-z]*)$/i.exec(text) ?? [];
  const power = POWERS.get(unit.toLowerCase());
  if (digits === "" || power === undefined) throw sizeError(text, "invalid syntax");
  const bytes = Number(digits) * 1024 ** power;
  if (bytes >= SIZE_MAX) throw sizeError(text, "value out of range");
  return bytes;
}

/** The biggest unit that divides it: `3MB`, `1536KB`, `0B`. */
export function printSize(bytes: number): string {
  let power = 0;
  while (bytes > 0 && bytes % 1024 === 0 && power < LETTERS.length - 1) {
    bytes /= 1024;
    power++;
  }
  return `${bytes}${LETTERS[power]!.toUpperCase()}B`;
}

const WINDOW_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** gRPC's windows: `63KiB1023B`, or bytes alone. */
export function parseWindow(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const parts = [...text.matchAll(/(\d{1,15})([KMGT]i)?B/gi)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text) {
    throw new GoError(`invalid size ${quote(text)}, want one such as 64KiB or 63KiB1023B`);
  }
  return parts.reduce((sum, [, digits, unit = ""]) => {
    const power = WINDOW_UNITS.findIndex((name) => name.toLowerCase() === `${unit}b`.toLowerCase());
    return sum + Number(digits) * 1024 ** power;
  }, 0);
}

export function printWindow(bytes: number): string {
  let out = "";
  for (let power = WINDOW_UNITS.length - 1; power >= 0; power--) {
    const size = 1024 ** power;
    const count = Math.floor(bytes / size);
    if (count > 0) out += `${count}${WINDOW_UNITS[power]}`;
    bytes -= count * size;
  }
  return out === "" ? "0B" : out;
}

function sizeError(text: string, reason: string): GoError {
  return new GoError(`strconv.UnmarshalText: parsing ${quote(text)}: ${reason}`);
}
