/** Numbers and characters as templates write them: `42`, `0x1F`, `1e3`, `'a'`. */
import { parseGoFloat } from "../float.ts";
import { parseGoInt } from "../integer.ts";
import { quote } from "../quote.ts";
import { unquoteChar } from "../unquote.ts";
import type { ItemReader } from "./item-reader.ts";
import type { Item } from "./lex.ts";
import type { NumberNode } from "./nodes.ts";

/** Throws TemplateError for an item that is no number. */
export function readNumber({ kind, pos, text }: Item, items: ItemReader): NumberNode {
  if (kind === "charConstant") {
    const rune = unquoteChar(text);
    if (rune === undefined) throw items.error(`malformed character constant: ${text}`);
    return { kind: "number", pos, text, int: BigInt(rune), float: rune, isFloat: false };
  }
  const isHex = /^[+-]?0[xX]/.test(text) && !/[pP]/.test(text);
  const isFloat = !isHex && /[.eEpP]/.test(text);
  const int = isFloat ? undefined : parseGoInt(text);
  const float = int === undefined ? parseGoFloat(text) : Number(int);
  if (float === undefined) throw items.error(`illegal number syntax: ${quote(text)}`);
  if (int === undefined && !isFloat) throw items.error(`integer overflow: ${quote(text)}`);
  return { kind: "number", pos, text, int: int ?? wholeOf(float), float, isFloat };
}

/** A float that is whole will also do for an int. */
function wholeOf(float: number): bigint | undefined {
  return Number.isInteger(float) && Math.abs(float) < 2 ** 63 ? BigInt(float) : undefined;
}
