/** Rows put into time order without moving a byte of their text. */

import { lanesOf, timeOrder } from "../bytes/lanes.ts";
import type { Block, MetadataColumn } from "../model/block.ts";

/** The block with its rows in time order, rows of equal time as they lay. Shares the text. */
export function sortedByTime(block: Block): Block {
  const order = timeOrder(lanesOf(block.times), block.rows);
  return order === undefined ? block : pickRows(block, order);
}

/** The rows of `order`, in that order, as a block over the same text. */
export function pickRows(block: Block, order: Uint32Array): Block {
  const rows = order.length;
  const times = new BigInt64Array(rows);
  const [source, lanes] = [lanesOf(block.times), lanesOf(times)];
  const starts = new Uint32Array(rows);
  const ends = new Uint32Array(rows);
  let scattered = false;
  for (let row = 0; row < rows; row++) {
    const from = order[row]!;
    lanes[2 * row] = source[2 * from]!;
    lanes[2 * row + 1] = source[2 * from + 1]!;
    starts[row] = block.starts[from]!;
    ends[row] = block.ends[from]!;
    if (row > 0 && starts[row]! < ends[row - 1]!) scattered = true;
  }
  const metadata = block.metadata && pickMetadata(block.metadata, order);
  return {
    rows,
    times,
    text: block.text,
    starts,
    ends,
    ...(scattered && { scattered }),
    ...(metadata && { metadata }),
  };
}

function pickMetadata(
  { symbols, firsts, pairs }: MetadataColumn,
  order: Uint32Array,
): MetadataColumn {
  const picked = {
    firsts: new Uint32Array(order.length + 1),
    pairs: new Uint32Array(pairs.length),
  };
  let count = 0;
  for (let row = 0; row < order.length; row++) {
    const from = order[row]!;
    const part = pairs.subarray(2 * firsts[from]!, 2 * firsts[from + 1]!);
    picked.pairs.set(part, 2 * count);
    count += part.length / 2;
    picked.firsts[row + 1] = count;
  }
  return { symbols, firsts: picked.firsts, pairs: picked.pairs.subarray(0, 2 * count) };
}
