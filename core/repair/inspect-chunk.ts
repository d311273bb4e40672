/** What one stored chunk says of itself, and what of it is damaged. */
import { crc32c } from "../bytes/crc32c.ts";
import { readTable } from "../chunk/decode.ts";
import { openObject } from "../chunk/object.ts";
import type { Block } from "../model/block.ts";
import { Corrupt } from "../model/errors.ts";
import type { Labels } from "../model/labels.ts";
import { type Codecs, ENCODINGS, type EncodingName } from "../ports/codecs.ts";
import { readChunkName } from "./chunk-name.ts";
import { type OpenChunk, openBlock, openChunk } from "./open-chunk.ts";

export interface BlockReport {
  readonly offset: number;
  readonly entries: number;
  /** Unix nanoseconds, both inclusive. */
  readonly minTime: bigint;
  readonly maxTime: bigint;
  readonly size: number;
  readonly uncompressedSize: number;
  /** What is wrong with it. */
  readonly problem?: string;
}

export interface ChunkReport {
  readonly key: string;
  readonly size: number;
  readonly checksum: number;
  /** Everything from here on is missing when the object is too damaged to tell. */
  readonly tenant?: string;
  readonly fingerprint?: bigint;
  readonly labels?: Labels;
  readonly fromMs?: number;
  readonly throughMs?: number;
  readonly format?: number;
  readonly encoding?: EncodingName;
  readonly symbols?: { readonly count: number; readonly bytes: number; readonly size: number };
  readonly blocks: readonly BlockReport[];
  readonly problems: readonly string[];
}

/** With `onBlock` the rows of each sound block are handed over in the order of the chunk. */
export async function inspectChunk(
  key: string,
  bytes: Uint8Array,
  codecs: Codecs,
  onBlock?: (block: Block) => Promise<void> | void,
): Promise<ChunkReport> {
  const problems: string[] = [];
  const checksum = crc32c(bytes);
  const wanted = readChunkName(key)?.name.checksum;
  if (wanted !== undefined && wanted !== checksum) {
    problems.push(`checksum is ${checksum.toString(16)}, the key says ${wanted.toString(16)}`);
  }
  const about = { key, size: bytes.length, checksum };
  const chunk = await attempt(problems, () => openChunk(bytes, codecs));
  if (chunk === undefined) return { ...about, ...(await remains(bytes)), blocks: [], problems };

  const blocks: BlockReport[] = [];
  for (const { rows: entries, ...meta } of chunk.table.blocks) {
    const problem: string[] = [];
    const block = await attempt(problem, () =>
      openBlock(chunk, { rows: entries, ...meta }, codecs),
    );
    if (block !== undefined) await onBlock?.(block);
    blocks.push({ entries, ...meta, ...(problem[0] !== undefined && { problem: problem[0] }) });
  }
  const damaged = blocks.filter(({ problem }) => problem !== undefined).length;
  if (damaged > 0) problems.push(`${damaged} of ${blocks.length} blocks are damaged`);
  return { ...about, ...headOf(chunk), blocks, problems };
}

export function encodingName(encoding: number): EncodingName {
  const names = Object.keys(ENCODINGS) as EncodingName[];
  return names.find((name) => ENCODINGS[name] === encoding)!;
}

function headOf({ tenant, fingerprint, labels, fromMs, throughMs, ...chunk }: OpenChunk) {
  const { format, encoding, symbols } = chunk.table;
  return {
    tenant,
    fingerprint,
    labels,
    fromMs,
    throughMs,
    format,
    encoding: encodingName(encoding),
    ...(symbols && {
      symbols: { count: chunk.symbols.length, bytes: chunk.symbolBytes, size: symbols.size },
    }),
  };
}

/** Of a chunk that does not open, the parts that do. */
async function remains(bytes: Uint8Array) {
  const object = await attempt([], () => openObject(bytes));
  if (object === undefined) return {};
  const { chunk, ...head } = object;
  const table = await attempt([], () => readTable(chunk));
  return {
    ...head,
    ...(table && { format: table.format, encoding: encodingName(table.encoding) }),
  };
}

async function attempt<T>(problems: string[], read: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Corrupt)) throw error;
    problems.push(error.message);
    return undefined;
  }
}
