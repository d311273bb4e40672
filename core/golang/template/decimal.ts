/** Decimal numbers of any length, in which 0.1 + 0.2 is 0.3: what addf and its sisters count with. */
import { formatFloat } from "../float.ts";
import { GoError } from "../go-error.ts";

/** value × 10^exponent. */
export interface Decimal {
  readonly value: bigint;
  readonly exponent: number;
}

/** Digits after the point that a quotient keeps. */
const QUOTIENT_PLACES = 16;

/** The decimal with the fewest digits that reads back as the number. */
export function toDecimal(number: number): Decimal {
  if (!Number.isFinite(number)) {
    throw new GoError(`Cannot create a Decimal from ${formatFloat(number)}`);
  }
  const [mantissa = "0", exponent = "0"] = number.toExponential().split("e");
  const [whole = "0", fraction = ""] = mantissa.split(".");
  return { value: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}

export function toNumber({ value, exponent }: Decimal): number {
  return Number(`${value}e${exponent}`);
}

export function add(a: Decimal, b: Decimal): Decimal {
  const exponent = Math.min(a.exponent, b.exponent);
  return { value: scaled(a, exponent) + scaled(b, exponent), exponent };
}

export function subtract(a: Decimal, b: Decimal): Decimal {
  return add(a, { ...b, value: -b.value });
}

export function multiply(a: Decimal, b: Decimal): Decimal {
  return { value: a.value * b.value, exponent: a.exponent + b.exponent };
}

/** Rounded to 16 places after the point, halves away from zero. */
export function divide(a: Decimal, b: Decimal): Decimal {
  if (b.value === 0n) throw new GoError("decimal division by 0");
  const shift = a.exponent - b.exponent + QUOTIENT_PLACES;
  const above = shift > 0 ? a.value * 10n ** BigInt(shift) : a.value;
  const below = shift < 0 ? b.value * 10n ** BigInt(-shift) : b.value;
  const quotient = above / below;
  const rest = above % below;
  const isHalf = 2n * magnitude(rest) >= magnitude(below);
  const away = above < 0n === below < 0n ? 1n : -1n;
  return { value: isHalf ? quotient + away : quotient, exponent: -QUOTIENT_PLACES };
}

function scaled({ value, exponent }: Decimal, to: number): bigint {
  return value * 10n ** BigInt(exponent - to);
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}
