/**
 * Marks: the names of chunks that may be no longer wanted, in objects of the bucket. A mark is written
 * before the index file that leaves the chunk out, and before a chunk that no index names yet; so a
 * chunk without a name in an index always has a mark, wherever the compactor was killed. The other way
 * round a mark proves nothing: who deletes by it asks the index first (sweep.ts).
 */
import { crc32c } from "../bytes/crc32c.ts";
import { fromUtf8, utf8 } from "../bytes/text.ts";
import { type ChunkName, chunkKey, parseChunkKey } from "../chunk/keys.ts";
import { Corrupt } from "../model/errors.ts";
import type { Clock, Random } from "../ports/clock.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { MARKS, stampedKey } from "./places.ts";

/** Chunks that one object marks. */
export const MARKS_MAX = 100_000;

const HEAD = /^lokits-marks 1 (\d{1,6}) ([0-9a-f]{8})\n/;

/** The name of a chunk as one text, the same whatever the schema of its period. */
export function nameText(chunk: ChunkName): string {
  return chunkKey("v12", chunk.tenant, chunk.fingerprint, chunk);
}

export function encodeMarks(chunks: readonly ChunkName[]): Uint8Array {
  const body = utf8(chunks.map((chunk) => `${nameText(chunk)}\n`).join(""));
  const sum = crc32c(body).toString(16).padStart(8, "0");
  const head = utf8(`lokits-marks 1 ${chunks.length} ${sum}\n`);
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  return bytes;
}

/** Throws Corrupt unless every byte is as it was written. */
export function decodeMarks(bytes: Uint8Array): ChunkName[] {
  const head = HEAD.exec(fromUtf8(bytes.subarray(0, 64)));
  if (head === null) throw new Corrupt("marks do not start with lokits-marks 1");
  const body = bytes.subarray(head[0].length);
  const sum = crc32c(body).toString(16).padStart(8, "0");
  if (sum !== head[2]) throw new Corrupt(`marks: checksum is ${head[2]}, of the bytes ${sum}`);
  const lines = fromUtf8(body).split("\n").slice(0, -1);
  if (lines.length !== Number(head[1])) {
    throw new Corrupt(`${head[1]} marks claimed, ${lines.length} there`);
  }
  return lines.map((line) => {
    const name = parseChunkKey(line);
    if (name === undefined) throw new Corrupt(`mark ${JSON.stringify(line)} is no chunk`);
    return name;
  });
}

export class Marker {
  readonly #store: ObjectStore;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(parts: { store: ObjectStore; clock: Clock; random: Random }) {
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#random = parts.random;
  }

  /** When this resolves the marks last. */
  async mark(chunks: readonly ChunkName[]): Promise<void> {
    for (let first = 0; first < chunks.length; first += MARKS_MAX) {
      const some = chunks.slice(first, first + MARKS_MAX);
      const key = stampedKey(MARKS, this.#clock.nowMs(), this.#random);
      await this.#store.put(key, encodeMarks(some));
    }
  }
}
