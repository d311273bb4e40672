/** The open block as it lies in a checkpoint, beside its chunk. The bytes are drawn in FORMAT.md. */
import { ByteCursor } from "../bytes/cursor.ts";
import { lanesOf } from "../bytes/lanes.ts";
import { ByteWriter } from "../bytes/writer.ts";
import type { Block } from "../model/block.ts";
import { Corrupt } from "../model/errors.ts";
import type { HeadBlock } from "./head.ts";
import {
  HEAD_ORDERED_LAST,
  HEAD_UNORDERED,
  HEAD_WITH_METADATA,
  type WrittenFormat,
} from "./layout.ts";
import { splitRows } from "./rows.ts";

export function encodeHead(head: HeadBlock, format: WrittenFormat): Uint8Array {
  const out = new ByteWriter(head.size + 16 * head.rows + 16);
  out.u8(format >= 4 ? HEAD_WITH_METADATA : HEAD_UNORDERED);
  out.uvarint(head.rows);
  // Without metadata a row is the same bytes here as in a block.
  if (format < 4) out.raw(head.payload());
  else writeRows(out, head.block());
  return out.take();
}

/** The rows of a head, in time order; undefined of no bytes, which is how a head without rows may be written. */
export function decodeHead(bytes: Uint8Array, symbols: readonly string[]): Block | undefined {
  if (bytes.length === 0) return undefined;
  const cursor = new ByteCursor(bytes);
  const format = cursor.u8();
  if (format === 0 || format > HEAD_WITH_METADATA) throw new Corrupt(`head format is ${format}`);
  const rowsMax = cursor.uvarint();
  if (format <= HEAD_ORDERED_LAST) {
    cursor.uvarint(); // Size and bounds follow from the rows.
    cursor.varint64();
    cursor.varint64();
  }
  const tail = format === HEAD_WITH_METADATA ? "pairs" : "none";
  const block = splitRows(bytes.subarray(cursor.at), { rowsMax, tail, symbols });
  if (block.rows !== rowsMax) throw new Corrupt(`head has ${block.rows} rows, not ${rowsMax}`);
  return block;
}

function writeRows(out: ByteWriter, { rows, times, text, starts, ends, metadata }: Block): void {
  const lanes = lanesOf(times);
  for (let row = 0; row < rows; row++) {
    out.varint64From(lanes, row);
    out.uvarint(ends[row]! - starts[row]!);
    out.slice(text, starts[row]!, ends[row]!);
    const first = metadata?.firsts[row] ?? 0;
    const end = metadata?.firsts[row + 1] ?? 0;
    out.uvarint(end - first);
    for (let at = 2 * first; at < 2 * end; at++) out.uvarint(metadata!.pairs[at]!);
  }
}
