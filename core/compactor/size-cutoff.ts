/**
 * `retention_size`: when the objects of a bucket weigh more, the oldest days go, those of all tenants
 * together, until the rest is within it. Weighed by listing the bucket: an index does not know what its
 * chunks weigh in the store.
 */
import { fromFilesystemKey, parseChunkKey } from "../chunk/keys.ts";
import { Corrupt } from "../model/errors.ts";
import { DAY_MS } from "../model/schema.ts";
import type { Clock } from "../ports/clock.ts";
import type { Journal } from "../ports/journal.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { decodeMarks } from "./marks.ts";
import { MARKS } from "./places.ts";

export interface SizeParts {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly journal: Journal;
}

/** What ends before this moment, Unix milliseconds, has to go; -Infinity when the bucket is within the limit. */
export async function sizeCutoff(sizeBytes: number, parts: SizeParts): Promise<number> {
  if (sizeBytes <= 0) return -Infinity;
  const { days, total } = await weighDays(parts);
  if (total <= sizeBytes) return -Infinity;
  const today = Math.floor(parts.clock.nowMs() / DAY_MS);
  let rest = total;
  let cutoffMs = -Infinity;
  for (const [day, bytes] of [...days].sort(([a], [b]) => a - b)) {
    // Today stays: what arrives cannot be kept smaller by throwing it away.
    if (rest <= sizeBytes || day >= today) break;
    rest -= bytes;
    cutoffMs = (day + 1) * DAY_MS;
  }
  const more = rest > sizeBytes ? ", which is not enough without the current day" : "";
  parts.journal.log("warn", `bucket is larger than retention_size${more}`, {
    bytes: total,
    retention_size: sizeBytes,
    ...(Number.isFinite(cutoffMs) && { wanted_gone_before: new Date(cutoffMs).toISOString() }),
  });
  return cutoffMs;
}

/** Bytes of chunks by the day of their last line, and of everything that does not wait to be deleted. */
async function weighDays(parts: SizeParts): Promise<{ days: Map<number, number>; total: number }> {
  const marked = await markedChunks(parts);
  const days = new Map<number, number>();
  let total = 0;
  for await (const { key, size } of parts.store.list("")) {
    const name = parseChunkKey(key) ?? filesystemName(key);
    if (name !== undefined && marked.has(identity(name))) continue;
    total += size;
    if (name === undefined) continue;
    const day = Math.floor(name.throughMs / DAY_MS);
    days.set(day, (days.get(day) ?? 0) + size);
  }
  return { days, total };
}

async function markedChunks({ store, journal }: SizeParts): Promise<Set<number>> {
  const marked = new Set<number>();
  for await (const { key } of store.list(MARKS)) {
    const bytes = await store.get(key);
    if (bytes === undefined) continue;
    try {
      for (const name of decodeMarks(bytes)) marked.add(identity(name));
    } catch (error) {
      if (!(error instanceof Corrupt)) throw error;
      journal.log("error", "marks are damaged", { key, err: error.message });
    }
  }
  return marked;
}

/** A number that tells chunks apart well enough to weigh them: 32 bits of content, 21 of the stream. */
function identity({ checksum, fingerprint }: { checksum: number; fingerprint: bigint }): number {
  return checksum * 2 ** 21 + Number(fingerprint & 0x1fffffn);
}

function filesystemName(key: string) {
  try {
    return parseChunkKey(fromFilesystemKey(key));
  } catch (error) {
    if (error instanceof Corrupt) return undefined;
    throw error;
  }
}
