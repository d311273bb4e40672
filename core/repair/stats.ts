/**
 * What is in a bucket, by its index alone: lines, bytes, chunks, streams and the cardinality of labels,
 * by tenant and by table. One table is held at a time. A chunk that several files name counts once, in
 * the table of its first line, or in the next one that there is when that table has gone.
 */
import type { IndexReader } from "../index/reader.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import { Corrupt } from "../model/errors.ts";
import { DAY_MS } from "../model/schema.ts";
import { DistinctCount } from "./distinct.ts";
import {
  byTable,
  type IndexFolder,
  type IndexPlace,
  listIndex,
  readIndex,
  seriesOf,
} from "./index-walk.ts";
import { RefTable } from "./ref-table.ts";

export interface Weight {
  chunks: number;
  /** As the index says it: an entry is a line. */
  lines: number;
  /** Bytes of lines, from the KiB that the index keeps of each chunk. */
  bytes: number;
}

export interface LabelStats {
  readonly name: string;
  readonly values: number;
  /** False when `values` is an estimate. */
  readonly exact: boolean;
}

export interface TenantStats extends Readonly<Weight> {
  readonly tenant: string;
  readonly streams: number;
  readonly exact: boolean;
  /** First and last moment, Unix milliseconds. */
  readonly fromMs: number;
  readonly throughMs: number;
  /** Those of most values first. */
  readonly labels: readonly LabelStats[];
}

export interface TableStats extends Readonly<Weight> {
  readonly table: string;
  /** Midnight that it begins with, Unix milliseconds. */
  readonly dayMs: number;
  readonly streams: number;
  readonly exact: boolean;
  readonly files: number;
  /** Bytes of its index files. */
  readonly indexBytes: number;
}

export interface BucketStats {
  /** Those of most bytes first. */
  readonly tenants: readonly TenantStats[];
  /** Oldest first. */
  readonly tables: readonly TableStats[];
  /** Index files that could not be read, and why. */
  readonly problems: readonly { readonly key: string; readonly problem: string }[];
}

export interface StatsOptions extends IndexFolder {
  /** Only these. */
  readonly tenants?: readonly string[];
  readonly onFile?: (place: IndexPlace, total: number) => void;
}

export async function bucketStats(options: StatsOptions): Promise<BucketStats> {
  const places = await listIndex(options);
  const total = places.reduce((sum, { size }) => sum + size, 0);
  const walk = new StatsWalk(options, new Set(places.map(({ day }) => day)));
  const tables: TableStats[] = [];
  for (const [table, files] of byTable(places)) {
    tables.push(await walk.table(table, files, total));
  }
  return { tenants: walk.tenants(), tables, problems: walk.problems };
}

interface TenantSum extends Weight {
  readonly streams: DistinctCount;
  readonly labels: Map<string, DistinctCount>;
  fromMs: number;
  throughMs: number;
}

class StatsWalk {
  readonly problems: { key: string; problem: string }[] = [];
  readonly #options: StatsOptions;
  readonly #days: ReadonlySet<number>;
  readonly #tenants = new Map<string, TenantSum>();

  constructor(options: StatsOptions, days: ReadonlySet<number>) {
    this.#options = options;
    this.#days = days;
  }

  async table(table: string, places: readonly IndexPlace[], total: number): Promise<TableStats> {
    const sum = { chunks: 0, lines: 0, bytes: 0 };
    const [known, streams] = [new RefTable(), new DistinctCount()];
    let [files, indexBytes] = [0, 0];
    for (const place of places) {
      this.#options.signal?.throwIfAborted();
      if (!this.#wants(place.tenant)) continue;
      files++;
      indexBytes += place.size;
      try {
        const reader = await readIndex(place, this.#options);
        if (reader !== undefined) this.#file(reader, place, { sum, known, streams });
      } catch (error) {
        if (!(error instanceof Corrupt)) throw error;
        this.problems.push({ key: place.key, problem: error.message });
      }
      this.#options.onFile?.(place, total);
    }
    const count = { streams: streams.count(), exact: streams.isExact };
    return { table, dayMs: places[0]!.day * DAY_MS, ...sum, ...count, files, indexBytes };
  }

  tenants(): TenantStats[] {
    const all = [...this.#tenants].map(([tenant, { streams, labels, ...rest }]) => ({
      tenant,
      ...rest,
      streams: streams.count(),
      exact: streams.isExact,
      labels: [...labels]
        .map(([name, values]) => ({ name, values: values.count(), exact: values.isExact }))
        .sort((a, b) => b.values - a.values || (a.name < b.name ? -1 : 1)),
    }));
    return all.sort((a, b) => b.bytes - a.bytes || (a.tenant < b.tenant ? -1 : 1));
  }

  #file(
    reader: IndexReader,
    place: IndexPlace,
    { sum, known, streams }: { sum: Weight; known: RefTable; streams: DistinctCount },
  ): void {
    for (const { tenant, labels, fingerprint, chunks } of seriesOf(reader, place)) {
      if (!this.#wants(tenant)) continue;
      const own = this.#sumOf(tenant);
      const stream = fingerprint.toString(36);
      own.streams.add(stream);
      streams.add(`${tenant}/${stream}`);
      for (const [name, value] of labels) valuesOf(own, name).add(value);
      for (const ref of chunks) {
        if (this.#homeOf(ref) !== place.day) continue;
        const before = known.count;
        if (known.add({ tenant, fingerprint, ...ref }, ref) < before) continue;
        weigh(sum, ref);
        weigh(own, ref);
        own.fromMs = Math.min(own.fromMs, ref.fromMs);
        own.throughMs = Math.max(own.throughMs, ref.throughMs);
      }
    }
  }

  #homeOf({ fromMs, throughMs }: ChunkRef): number {
    const last = Math.floor(throughMs / DAY_MS);
    let day = Math.floor(fromMs / DAY_MS);
    while (day < last && !this.#days.has(day)) day++;
    return day;
  }

  #wants(tenant: string | undefined): boolean {
    const { tenants } = this.#options;
    return tenant === undefined || tenants === undefined || tenants.includes(tenant);
  }

  #sumOf(tenant: string): TenantSum {
    let sum = this.#tenants.get(tenant);
    if (sum === undefined) {
      const weight = { chunks: 0, lines: 0, bytes: 0 };
      const times = { fromMs: Number.POSITIVE_INFINITY, throughMs: Number.NEGATIVE_INFINITY };
      sum = { ...weight, ...times, streams: new DistinctCount(), labels: new Map() };
      this.#tenants.set(tenant, sum);
    }
    return sum;
  }
}

function valuesOf({ labels }: TenantSum, name: string): DistinctCount {
  let values = labels.get(name);
  if (values === undefined) labels.set(name, (values = new DistinctCount()));
  return values;
}

function weigh(sum: Weight, { kb, entries }: ChunkRef): void {
  sum.chunks++;
  sum.lines += entries;
  sum.bytes += kb * 1024;
}
