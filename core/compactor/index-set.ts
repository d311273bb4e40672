/** The index of one tenant in one table: read from its files, whatever they are, and replaced by one. */
import { release } from "../bytes/release.ts";
import { ByteWriter } from "../bytes/writer.ts";
import { INDEX_SIZE_MAX } from "../index/layout.ts";
import { named } from "../index/open.ts";
import { IndexReader } from "../index/reader.ts";
import { compactedFileName, GZIP_SUFFIX, indexKey, type Table } from "../index/table.ts";
import { Unavailable } from "../model/errors.ts";
import { indexVersionOf } from "../model/schema.ts";
import type { Tenant } from "../model/tenant.ts";
import type { Clock } from "../ports/clock.ts";
import { type Codecs, ENCODINGS } from "../ports/codecs.ts";
import type { Journal } from "../ports/journal.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { IndexMerge } from "./merge-index.ts";
import type { MergedTenant } from "./merged-tenant.ts";
import { pooled } from "./pool.ts";
import { type WrittenIndex, writeIndex } from "./write-index.ts";

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

/** A file as it is when decompressed, the caller's to release. Corrupt with the key, Unavailable when it went away. */
export async function fetchBytes(key: string, parts: IndexParts): Promise<Uint8Array> {
  const { store, codecs, signal } = parts;
  signal?.throwIfAborted();
  const stored = await store.get(key, signal && { signal });
  if (stored === undefined) throw new Unavailable(`index file ${key} went away meanwhile`);
  if (!key.endsWith(GZIP_SUFFIX)) return stored;
  try {
    const bytes = await codecs.decompress(ENCODINGS.gzip, stored, { sizeMax: INDEX_SIZE_MAX });
    if (bytes.buffer !== stored.buffer) release(stored);
    return bytes;
  } catch (error) {
    throw named(key, error);
  }
}

/** The same with every byte that a reader reads proven. */
export async function fetchIndex(key: string, parts: IndexParts): Promise<IndexReader> {
  const bytes = await fetchBytes(key, parts);
  return blaming(key, () => {
    const reader = IndexReader.open(bytes);
    reader.prove();
    return reader;
  });
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
  const { table, tenant, common, own } = sources;
  // Fast path: compacted already.
  if (common.length === 0 && own.length === 1) return await fetchIndex(own[0]!, parts);
  const merge = new IndexMerge();
  for (const key of common) {
    const bytes = await fetchBytes(key, parts);
    blaming(key, () => merge.addCommon(bytes));
  }
  for (const key of own) {
    const bytes = await fetchBytes(key, parts);
    blaming(key, () => merge.addOwn(bytes, tenant));
  }
  const merged = merge.tenants.get(tenant);
  if (merged === undefined || merged.seriesCount === 0) return undefined;
  const file = new ByteWriter(64 * 1024);
  await writeIndex(merged, indexVersionOf(table.period), (piece) => file.raw(piece));
  return IndexReader.open(file.view());
}

/** A new index file, compressed, and what names it. */
export interface PackedIndex {
  readonly stored: Uint8Array;
  readonly bounds: {
    readonly fromMs: number;
    readonly throughMs: number;
    readonly checksum: number;
  };
}

/** As one gzip member: Go's readers take several, others stop after the first. */
export async function packMerged(
  merged: MergedTenant,
  version: 2 | 3,
  codecs: Codecs,
): Promise<PackedIndex & { readonly written: WrittenIndex }> {
  const gzip = codecs.gzip();
  const written = await writeIndex(merged, version, (piece) => gzip.write(piece));
  return { stored: await gzip.finish(), bounds: written, written };
}

/** Of a file that is whole in memory. */
export async function packWhole(file: Uint8Array, codecs: Codecs): Promise<PackedIndex> {
  // Opening what was written is the other half of proving what was read.
  const bounds = IndexReader.open(file);
  return { stored: await codecs.compress(ENCODINGS.gzip, file), bounds };
}

/** Uploads the file that takes the place of `own`, under a key that none of them has: readers keep files by their name. */
export async function uploadIndex(
  file: {
    readonly table: Table;
    readonly tenant: Tenant;
    readonly own: readonly string[];
    readonly packed: PackedIndex;
  },
  parts: IndexParts,
): Promise<void> {
  const { signal } = parts;
  await parts.store.put(freshKey(file, parts), file.packed.stored, signal && { signal });
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
  {
    table,
    tenant,
    own,
    packed,
  }: { table: Table; tenant: Tenant; own: readonly string[]; packed: PackedIndex },
  { clock, prefix }: IndexParts,
): string {
  let seconds = Math.floor(clock.nowMs() / 1000);
  for (;;) {
    const file = compactedFileName(seconds, packed.bounds);
    const key = indexKey(prefix, table.name, file, tenant);
    if (!own.includes(key)) return key;
    seconds++;
  }
}
