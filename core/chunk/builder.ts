/**
 * A chunk in memory while it fills: an open head, and blocks that were cut from it and are compressed.
 * Appending is synchronous. Where the codec is not, a cut block keeps its text until it is done.
 */

import { utf8Size } from "../bytes/text.ts";
import type { Block } from "../model/block.ts";
import { assert } from "../model/errors.ts";
import { type Codecs, ENCODINGS, type Encoding } from "../ports/codecs.ts";
import type { BlockHandle } from "../ports/log-source.ts";
import { decodeHead, encodeHead } from "./checkpoint.ts";
import { blockBytes, decodeBlock, readSymbols, readTable } from "./decode.ts";
import { type PackedBlock, writeChunk } from "./encode.ts";
import { HeadBlock } from "./head.ts";
import { BLOCK_ROWS_MAX, BLOCKS_WITHOUT_TARGET, type WrittenFormat } from "./layout.ts";
import { mergeBlocks } from "./merge.ts";
import { SymbolTable } from "./symbols.ts";

export interface ChunkOptions {
  readonly format: WrittenFormat;
  readonly encoding: Encoding;
  /** Size at which the head is cut, as `HeadBlock.size` counts. */
  readonly blockSize: number;
  /** Compressed size at which the chunk is full; 0 for ten blocks. */
  readonly targetSize: number;
  readonly codecs: Codecs;
}

/** A chunk as a checkpoint holds it. */
export interface ChunkCheckpoint {
  /** The chunk of the cut blocks, its symbols not compressed. */
  readonly data: Uint8Array;
  readonly head: Uint8Array;
}

/** A block that was cut. Until it is packed it has its payload instead. */
interface CutBlock extends Omit<PackedBlock, "packed"> {
  packed: Uint8Array | undefined;
  payload: Uint8Array | undefined;
  packing: Promise<void> | undefined;
}

export class ChunkBuilder {
  readonly #options: ChunkOptions;
  #symbols = new SymbolTable();
  #head: HeadBlock;
  #blocks: CutBlock[] = [];
  /** Bytes of all blocks: packed, or the payload of those that are not yet. */
  #packedSize = 0;
  /** Size of the chunk as it was last written; undefined when it has grown since. */
  #closedSize: number | undefined;

  constructor(options: ChunkOptions) {
    this.#options = options;
    this.#head = new HeadBlock(options.format, this.#symbols);
  }

  /** Restores what `toCheckpoint` gave. The chunk goes on in the format and encoding that it has. */
  static fromCheckpoint(
    { data, head }: ChunkCheckpoint,
    options: Omit<ChunkOptions, "format">,
  ): ChunkBuilder {
    const table = readTable(data);
    const format = table.format >= 4 ? 4 : 3;
    const builder = new ChunkBuilder({ ...options, format, encoding: table.encoding });
    const symbols = readSymbols(data, table, options.codecs, { plain: true });
    assert(!(symbols instanceof Promise), "symbols of a checkpoint are not compressed");
    builder.#symbols = new SymbolTable(symbols);
    builder.#head = new HeadBlock(format, builder.#symbols);
    builder.#blocks = table.blocks.map(({ rows, minTime, maxTime, uncompressedSize }, index) => ({
      rows,
      minTime,
      maxTime,
      uncompressedSize,
      packed: blockBytes(data, table, table.blocks[index]!).slice(),
      payload: undefined,
      packing: undefined,
    }));
    builder.#packedSize = table.blocks.reduce((sum, { size }) => sum + size, 0);
    const open = decodeHead(head, symbols);
    for (let row = 0; row < (open?.rows ?? 0); row++) builder.#head.append(open!, row);
    return builder;
  }

  get rows(): number {
    return this.#blocks.reduce((sum, { rows }) => sum + rows, this.#head.rows);
  }

  /** Bytes of lines, and what symbols and pairs of structured metadata count. */
  get uncompressedSize(): number {
    const blocks = this.#blocks.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0);
    return this.#head.size + blocks + this.#symbols.size;
  }

  /** Bytes of the chunk; of one that is still open, with the head as it is. */
  get compressedSize(): number {
    return this.#closedSize ?? this.#head.size + this.#packedSize + this.#symbols.size;
  }

  /** How full the chunk is, 1 for full. */
  get utilization(): number {
    const { targetSize, blockSize } = this.#options;
    if (targetSize > 0) return this.compressedSize / targetSize;
    return this.uncompressedSize / (BLOCKS_WITHOUT_TARGET * blockSize);
  }

  /** Bytes of memory held. */
  get memoryBytes(): number {
    return this.#head.memoryBytes + this.#packedSize + 2 * this.#symbols.size;
  }

  /** First and last time, both inclusive. Only of a chunk with rows. */
  bounds(): { minTime: bigint; maxTime: bigint } {
    // Fast path: of very many streams most have a few lines each.
    if (this.#blocks.length === 0 && this.#head.rows > 0) {
      return { minTime: this.#head.minTime, maxTime: this.#head.maxTime };
    }
    const parts: { minTime: bigint; maxTime: bigint }[] = [...this.#blocks];
    if (this.#head.rows > 0) parts.push(this.#head);
    assert(parts.length > 0, "a chunk without rows has no bounds");
    let { minTime, maxTime } = parts[0]!;
    for (const part of parts) {
      if (part.minTime < minTime) minTime = part.minTime;
      if (part.maxTime > maxTime) maxTime = part.maxTime;
    }
    return { minTime, maxTime };
  }

  /** Whether the chunk takes this row, or is full and wants a next one to follow it. */
  spaceFor(rows: Block, row: number): boolean {
    const { format, targetSize } = this.#options;
    if (targetSize <= 0) return this.#blocks.length < BLOCKS_WITHOUT_TARGET;
    let size = this.#packedSize + this.#head.size + rows.ends[row]! - rows.starts[row]!;
    if (format >= 4) size += this.#symbols.size + metadataSize(rows, row);
    return size < targetSize;
  }

  /** Takes a copy of a row; cuts the head when that fills it. */
  append(rows: Block, row: number): "appended" | "duplicate" {
    const appended = this.#head.append(rows, row);
    this.#closedSize = undefined;
    if (this.#head.size >= this.#options.blockSize || this.#head.rows >= BLOCK_ROWS_MAX) this.cut();
    return appended;
  }

  /** Makes a block of the head, if there is anything in it. */
  cut(): void {
    const head = this.#head;
    if (head.rows === 0) return;
    const block: CutBlock = {
      rows: head.rows,
      minTime: head.minTime,
      maxTime: head.maxTime,
      uncompressedSize: head.size,
      packed: undefined,
      payload: head.payload(),
      packing: undefined,
    };
    this.#blocks.push(block);
    this.#packedSize += block.payload!.length;
    // A stream that filled one block most often fills the next with about as much.
    const room = {
      textSize: Math.ceil(1.1 * block.payload!.length),
      rows: Math.ceil(1.1 * head.rows),
    };
    this.#head = new HeadBlock(this.#options.format, this.#symbols, room);
    this.#pack(block);
  }

  /**
   * Cuts the head and gives the bytes of the chunk, its blocks one after the other in time. May be
   * called again, and the chunk may be read and appended to before and after.
   */
  close(): Uint8Array | Promise<Uint8Array> {
    this.cut();
    // Fast path: nothing to wait for and nothing to put in order.
    if (this.#isPacked() && this.#isOrdered()) return this.#write();
    return this.#closeLater();
  }

  /** Resolves when no block is being compressed any more. */
  async settle(): Promise<void> {
    for (const block of this.#blocks) {
      if (block.packed === undefined) await this.#pack(block);
    }
  }

  /** The blocks in the order they were cut, and the head, for queries while the chunk is in memory. */
  handles(): BlockHandle[] {
    const handles: BlockHandle[] = this.#blocks.map((block) => ({
      minTime: block.minTime,
      maxTime: block.maxTime,
      rows: block.rows,
      bytes: block.uncompressedSize,
      read: () => this.#read(block),
    }));
    const head = this.#head;
    if (head.rows > 0) {
      // The head as it is now: rows that come later may lie outside of these bounds.
      const block = head.block();
      const { minTime, maxTime, rows, size: bytes } = head;
      handles.push({ minTime, maxTime, rows, bytes, read: () => block });
    }
    return handles;
  }

  /** The chunk and its head as a checkpoint has them. Where the codec is asynchronous, `settle` comes before. */
  toCheckpoint(): ChunkCheckpoint {
    const { format, encoding } = this.#options;
    const head = encodeHead(this.#head, format);
    const symbols = { count: this.#symbols.list.length, packed: this.#symbols.encode() };
    const data = writeChunk({ format, encoding, symbols, blocks: this.#packedBlocks() });
    return { data, head };
  }

  #pack(block: CutBlock): Promise<void> | undefined {
    if (block.packing !== undefined) return block.packing;
    const { encoding, codecs } = this.#options;
    const payload = block.payload!;
    const done = (packed: Uint8Array) => {
      // What is stored as it is would keep the whole buffer of the head alive.
      block.packed = packed.buffer === payload.buffer ? packed.slice() : packed;
      block.payload = undefined;
      this.#packedSize += block.packed.length - payload.length;
      block.packing = undefined;
    };
    const packed = codecs.compress(encoding, payload);
    if (!(packed instanceof Promise)) {
      done(packed);
      return undefined;
    }
    block.packing = packed.then(done).finally(() => {
      block.packing = undefined;
    });
    // A failure is seen by whoever settles or closes; until then the payload is still here.
    block.packing.catch(() => {});
    return block.packing;
  }

  async #closeLater(): Promise<Uint8Array> {
    await this.settle();
    if (!this.#isOrdered()) {
      this.#rebuild(await Promise.all(this.#blocks.map((block) => this.#read(block))));
      await this.settle();
    }
    return this.#write();
  }

  /** Appends all rows anew in time order, each entry once, so that blocks follow one another. */
  #rebuild(blocks: readonly Block[]): void {
    const fresh = new ChunkBuilder(this.#options);
    const { block } = mergeBlocks(blocks);
    for (let row = 0; row < block.rows; row++) fresh.append(block, row);
    fresh.cut();
    this.#symbols = fresh.#symbols;
    this.#head = fresh.#head;
    this.#blocks = fresh.#blocks;
    this.#packedSize = fresh.#packedSize;
  }

  #write(): Uint8Array | Promise<Uint8Array> {
    const { format, encoding, codecs } = this.#options;
    const blocks = this.#packedBlocks();
    const count = this.#symbols.list.length;
    const finish = (packed: Uint8Array) => {
      const chunk = writeChunk({ format, encoding, symbols: { count, packed }, blocks });
      this.#closedSize = chunk.length;
      return chunk;
    };
    if (format < 4) return finish(new Uint8Array(0));
    const packed = codecs.compress(encoding, this.#symbols.encode());
    return packed instanceof Promise ? packed.then(finish) : finish(packed);
  }

  #read(block: CutBlock): Block | Promise<Block> {
    const { format, encoding, codecs } = this.#options;
    const { packed, payload } = block;
    return decodeBlock(packed ?? payload!, block, {
      format,
      encoding: packed === undefined ? ENCODINGS.none : encoding,
      symbols: this.#symbols.list,
      codecs,
    });
  }

  #isPacked(): boolean {
    return this.#blocks.every(({ packed }) => packed !== undefined);
  }

  #isOrdered(): boolean {
    return this.#blocks.every(
      ({ minTime }, index) => index === 0 || this.#blocks[index - 1]!.maxTime <= minTime,
    );
  }

  #packedBlocks(): PackedBlock[] {
    return this.#blocks.map(({ packed, ...rest }) => {
      assert(packed !== undefined, "a block is still being compressed");
      return { ...rest, packed };
    });
  }
}

/** One chunk of whole blocks, each of which stays a block unless their times overlap. */
export function encodeChunk(
  blocks: readonly Block[],
  options: Pick<ChunkOptions, "format" | "encoding" | "codecs">,
): Uint8Array | Promise<Uint8Array> {
  const builder = new ChunkBuilder({
    ...options,
    blockSize: Number.POSITIVE_INFINITY,
    targetSize: 0,
  });
  for (const block of blocks) {
    for (let row = 0; row < block.rows; row++) builder.append(block, row);
    builder.cut();
  }
  return builder.close();
}

function metadataSize({ metadata }: Block, row: number): number {
  if (metadata === undefined) return 0;
  const { symbols, firsts, pairs } = metadata;
  let size = 0;
  for (let at = 2 * firsts[row]!; at < 2 * firsts[row + 1]!; at++) {
    size += utf8Size(symbols[pairs[at]!] ?? "");
  }
  return size;
}
