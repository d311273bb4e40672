/** Any value as a number, the way sprig casts: what cannot be a number is 0. */
import { parseGoFloat } from "../float.ts";
import { parseGoInt } from "../integer.ts";
import { Int, type Value } from "./values.ts";

/** An int64. Texts may have a base (`0x1F`, `010`), but no point. */
export function toInt64(value: Value): bigint {
  if (value instanceof Int) return value.value;
  if (typeof value === "string") return parseGoInt(value) ?? 0n;
  if (typeof value === "boolean") return value ? 1n : 0n;
  return typeof value === "number" ? truncate(value) : 0n;
}

/** What does not fit 64 bits becomes the least of them, as on the processors that Go runs on. */
function truncate(value: number): bigint {
  if (!(Math.abs(value) < 2 ** 63)) return -(2n ** 63n);
  return BigInt(Math.trunc(value));
}

export function toFloat64(value: Value): number {
  if (value instanceof Int) return Number(value.value);
  if (typeof value === "string") return parseGoFloat(value) ?? 0;
  if (typeof value === "boolean") return value ? 1 : 0;
  return typeof value === "number" ? value : 0;
}
