/**
 * The rows of an entries record, from and to columns. Times are written as differences to the first
 * entry of the record; here they are 64-bit sums in 32-bit lanes, since a BigInt a row would cost
 * more than all the rest.
 */
import type { ByteCursor } from "../bytes/cursor.ts";
import { lanesOf } from "../bytes/lanes.ts";
import { utf8 } from "../bytes/text.ts";
import type { ByteWriter } from "../bytes/writer.ts";
import type { Block, MetadataColumn } from "../model/block.ts";
import { Corrupt } from "../model/errors.ts";

/** Writes the count and the rows of one stream: all, or those of a selection in its order. */
export function writeRows(
  out: ByteWriter,
  rows: Block,
  selection: Uint32Array | undefined,
  base: bigint,
): void {
  const { text, starts, ends, metadata } = rows;
  const lanes = lanesOf(rows.times);
  const [baseLow, baseHigh] = splitLanes(base);
  const delta = new Uint32Array(2);
  const pairs = metadata === undefined ? undefined : new PairWriter(metadata);
  const count = selection === undefined ? rows.rows : selection.length;
  out.uvarint(count);
  for (let index = 0; index < count; index++) {
    const row = selection === undefined ? index : selection[index]!;
    const low = lanes[2 * row]!;
    delta[0] = low - baseLow;
    delta[1] = lanes[2 * row + 1]! - baseHigh - (low < baseLow ? 1 : 0);
    out.varint64From(delta, 0);
    const start = starts[row]!;
    const end = ends[row]!;
    out.uvarint(end - start);
    out.slice(text, start, end);
    if (pairs === undefined) out.u8(0);
    else pairs.write(out, row);
  }
}

/** Writes the structured metadata of rows; each symbol is made bytes once. */
class PairWriter {
  readonly #metadata: MetadataColumn;
  readonly #symbols: (Uint8Array | undefined)[];

  constructor(metadata: MetadataColumn) {
    this.#metadata = metadata;
    this.#symbols = new Array(metadata.symbols.length);
  }

  write(out: ByteWriter, row: number): void {
    const { firsts, pairs } = this.#metadata;
    const first = firsts[row]!;
    const final = firsts[row + 1]!;
    out.uvarint(final - first);
    for (let index = 2 * first; index < 2 * final; index++) {
      const symbol = this.#symbol(pairs[index]!);
      out.uvarint(symbol.length);
      out.slice(symbol, 0, symbol.length);
    }
  }

  #symbol(index: number): Uint8Array {
    return (this.#symbols[index] ??= utf8(this.#metadata.symbols[index] ?? ""));
  }
}

/** Reads the count and the rows of one stream. Lines stay where they are in the cursor's bytes. */
export function readRows(cursor: ByteCursor, base: bigint, options: { metadata: boolean }): Block {
  const count = cursor.uvarint();
  // A row takes at least two bytes. Looking now keeps a damaged count from costing memory.
  if (count > cursor.left / 2) throw new Corrupt(`${count} entries in ${cursor.left} bytes`);
  const times = new BigInt64Array(count);
  const lanes = lanesOf(times);
  const starts = new Uint32Array(count);
  const ends = new Uint32Array(count);
  const metadata = options.metadata ? new PairReader(count) : undefined;
  const [baseLow, baseHigh] = splitLanes(base);

  for (let row = 0; row < count; row++) {
    cursor.varint64Into(lanes, row);
    const low = lanes[2 * row]! + baseLow;
    lanes[2 * row] = low;
    lanes[2 * row + 1] = lanes[2 * row + 1]! + baseHigh + (low > 0xffffffff ? 1 : 0);
    const size = cursor.uvarint();
    starts[row] = cursor.at;
    cursor.skip(size);
    ends[row] = cursor.at;
    metadata?.read(cursor, row);
  }
  const block: Block = { rows: count, times, text: cursor.bytes, starts, ends };
  const column = metadata?.column();
  return column === undefined ? block : { ...block, metadata: column };
}

/** Gathers the structured metadata of rows: names and values in one table of symbols. */
class PairReader {
  readonly #firsts: Uint32Array;
  readonly #symbols = new Map<string, number>();
  readonly #pairs: number[] = [];

  constructor(rows: number) {
    this.#firsts = new Uint32Array(rows + 1);
  }

  read(cursor: ByteCursor, row: number): void {
    const pairs = this.#pairs;
    for (let left = 2 * cursor.uvarint(); left > 0; left--) {
      pairs.push(this.#indexOf(cursor.string()));
    }
    this.#firsts[row + 1] = pairs.length >> 1;
  }

  /** The column, or undefined when no row has any. */
  column(): MetadataColumn | undefined {
    if (this.#pairs.length === 0) return undefined;
    return {
      symbols: [...this.#symbols.keys()],
      firsts: this.#firsts,
      pairs: Uint32Array.from(this.#pairs),
    };
  }

  #indexOf(symbol: string): number {
    const known = this.#symbols.get(symbol);
    if (known !== undefined) return known;
    this.#symbols.set(symbol, this.#symbols.size);
    return this.#symbols.size - 1;
  }
}

function splitLanes(value: bigint): [low: number, high: number] {
  return [Number(BigInt.asUintN(32, value)), Number(BigInt.asUintN(32, value >> 32n))];
}
