/** Loki's template functions over numbers, and those that make numbers of text (spec logql 10.3). */
import { byteSizeError, parseByteSize } from "../bytes-size.ts";
import { goDurationError, goDurationSeconds } from "../duration.ts";
import { GoError } from "../go-error.ts";
import { toFloat64, toInt64 } from "./cast.ts";
import { add, type Decimal, divide, multiply, subtract, toDecimal, toNumber } from "./decimal.ts";
import { define, defineVariadic, type FunctionTable, type GoFunction } from "./functions.ts";
import { Int, isArray, isTrue, type JsonObject, Time, type Value } from "./values.ts";

export const NUMBER_FUNCTIONS: FunctionTable = {
  int: define(["any"], ([value]) => new Int(toInt64(value))),
  float64: define(["any"], ([value]) => toFloat64(value)),
  add: defineVariadic([], "any", (_, values) =>
    int64(values.reduce<bigint>((sum, value) => sum + toInt64(value), 0n)),
  ),
  sub: define(["any", "any"], ([a, b]) => int64(toInt64(a) - toInt64(b))),
  mul: defineVariadic(["any"], "any", ([first], values) =>
    int64(
      values.reduce<bigint>((product, value) => wrap(product * toInt64(value)), toInt64(first)),
    ),
  ),
  div: define(["any", "any"], ([a, b]) => int64(toInt64(a) / divisor(b))),
  mod: define(["any", "any"], ([a, b]) => int64(toInt64(a) % divisor(b))),
  addf: defineVariadic([], "any", (_, values) => fold(toDecimal(0), values, add)),
  subf: decimals(subtract),
  mulf: decimals(multiply),
  divf: decimals(divide),
  max: defineVariadic(["any"], "any", ([first], values) => int64(extreme(first, values, 1))),
  min: defineVariadic(["any"], "any", ([first], values) => int64(extreme(first, values, -1))),
  maxf: defineVariadic(["any"], "any", ([first], values) =>
    Math.max(toFloat64(first), ...values.map(toFloat64)),
  ),
  minf: defineVariadic(["any"], "any", ([first], values) =>
    Math.min(toFloat64(first), ...values.map(toFloat64)),
  ),
  ceil: define(["any"], ([value]) => Math.ceil(toFloat64(value))),
  floor: define(["any"], ([value]) => Math.floor(toFloat64(value))),
  round: defineVariadic(["any", "int"], "float64", ([value, places], [on = 0.5]) =>
    round(toFloat64(value), Number(places.value), on),
  ),
  bytes: define(["string"], ([s]) => parseByteSize(s) ?? fail(byteSizeError(s))),
  duration: define(["string"], ([s]) => goDurationSeconds(s) ?? fail(goDurationError(s))),
  duration_seconds: define(["string"], ([s]) => goDurationSeconds(s) ?? fail(goDurationError(s))),
  fromJson: define(["string"], ([s]) => fromJson(s)),
  default: defineVariadic(["any"], "any", ([fallback], [given]) =>
    given instanceof Time || isTrue(given) ? given : fallback,
  ),
};

function fail(message: string): never {
  throw new GoError(message);
}

/** 64 bits, wrapped around as Go's arithmetic does. */
function int64(value: bigint): Int {
  return new Int(wrap(value), "int64");
}

function wrap(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

function divisor(value: Value): bigint {
  const number = toInt64(value);
  return number === 0n ? fail("runtime error: integer divide by zero") : number;
}

function decimals(step: (a: Decimal, b: Decimal) => Decimal): GoFunction {
  return defineVariadic(["any"], "any", ([first], values) =>
    fold(toDecimal(toFloat64(first)), values, step),
  );
}

function fold(
  start: Decimal,
  values: readonly Value[],
  step: (a: Decimal, b: Decimal) => Decimal,
): number {
  return toNumber(
    values.reduce<Decimal>((sum, value) => step(sum, toDecimal(toFloat64(value))), start),
  );
}

/** The greatest, or with the sign -1 the least. */
function extreme(first: Value, values: readonly Value[], sign: 1 | -1): bigint {
  return values.map(toInt64).reduce((best, value) => {
    return (sign > 0 ? value > best : value < best) ? value : best;
  }, toInt64(first));
}

/** Sprig's way: what is left after the places decides, and below zero it decides for the lower one. */
function round(value: number, places: number, on: number): number {
  const power = 10 ** places;
  const digit = power * value;
  const fraction = digit - Math.trunc(digit);
  return (fraction >= on ? Math.ceil(digit) : Math.floor(digit)) / power;
}

/** Nothing when the text is no JSON. */
function fromJson(text: string): Value {
  try {
    const value = JSON.parse(text) as Value;
    return isDeep(value, JSON_DEPTH_MAX) ? undefined : (value ?? undefined);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

/** What walks through values later does so by recursion. */
const JSON_DEPTH_MAX = 1000;

function isDeep(value: Value, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  const parts = isArray(value) ? value : Object.values(value as JsonObject);
  return parts.some((part) => isDeep(part, levels - 1));
}
