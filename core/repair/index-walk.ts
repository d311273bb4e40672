/** The index files of a bucket, table by table, each opened when its turn comes. */
import { openIndexFile } from "../index/open.ts";
import type { IndexReader } from "../index/reader.ts";
import {
  parseFileName,
  parseIndexKey,
  TENANT_LABEL,
  tableNumber,
  withoutTenant,
} from "../index/table.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import { Corrupt } from "../model/errors.ts";
import type { Labels } from "../model/labels.ts";
import type { Codecs } from "../ports/codecs.ts";
import type { ObjectStore } from "../ports/object-store.ts";

export interface IndexPlace {
  readonly key: string;
  readonly size: number;
  readonly table: string;
  /** Days since 1970. */
  readonly day: number;
  /** Undefined for a file of all tenants. */
  readonly tenant: string | undefined;
  /** The last part of the key. */
  readonly file: string;
}

export interface IndexFolder {
  readonly store: ObjectStore;
  readonly codecs: Codecs;
  /** Where the tables lie: `index/`. */
  readonly indexPrefix: string;
  readonly signal?: AbortSignal;
  /** Told of what lies there and is not named like an index file. */
  readonly onOther?: (object: string) => void;
}

/** A series of an index file as its tenant knows it. */
export interface TenantSeries {
  readonly tenant: string;
  readonly labels: Labels;
  readonly fingerprint: bigint;
  readonly chunks: readonly ChunkRef[];
}

/** All index files in the order of their keys. What is not named like one is left out. */
export async function listIndex({
  store,
  indexPrefix,
  signal,
  onOther,
}: IndexFolder): Promise<IndexPlace[]> {
  const places: IndexPlace[] = [];
  for await (const { key, size } of store.list(
    indexPrefix,
    signal === undefined ? {} : { signal },
  )) {
    const parts = parseIndexKey(indexPrefix, key);
    const day = parts === undefined ? undefined : tableNumber(parts.table);
    if (parts === undefined || day === undefined || parseFileName(parts.file) === undefined) {
      onOther?.(key);
      continue;
    }
    places.push({ key, size, day, ...parts });
  }
  return places;
}

/** Places by their table, oldest table first. */
export function byTable(places: readonly IndexPlace[]): [table: string, places: IndexPlace[]][] {
  const tables = new Map<string, IndexPlace[]>();
  for (const place of places) {
    const known = tables.get(place.table);
    if (known === undefined) tables.set(place.table, [place]);
    else known.push(place);
  }
  return [...tables].sort(([, a], [, b]) => a[0]!.day - b[0]!.day);
}

/** Undefined when the file has gone since it was listed; Corrupt when it is damaged anywhere. */
export async function readIndex(
  { key }: IndexPlace,
  { store, codecs, signal }: IndexFolder,
): Promise<IndexReader | undefined> {
  const stored = await store.get(key, signal === undefined ? {} : { signal });
  if (stored === undefined) return undefined;
  const reader = await openIndexFile(key, stored, codecs);
  reader.prove();
  return reader;
}

/** Corrupt when a series of a common file has no tenant. */
export function* seriesOf(reader: IndexReader, place: IndexPlace): Generator<TenantSeries> {
  for (const { labels, fingerprint, chunks } of reader.wholeSeries()) {
    if (place.tenant !== undefined) {
      yield { tenant: place.tenant, labels, fingerprint, chunks };
      continue;
    }
    const tenant = labels.find(([name]) => name === TENANT_LABEL)?.[1];
    if (tenant === undefined) throw new Corrupt("a series of a common file has no tenant");
    yield { tenant, labels: withoutTenant(labels), fingerprint, chunks };
  }
}
