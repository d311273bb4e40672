/** The three kinds of values that can be compared and unwrapped: numbers, durations, sizes (spec logql §9.1, §12). */
import { byteSizeError, parseByteSize } from "../../golang/bytes-size.ts";
import { goDurationError, goDurationSeconds } from "../../golang/duration.ts";
import { floatError, parseGoFloat } from "../../golang/float.ts";
import type { LabelBuilder } from "./label-builder.ts";
import { quickFloat, quickSeconds, quickSize } from "./quick-number.ts";

export interface Quantity {
  /** Reads bytes; NaN when only `read` can tell. */
  readonly quick: (bytes: Uint8Array, start: number, end: number) => number;
  /** Undefined when the text is no such value. */
  readonly read: (text: string) => number | undefined;
  /** What is said of a text that is none. */
  readonly error: (text: string) => string;
}

export const QUANTITIES: Readonly<Record<"number" | "duration" | "bytes", Quantity>> = {
  number: { quick: quickFloat, read: parseGoFloat, error: floatError },
  /** Seconds. */
  duration: { quick: quickSeconds, read: goDurationSeconds, error: goDurationError },
  bytes: { quick: quickSize, read: parseByteSize, error: byteSizeError },
};

/** The value of a label as it is, or its text when that is no such value. Undefined when it is missing. */
export function quantityOf(
  labels: LabelBuilder,
  id: number,
  quantity: Quantity,
): number | string | undefined {
  const quick = labels.readBytes(id, quantity.quick);
  if (!Number.isNaN(quick)) return quick;
  const text = labels.get(id);
  return text === undefined ? undefined : (quantity.read(text) ?? text);
}
