/** Rows of a block by themselves. */
import { utf8 } from "../core/bytes/text.ts";
import { ByteWriter } from "../core/bytes/writer.ts";
import type { Block, Entry } from "../core/model/block.ts";

/** Entries as columns. */
export function rowsOf(entries: readonly Entry[]): Block {
  const text = new ByteWriter(1 << 16);
  const times = new BigInt64Array(entries.length);
  const [starts, ends] = [new Uint32Array(entries.length), new Uint32Array(entries.length)];
  entries.forEach(({ time, line }, row) => {
    times[row] = time;
    starts[row] = text.size;
    text.raw(utf8(line));
    ends[row] = text.size;
  });
  return { rows: entries.length, times, text: text.take(), starts, ends };
}

/** The rows of [first, end), in bytes of their own: what is left of the block can go. */
export function sliceRows(block: Block, first: number, end: number): Block {
  if (first === 0 && end === block.rows) return block;
  const rows = end - first;
  let size = 0;
  for (let row = first; row < end; row++) size += block.ends[row]! - block.starts[row]!;
  const text = new Uint8Array(size);
  const [starts, ends] = [new Uint32Array(rows), new Uint32Array(rows)];
  let at = 0;
  for (let row = 0; row < rows; row++) {
    const [from, to] = [block.starts[first + row]!, block.ends[first + row]!];
    text.set(block.text.subarray(from, to), at);
    starts[row] = at;
    at += to - from;
    ends[row] = at;
  }
  return { rows, times: block.times.slice(first, end), text, starts, ends };
}
