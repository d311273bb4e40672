/**
 * The index tables of a bucket: found by listing, opened once, kept while they are used. A table's
 * files are those that ingesters left (all tenants together) and those that a compactor made (one
 * tenant each); a chunk may be named by several of them.
 */
import { compareText } from "../bytes/text.ts";
import { TENANT_LABEL, tenantMatcher, withoutTenant } from "../index/table.ts";
import { labelValue, sameLabels } from "../labels/labels.ts";
import type { CompiledMatcher } from "../labels/matcher.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import { Corrupt } from "../model/errors.ts";
import type { Labels } from "../model/labels.ts";
import { DAY_MS, type Schema, type SchemaPeriod } from "../model/schema.ts";
import type { Tenant } from "../model/tenant.ts";
import type { IndexFile, IndexFiles, IndexPlace } from "./index-files.ts";
import type { IndexHead } from "./index-head.ts";

/** How often a table that changes under us is listed. */
const LOOKS_MAX = 4;

export interface IndexQuery {
  readonly tenant: Tenant;
  readonly matchers: readonly CompiledMatcher[];
  readonly fromMs: number;
  /** Exclusive. */
  readonly throughMs: number;
  /** Told of every index file that could not be used. */
  readonly warn: (text: string) => void;
}

export interface IndexedSeries {
  readonly labels: Labels;
  readonly fingerprint: bigint;
  readonly chunks: readonly ChunkRef[];
}

export interface IndexesOptions {
  readonly files: IndexFiles;
  /** Undefined when not known: then every table in the bucket counts. */
  readonly schema?: Schema;
  /** Whether a period's tables are this bucket's; all are when left out. */
  readonly owns?: (period: SchemaPeriod) => boolean;
  readonly head?: IndexHead;
}

export class Indexes {
  readonly #options: IndexesOptions;

  constructor(options: IndexesOptions) {
    this.#options = options;
  }

  /** The matching series with their chunks in the time asked for, each chunk once. */
  async series(query: IndexQuery): Promise<IndexedSeries[]> {
    const merged = new SeriesMerge();
    // The head first: what leaves it during this look is in the files by the time we list them.
    for (const { labels, fingerprint, chunks } of this.#headSeries(query)) {
      const inside = chunks.filter(
        (ref) => ref.throughMs >= query.fromMs && ref.fromMs < query.throughMs,
      );
      if (inside.length > 0) merged.add(labels, fingerprint, inside);
    }
    await this.#eachFile(query, ({ reader, common }) => {
      const matchers = common ? [tenantMatcher(query.tenant), ...query.matchers] : query.matchers;
      for (const { labels, fingerprint, chunks } of reader.series(
        matchers,
        query.fromMs,
        query.throughMs,
      )) {
        merged.add(common ? withoutTenant(labels) : labels, fingerprint, chunks);
      }
    });
    return merged.take();
  }

  /** Names in every index file whose bounds overlap, as Loki does: no look at each series' time. */
  async labelNames(query: IndexQuery): Promise<string[]> {
    const names = new Set<string>();
    for (const { labels } of this.#headSeries(query)) for (const [name] of labels) names.add(name);
    await this.#eachFile(query, ({ reader, common }) => {
      if (!common) {
        for (const name of reader.labelNames()) names.add(name);
        return;
      }
      // A file of all tenants may know names that this tenant never used.
      const all = reader.series([tenantMatcher(query.tenant)], query.fromMs, query.throughMs);
      for (const { labels } of all) for (const [name] of labels) names.add(name);
    });
    names.delete(TENANT_LABEL);
    return [...names].sort(compareText);
  }

  async labelValues(query: IndexQuery, name: string): Promise<string[]> {
    const values = new Set<string>();
    if (name === TENANT_LABEL) return [];
    for (const { labels } of this.#headSeries(query)) values.add(labelValue(labels, name));
    await this.#eachFile(query, ({ reader, common }) => {
      const matchers = common ? [tenantMatcher(query.tenant), ...query.matchers] : query.matchers;
      for (const value of reader.labelValues(name, matchers)) values.add(value);
    });
    values.delete("");
    return [...values].sort(compareText);
  }

  #headSeries({ tenant, matchers, fromMs, throughMs }: IndexQuery) {
    const wanted = (table: string) => this.#isWanted(table, fromMs, throughMs);
    return this.#options.head?.select(tenant, matchers, wanted) ?? [];
  }

  async #eachFile(query: IndexQuery, visit: (file: IndexFile) => void): Promise<void> {
    const { files } = this.#options;
    const tables = await files.tables();
    const wanted = tables.filter((table) => this.#isWanted(table, query.fromMs, query.throughMs));
    for await (const [table, places] of files.listAll(wanted, query.tenant)) {
      await this.#eachFileOf(table, places, query, visit);
    }
  }

  /** A compactor may replace files while we look: then the table is listed again and the new ones are visited too. */
  async #eachFileOf(
    table: string,
    places: readonly IndexPlace[],
    query: IndexQuery,
    visit: (file: IndexFile) => void,
  ): Promise<void> {
    const { files } = this.#options;
    const visited = new Set<string>();
    let wanted = places;
    for (let look = 1; look <= LOOKS_MAX; look++) {
      let gone = 0;
      for await (const [{ key }, { file, damage }] of files.openAll(wanted)) {
        if (file === undefined && damage === undefined) {
          gone++;
          continue;
        }
        visited.add(key);
        const bad = damage ?? visitWithin(file!, query, visit);
        if (bad !== undefined) query.warn(`index ${key}: ${bad.message}`);
      }
      if (gone === 0) return;
      wanted = (await files.list(table, query.tenant)).filter(({ key }) => !visited.has(key));
    }
    query.warn(
      `index table ${table} kept changing: ${LOOKS_MAX} listings named files that were gone`,
    );
  }

  /** Whether a table may have something in this time. Chunks that cross midnight are in both tables. */
  #isWanted(table: string, fromMs: number, throughMs: number): boolean {
    const digits = table.match(/\d+$/)?.[0];
    if (digits === undefined) return false;
    const startMs = Number(digits) * DAY_MS;
    if (startMs >= throughMs || startMs + DAY_MS <= fromMs) return false;
    const { schema, owns = () => true } = this.#options;
    if (schema === undefined) return true;
    const prefix = table.slice(0, -digits.length);
    return schema.some((period, index) => {
      const endMs = schema[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
      const isThen = startMs < endMs && startMs + DAY_MS > period.fromMs;
      return isThen && period.indexPrefix === prefix && owns(period);
    });
  }
}

/** Looks at a file that may have something in the time asked for; what is wrong with it comes back. */
function visitWithin(
  file: IndexFile,
  { fromMs, throughMs }: IndexQuery,
  visit: (file: IndexFile) => void,
): Corrupt | undefined {
  const { reader } = file;
  if (reader.throughMs < fromMs || reader.fromMs >= throughMs) return undefined;
  try {
    visit(file);
    return undefined;
  } catch (error) {
    if (error instanceof Corrupt) return error;
    throw error;
  }
}

/** Joins what several files say of a series. */
class SeriesMerge {
  readonly #known = new Map<
    bigint,
    { labels: Labels; fingerprint: bigint; chunks: ChunkRef[]; sources: number }[]
  >();

  add(labels: Labels, fingerprint: bigint, chunks: readonly ChunkRef[]): void {
    let list = this.#known.get(fingerprint);
    if (list === undefined) this.#known.set(fingerprint, (list = []));
    const same = list.find((known) => sameLabels(known.labels, labels));
    if (same === undefined) {
      list.push({ labels, fingerprint, chunks: [...chunks], sources: 1 });
    } else {
      same.chunks.push(...chunks);
      same.sources++;
    }
  }

  take(): IndexedSeries[] {
    return [...this.#known.values()].flat().map(({ labels, fingerprint, chunks, sources }) => ({
      labels,
      fingerprint,
      chunks: sources === 1 ? chunks : unique(chunks),
    }));
  }
}

function unique(refs: readonly ChunkRef[]): ChunkRef[] {
  const known = new Map<string, ChunkRef>();
  for (const ref of refs) known.set(`${ref.fromMs}:${ref.throughMs}:${ref.checksum}`, ref);
  return [...known.values()];
}
