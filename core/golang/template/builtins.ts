/** The functions that Go's text/template has by itself. `and` and `or` are the engine's: they stop early. */
import { GoError } from "../go-error.ts";
import { byteSize, sliceBytes, toBytes } from "./byte-text.ts";
import { COMPARISONS } from "./compare.ts";
import { escapeHtml, escapeJs, escapeQuery } from "./escape.ts";
import { define, defineVariadic, type FunctionTable } from "./functions.ts";
import { sprint, sprintf, sprintln } from "./printf.ts";
import { Int, isArray, isObject, isTrue, LabelMap, typeName, type Value } from "./values.ts";

export const BUILTINS: FunctionTable = {
  ...COMPARISONS,
  not: define(["value"], ([value]) => !isTrue(value)),
  len: define(["value"], ([value]) => new Int(length(value))),
  index: defineVariadic(["value"], "value", ([item], indexes) => indexes.reduce(elementOf, item)),
  slice: defineVariadic(["value"], "value", ([item], indexes) => slice(item, indexes)),
  print: defineVariadic([], "any", (_, args) => sprint(args)),
  printf: defineVariadic(["string"], "any", ([format], args) => sprintf(format, args)),
  println: defineVariadic([], "any", (_, args) => sprintln(args)),
  html: defineVariadic([], "any", (_, args) => escapeHtml(sprint(args))),
  js: defineVariadic([], "any", (_, args) => escapeJs(sprint(args))),
  urlquery: defineVariadic([], "any", (_, args) => escapeQuery(sprint(args))),
  call: defineVariadic(["value"], "value", ([callee]) => {
    // No value of a template is a function.
    throw new GoError(
      callee === undefined || callee === null
        ? "call of nil"
        : `non-function of type ${typeName(callee)}`,
    );
  }),
};

function length(value: Value): number {
  if (typeof value === "string") return byteSize(value);
  if (isArray(value)) return value.length;
  if (value instanceof LabelMap) return value.data.all().size;
  if (isObject(value)) return Object.keys(value).length;
  if (value === undefined || value === null) throw new GoError("len of nil pointer");
  throw new GoError(`len of type ${typeName(value)}`);
}

function elementOf(item: Value, index: Value): Value {
  if (item === undefined || item === null) throw new GoError("index of untyped nil");
  if (item instanceof LabelMap) return item.data.get(keyOf(index)) ?? "";
  if (isObject(item)) {
    const key = keyOf(index);
    return Object.hasOwn(item, key) ? item[key] : null;
  }
  if (typeof item !== "string" && !isArray(item)) {
    throw new GoError(`can't index item of type ${typeName(item)}`);
  }
  const bytes = typeof item === "string" ? toBytes(item) : undefined;
  const size = bytes?.length ?? item.length;
  const at = offsetOf(index, size);
  if (at === size) {
    const kind = bytes === undefined ? "slice" : "string";
    throw new GoError(`reflect: ${kind} index out of range`);
  }
  return bytes === undefined ? (item as readonly Value[])[at] : new Int(bytes[at]!, "uint8");
}

function keyOf(index: Value): string {
  if (typeof index === "string") return index;
  if (index === undefined || index === null) {
    throw new GoError("value is nil; should be of type string");
  }
  throw new GoError(`value has type ${typeName(index)}; should be string`);
}

/** An offset within [0, size], as Go checks it. */
function offsetOf(index: Value, size: number): number {
  if (index === undefined || index === null) {
    throw new GoError("cannot index slice/array with nil");
  }
  if (!(index instanceof Int)) {
    throw new GoError(`cannot index slice/array with type ${typeName(index)}`);
  }
  if (index.value < 0n || index.value > BigInt(size)) {
    throw new GoError(`index out of range: ${index.value}`);
  }
  return Number(index.value);
}

function slice(item: Value, indexes: readonly Value[]): Value {
  if (item === undefined || item === null) throw new GoError("slice of untyped nil");
  if (indexes.length > 3) throw new GoError(`too many slice indexes: ${indexes.length}`);
  if (typeof item !== "string" && !isArray(item)) {
    throw new GoError(`can't slice item of type ${typeName(item)}`);
  }
  if (typeof item === "string" && indexes.length === 3) {
    throw new GoError("cannot 3-index slice a string");
  }
  const size = typeof item === "string" ? byteSize(item) : item.length;
  const [start = 0, end = size, limit = size] = indexes.map((index) => offsetOf(index, size));
  if (start > end) throw new GoError(`invalid slice index: ${start} > ${end}`);
  if (end > limit) throw new GoError(`invalid slice index: ${end} > ${limit}`);
  return typeof item === "string" ? sliceBytes(item, start, end) : item.slice(start, end);
}
