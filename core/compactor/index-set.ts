/** The index of one tenant in one table: read from its files, whatever they are, and replaced by one. */
import { named, openIndexFile } from "../index/open.ts";
import { IndexReader } from "../index/reader.ts";
import { compactedFileName, indexKey, type Table } from "../index/table.ts";
import { Unavailable } from "../model/errors.ts";
import { indexVersionOf } from "../model/schema.ts";
import type { Tenant } from "../model/tenant.ts";
import type { Clock } from "../ports/clock.ts";
import { type Codecs, ENCODINGS } from "../ports/codecs.ts";
import type { Journal } from "../ports/journal.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { mergeTenant } from "./merge-index.ts";
import { pooled } from "./pool.ts";

export interface IndexParts {
  /** Where the index lies: with the chunks, or in a store of its own. */
  readonly store: ObjectStore;
  readonly codecs: Codecs;
  /** Where the tables lie in the store, `index/`. */
  readonly prefix: string;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly signal?: AbortSignal;
}

/** Files that are fetched or deleted at a time. */
export const INDEX_LANES = 16;

/** A file whose every byte that a merge reads is proven. Corrupt with the key, Unavailable when it went away. */
export async function fetchIndex(key: string, parts: IndexParts): Promise<IndexReader> {
  const { store, codecs, signal } = parts;
  signal?.throwIfAborted();
  const stored = await store.get(key, signal && { signal });
  if (stored === undefined) throw new Unavailable(`index file ${key} went away meanwhile`);
  const reader = await openIndexFile(key, stored, codecs);
  blaming(key, () => reader.prove());
  return reader;
}

/** One reader of all files of a tenant; undefined when they have no series of it. */
export async function readTenant(
  sources: {
    readonly table: Table;
    readonly tenant: Tenant;
    readonly common: readonly string[];
    readonly own: readonly string[];
  },
  parts: IndexParts,
): Promise<IndexReader | undefined> {
  const { table, tenant } = sources;
  const fetched = (keys: readonly string[]) =>
    pooled(keys, INDEX_LANES, (key) => fetchIndex(key, parts));
  const [common, own] = [await fetched(sources.common), await fetched(sources.own)];
  // Fast path: compacted already.
  if (common.length === 0 && own.length === 1) return own[0];
  const version = indexVersionOf(table.period);
  const merged = mergeTenant({ tenant, common, own, version });
  return merged && IndexReader.open(merged);
}

/** Uploads the file that takes the place of `own`, under a key that none of them has: readers keep files by their name. */
export async function uploadIndex(
  file: {
    readonly table: Table;
    readonly tenant: Tenant;
    readonly own: readonly string[];
    readonly merged: Uint8Array;
  },
  parts: IndexParts,
): Promise<{ key: string; size: number }> {
  const { codecs, signal } = parts;
  const stored = await codecs.compress(ENCODINGS.gzip, file.merged);
  // Opening what was written is the other half of proving what was read.
  const key = freshKey(file, IndexReader.open(file.merged), parts);
  await parts.store.put(key, stored, signal && { signal });
  return { key, size: stored.length };
}

export async function removeIndex(
  files: { readonly table: Table; readonly tenant?: Tenant; readonly keys: readonly string[] },
  { store, journal }: IndexParts,
): Promise<void> {
  const { table, tenant, keys } = files;
  if (keys.length === 0) return;
  journal.log("info", "removing source db files from storage", {
    "table-name": table.name,
    ...(tenant === undefined ? {} : { "user-id": tenant }),
    count: keys.length,
  });
  await pooled(keys, INDEX_LANES, (key) => store.delete(key));
}

/** Runs `read`, and says of which file it is when that file is damaged. */
export function blaming<T>(key: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw named(key, error);
  }
}

function freshKey(
  { table, tenant, own }: { table: Table; tenant: Tenant; own: readonly string[] },
  reader: IndexReader,
  { clock, prefix }: IndexParts,
): string {
  let seconds = Math.floor(clock.nowMs() / 1000);
  for (;;) {
    const file = compactedFileName(seconds, reader);
    const key = indexKey(prefix, table.name, file, tenant);
    if (!own.includes(key)) return key;
    seconds++;
  }
}
