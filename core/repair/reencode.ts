/** A stored chunk as another bucket wants it: other tenant, encoding, format, or a part of its time. */
import { crc32c } from "../bytes/crc32c.ts";
import { encodeChunk } from "../chunk/builder.ts";
import type { WrittenFormat } from "../chunk/layout.ts";
import { encodeObject } from "../chunk/object.ts";
import type { Block } from "../model/block.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import { assert, BadRequest, Corrupt } from "../model/errors.ts";
import { msCeilOf, msOf } from "../model/time.ts";
import type { Codecs, Encoding } from "../ports/codecs.ts";
import { type OpenChunk, openBlock, openChunk, refOf } from "./open-chunk.ts";

export interface ChunkForm {
  readonly tenant: string;
  readonly format: WrittenFormat;
  /** Undefined keeps the chunk's own. */
  readonly encoding: Encoding | undefined;
  /** Unix nanoseconds, the end exclusive. */
  readonly from: bigint;
  readonly to: bigint;
}

export interface Reencoded {
  /** Undefined when no line of the chunk is wanted. */
  readonly object: Uint8Array | undefined;
  readonly ref: ChunkRef | undefined;
  /** Lines that are wanted, of blocks that could be read. */
  readonly linesIn: number;
  readonly linesOut: number;
  /** Why blocks could not be read. */
  readonly damage: readonly string[];
}

/** `bytes` are those of the object, which is sound as a whole when `isSound`. */
export async function reencode(
  { chunk, bytes, isSound }: { chunk: OpenChunk; bytes: Uint8Array; isSound: boolean },
  form: ChunkForm,
  codecs: Codecs,
): Promise<Reencoded> {
  const { blocks, format, encoding } = chunk.table;
  const isWhole = blocks.every(({ minTime, maxTime }) => minTime >= form.from && maxTime < form.to);
  const isAlike = format === form.format && (form.encoding ?? encoding) === encoding;
  // Fast path: the blocks stay as they are.
  if (isSound && isWhole && isAlike) {
    const isOwn = chunk.tenant === form.tenant;
    const object = isOwn ? bytes : encodeObject({ ...chunk, tenant: form.tenant });
    const ref = { ...(await refOf(chunk, codecs)), checksum: crc32c(object) };
    return { object, ref, linesIn: ref.entries, linesOut: ref.entries, damage: [] };
  }
  const { kept, damage } = await wantedBlocks(chunk, form, codecs);
  const linesIn = kept.reduce((sum, { rows }) => sum + rows, 0);
  if (linesIn === 0) return { object: undefined, ref: undefined, linesIn, linesOut: 0, damage };
  if (form.format < 4 && kept.some(({ metadata }) => (metadata?.pairs.length ?? 0) > 0)) {
    throw new BadRequest(
      `chunk of stream ${chunk.fingerprint.toString(16)} has structured metadata, which only schema v13 keeps`,
    );
  }
  const inner = await encodeChunk(kept, {
    format: form.format,
    encoding: form.encoding ?? encoding,
    codecs,
  });
  const object = encodeObject({ ...chunk, tenant: form.tenant, ...timesOf(kept), chunk: inner });
  // Reading what was written proves it, and says what the index has to.
  const ref = await refOf(await openChunk(object, codecs), codecs);
  assert(ref.entries <= linesIn, `${ref.entries} lines were made of ${linesIn}`);
  return { object, ref, linesIn, linesOut: ref.entries, damage };
}

async function wantedBlocks(
  chunk: OpenChunk,
  { from, to }: ChunkForm,
  codecs: Codecs,
): Promise<{ kept: Block[]; damage: string[] }> {
  const [kept, damage]: [Block[], string[]] = [[], []];
  for (const meta of chunk.table.blocks) {
    if (meta.maxTime < from || meta.minTime >= to) continue;
    try {
      const block = between(await openBlock(chunk, meta, codecs), from, to);
      if (block.rows > 0) kept.push(block);
    } catch (error) {
      if (!(error instanceof Corrupt)) throw error;
      damage.push(error.message);
    }
  }
  return { kept, damage };
}

/** The rows of [from, to), as views. */
function between(block: Block, from: bigint, to: bigint): Block {
  const { times, starts, ends, metadata } = block;
  const [first, end] = [lowerBound(times, from), lowerBound(times, to)];
  if (first === 0 && end === block.rows) return block;
  return {
    ...block,
    rows: end - first,
    times: times.subarray(first, end),
    starts: starts.subarray(first, end),
    ends: ends.subarray(first, end),
    ...(metadata && {
      metadata: { ...metadata, firsts: metadata.firsts.subarray(first, end + 1) },
    }),
  };
}

/** The first row at or after a time. */
function lowerBound(times: BigInt64Array, time: bigint): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function timesOf(blocks: readonly Block[]): { fromMs: number; throughMs: number } {
  let [min, max] = [blocks[0]!.times[0]!, blocks[0]!.times[0]!];
  for (const { times, rows } of blocks) {
    if (times[0]! < min) min = times[0]!;
    if (times[rows - 1]! > max) max = times[rows - 1]!;
  }
  return { fromMs: msOf(min), throughMs: msCeilOf(max) };
}
