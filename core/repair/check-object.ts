/** Holds one stored chunk against its name, its checksums and what the index says of it. */
import { crc32c } from "../bytes/crc32c.ts";
import { ByteCursor } from "../bytes/cursor.ts";
import { fingerprint } from "../labels/fingerprint.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import { Corrupt } from "../model/errors.ts";
import { msCeilOf, msOf } from "../model/time.ts";
import type { Codecs } from "../ports/codecs.ts";
import type { NamedChunk } from "./chunk-name.ts";
import type { Finding, FindingKind } from "./finding.ts";
import { type OpenChunk, openBlock, openChunk, refOf } from "./open-chunk.ts";

/** Fingerprints up to that are numbers given to streams whose own fingerprint was taken. */
const MAPPED_MAX = 1n << 20n;
const WORD = 4;

export interface CheckedObject {
  readonly findings: readonly Finding[];
  /** Lines of the blocks that could be read. */
  readonly lines: number;
  readonly blocks: number;
}

/** `weight` is what the index says; undefined when it does not name the chunk. */
export async function checkObject(
  { key, name }: NamedChunk,
  bytes: Uint8Array,
  weight: Pick<ChunkRef, "kb" | "entries"> | undefined,
  codecs: Codecs,
): Promise<CheckedObject> {
  const findings: Finding[] = [];
  const found = (kind: FindingKind, what: string) => findings.push({ kind, key, what });
  const kind = isTruncated(bytes) ? "truncated" : "damaged";
  const checksum = crc32c(bytes);
  const count = { lines: 0, blocks: 0 };
  try {
    const chunk = await openChunk(bytes, codecs);
    await readBlocks(chunk, codecs, count, (what) => found(kind, what));
    const other = differenceOf(chunk, name);
    if (other !== undefined) found("damaged", other);
    if (findings.length === 0 && weight !== undefined) {
      const ref = await refOf(chunk, codecs);
      if (ref.entries !== weight.entries || ref.kb !== weight.kb) {
        found("differs", `the index says ${weightText(weight)}, the chunk has ${weightText(ref)}`);
      }
    }
  } catch (error) {
    if (!(error instanceof Corrupt)) throw error;
    found(kind, error.message);
  }
  // Bytes that no section's checksum covers are covered by that of the whole.
  if (findings.length === 0 && checksum !== name.checksum) {
    found(
      "damaged",
      `checksum is ${checksum.toString(16)}, the key says ${name.checksum.toString(16)}`,
    );
  }
  return { findings, ...count };
}

async function readBlocks(
  chunk: OpenChunk,
  codecs: Codecs,
  count: { lines: number; blocks: number },
  damaged: (what: string) => void,
): Promise<void> {
  for (const [index, meta] of chunk.table.blocks.entries()) {
    try {
      const { rows } = await openBlock(chunk, meta, codecs);
      count.lines += rows;
      count.blocks++;
    } catch (error) {
      if (!(error instanceof Corrupt)) throw error;
      damaged(`block ${index + 1} of ${chunk.table.blocks.length}: ${error.message}`);
      continue;
    }
    if (msOf(meta.minTime) < chunk.fromMs || msCeilOf(meta.maxTime) > chunk.throughMs) {
      damaged(
        `block ${index + 1} of ${chunk.table.blocks.length} lies outside of the chunk's time`,
      );
    }
  }
}

/** How a chunk is not the one that its name says. */
function differenceOf(chunk: OpenChunk, name: NamedChunk["name"]): string | undefined {
  const { tenant, fingerprint: stream, fromMs, throughMs, labels } = chunk;
  if (
    tenant !== name.tenant ||
    stream !== name.fingerprint ||
    fromMs !== name.fromMs ||
    throughMs !== name.throughMs
  ) {
    return `object is of tenant ${tenant}, stream ${stream.toString(16)}, ${fromMs} to ${throughMs}`;
  }
  const own = fingerprint(labels);
  if (stream !== own && stream > MAPPED_MAX) {
    return `labels are of stream ${own.toString(16)}, not of ${stream.toString(16)}`;
  }
  return undefined;
}

/** Whether the lengths in the object pass its end. */
function isTruncated(bytes: Uint8Array): boolean {
  if (bytes.length < WORD) return true;
  const end = new ByteCursor(bytes).u32();
  if (end + WORD > bytes.length) return true;
  return end >= WORD && end + WORD + new ByteCursor(bytes, end).u32() > bytes.length;
}

function weightText({ entries, kb }: Pick<ChunkRef, "kb" | "entries">): string {
  return `${entries} entries and ${kb} KiB`;
}
