/** What a rebuild has to do: the tables that each tenant's chunks touch, and which of them have an index. */
import { tablesFor } from "../index/table.ts";
import { Corrupt } from "../model/errors.ts";
import { DAY_MS, indexVersionOf, type Schema } from "../model/schema.ts";
import { listChunks, namingOf, objectName } from "./chunk-name.ts";
import type { Finding } from "./finding.ts";
import { type IndexFolder, type IndexPlace, listIndex, readIndex, seriesOf } from "./index-walk.ts";
import { type ChunkId, RefTable } from "./ref-table.ts";

/** A table of one tenant whose index is to be written. */
export interface RebuildJob {
  readonly table: string;
  readonly day: number;
  readonly tenant: string;
  /** Undefined when no schema says it: then the chunks do. */
  readonly version: 2 | 3 | undefined;
  /** Rows of the chunks that touch the table. */
  readonly rows: readonly number[];
}

/** The chunks of a bucket by their names, and how to ask for them. */
export class ChunkList {
  readonly #refs = new RefTable();
  #namings = new Uint8Array(1024);
  /** Bytes of all objects. */
  bytes = 0;

  get count(): number {
    return this.#refs.count;
  }

  add(id: ChunkId, naming: number, size: number): number {
    const row = this.#refs.add(id, { kb: 0, entries: 0 });
    if (row >= this.#namings.length) {
      const longer = new Uint8Array(2 * this.#namings.length);
      longer.set(this.#namings);
      this.#namings = longer;
    }
    this.#namings[row] = naming;
    this.bytes += size;
    return row;
  }

  idAt(row: number): ChunkId {
    return this.#refs.idAt(row);
  }

  objectAt(row: number): string {
    return objectName(this.#namings[row]!, this.#refs.idAt(row));
  }
}

export interface PlanOptions extends IndexFolder {
  /** Undefined when not known: tables are then named as those that are there, or with `tablePrefix`. */
  readonly schema?: Schema | undefined;
  readonly tablePrefix: string;
  /** Whether a table is this store's: of a schema in several stores each has the tables of its periods. */
  readonly owns?: (table: string) => boolean;
  readonly tenants?: readonly string[] | undefined;
  /** Also tables that have an index. */
  readonly replace: boolean;
  /** Chunks that no index is to name, such as those that a compactor has marked. */
  readonly without?: AsyncIterable<ChunkId> | undefined;
  readonly onFinding: (finding: Finding) => Promise<void> | void;
}

export interface RebuildPlan {
  readonly chunks: ChunkList;
  /** Those of one tenant together, oldest table first, so that what crosses midnight is read once. */
  readonly jobs: readonly RebuildJob[];
  /** Index files as they were listed. */
  readonly places: readonly IndexPlace[];
  /** Tables of tenants that have an index and are left as they are. */
  readonly kept: number;
  /** Index files that are damaged; a file beside them does not replace them. */
  readonly damaged: number;
  /** Whether nothing said what tables are called, so that they have the given prefix. */
  readonly isPrefixGuessed: boolean;
}

/** Longer chunks do not exist: a name that says so would touch tables without end. */
const DAYS_MAX = 400;

export async function planRebuild(options: PlanOptions): Promise<RebuildPlan> {
  const places = await listIndex(options);
  const tables = new TableNames(options, places);
  const chunks = new ChunkList();
  const jobs = new Map<string, RebuildJob & { rows: number[] }>();
  const without = new RefTable();
  const damaged: string[] = [];
  for await (const id of options.without ?? []) without.add(id, { kb: 0, entries: 0 });
  for await (const chunk of listChunks(options.store, options)) {
    const { name, key } = chunk;
    const { tenant, fromMs, throughMs } = name;
    if (options.tenants !== undefined && !options.tenants.includes(tenant)) continue;
    if (without.find(name) !== undefined) continue;
    if (throughMs < fromMs || throughMs - fromMs > DAYS_MAX * DAY_MS) {
      await options.onFinding({
        kind: "damaged",
        key,
        what: `lasts from ${fromMs} to ${throughMs}`,
      });
      continue;
    }
    const row = chunks.add(name, namingOf(chunk), chunk.size);
    for (const { table, day, version } of tables.of(fromMs, throughMs)) {
      if (options.owns?.(table) === false) continue;
      const job = jobs.get(`${table}/${tenant}`);
      if (job === undefined)
        jobs.set(`${table}/${tenant}`, { table, day, tenant, version, rows: [row] });
      // A copy under another form of its name is the same chunk.
      else if (job.rows.at(-1) !== row) job.rows.push(row);
    }
  }
  const indexed = options.replace ? new Set<string>() : await indexedJobs(places, options, damaged);
  const wanted = [...jobs].filter(([name]) => !indexed.has(name)).map(([, job]) => job);
  wanted.sort((a, b) => (a.tenant === b.tenant ? a.day - b.day : a.tenant < b.tenant ? -1 : 1));
  return {
    ...{ chunks, jobs: wanted, places, kept: jobs.size - wanted.length },
    damaged: damaged.length,
    isPrefixGuessed: options.schema === undefined && places.length === 0,
  };
}

/** `table/tenant` of what readable index files name series of. Damaged files are reported and count for nothing. */
async function indexedJobs(
  places: readonly IndexPlace[],
  options: PlanOptions,
  damaged: string[],
): Promise<ReadonlySet<string>> {
  const indexed = new Set<string>();
  for (const place of places) {
    options.signal?.throwIfAborted();
    try {
      const reader = await readIndex(place, options);
      if (reader === undefined) continue;
      for (const { tenant } of seriesOf(reader, place)) indexed.add(`${place.table}/${tenant}`);
    } catch (error) {
      if (!(error instanceof Corrupt)) throw error;
      damaged.push(place.key);
      await options.onFinding({ kind: "damaged", key: place.key, what: error.message });
    }
  }
  return indexed;
}

/** Which tables a time touches, by the schema or by what is there. */
class TableNames {
  readonly #schema: Schema | undefined;
  readonly #prefix: string;
  /** Prefixes of the tables that there are, by day. */
  readonly #known = new Map<number, string>();
  readonly #days: readonly number[];

  constructor({ schema, tablePrefix }: PlanOptions, places: readonly IndexPlace[]) {
    this.#schema = schema;
    this.#prefix = tablePrefix;
    for (const { table, day } of places)
      this.#known.set(day, table.slice(0, table.length - String(day).length));
    this.#days = [...this.#known.keys()];
  }

  *of(
    fromMs: number,
    throughMs: number,
  ): Generator<{ table: string; day: number; version: 2 | 3 | undefined }> {
    if (this.#schema !== undefined) {
      for (const { name, number, period } of tablesFor(this.#schema, fromMs, throughMs)) {
        if (period.store === "tsdb")
          yield { table: name, day: number, version: indexVersionOf(period) };
      }
      return;
    }
    for (let day = Math.floor(fromMs / DAY_MS); day * DAY_MS <= throughMs; day++) {
      yield { table: `${this.#prefixOf(day)}${day}`, day, version: undefined };
    }
  }

  /** That of the nearest table there is. */
  #prefixOf(day: number): string {
    const known = this.#known.get(day);
    if (known !== undefined) return known;
    let nearest: number | undefined;
    for (const other of this.#days) {
      if (nearest === undefined || Math.abs(other - day) < Math.abs(nearest - day)) nearest = other;
    }
    const prefix = nearest === undefined ? this.#prefix : this.#known.get(nearest)!;
    this.#known.set(day, prefix);
    return prefix;
  }
}
