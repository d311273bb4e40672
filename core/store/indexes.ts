/**
 * The index tables of a bucket: found by listing, opened once, kept while they are used. A table's
 * files are those that ingesters left (all tenants together) and those that a compactor made (one
 * tenant each); a chunk may be named by several of them.
 */
import { compareText } from "../bytes/text.ts";
import { TENANT_LABEL } from "../index/table.ts";
import { sortTexts, uniteTexts } from "../index/texts.ts";
import { labelValue } from "../labels/labels.ts";
import type { StreamId } from "../model/block.ts";
import { Corrupt } from "../model/errors.ts";
import { DAY_MS, type Schema, type SchemaPeriod } from "../model/schema.ts";
import type { StreamVolume } from "../ports/log-source.ts";
import type { Meter } from "../ports/meter.ts";
import { type Found, FoundList, type IndexedSeries, joined } from "./found.ts";
import type { IndexFiles, IndexPlace } from "./index-files.ts";
import type { IndexHead } from "./index-head.ts";
import type { IndexSelect, OpenIndex } from "./open-index.ts";

/** How often a table that changes under us is listed. */
const LOOKS_MAX = 4;

export interface IndexQuery extends IndexSelect {
  /** Told of every index file that could not be used. */
  readonly warn: (text: string) => void;
}

export interface IndexesOptions {
  readonly files: IndexFiles;
  /** Undefined when not known: then every table in the bucket counts. */
  readonly schema?: Schema;
  /** Whether a period's tables are this bucket's; all are when left out. */
  readonly owns?: (period: SchemaPeriod) => boolean;
  readonly head?: IndexHead;
  readonly meter?: Meter;
}

export class Indexes {
  readonly #options: IndexesOptions;

  constructor(options: IndexesOptions) {
    this.#options = options;
  }

  /** The matching series with their chunks in the time asked for, each chunk once. */
  async series(query: IndexQuery): Promise<IndexedSeries[]> {
    return (await this.#find(query)).series();
  }

  /** The matching streams that have chunks in the time asked for. */
  async streams(query: IndexQuery): Promise<StreamId[]> {
    return (await this.#find(query)).streams();
  }

  async volumes(query: IndexQuery): Promise<StreamVolume[]> {
    return (await this.#find(query)).volumes();
  }

  /**
   * The names that matching streams have. Without matchers those in every index file whose bounds
   * overlap, as Loki does: no look at each series' time.
   */
  async labelNames(query: IndexQuery): Promise<string[]> {
    const names = new Set<string>();
    const all: Found[] = [];
    if (query.matchers.length > 0) {
      await this.#collect(query, all);
    } else {
      for (const { labels } of this.#headSeries(query))
        for (const [name] of labels) names.add(name);
      await this.#eachFile(query, (file) => {
        // A file of all tenants may know names that this tenant never used.
        if (file.common) file.find(query, all);
        else for (const name of file.reader.labelNames()) names.add(name);
      });
    }
    for (const found of all) for (const name of found.names()) names.add(name);
    names.delete(TENANT_LABEL);
    return [...names].sort(compareText);
  }

  async labelValues(query: IndexQuery, name: string): Promise<string[]> {
    if (name === TENANT_LABEL) return [];
    const head = new Set<string>();
    for (const { labels } of this.#headSeries(query)) head.add(labelValue(labels, name));
    head.delete("");
    const answers = [sortTexts([...head])];
    await this.#eachFile(query, (file) => {
      answers.push(file.reader.labelValues(name, file.matchers(query)));
    });
    return uniteTexts(answers).filter((value) => value !== "");
  }

  async #find(query: IndexQuery): Promise<Found> {
    const all: Found[] = [];
    await this.#collect(query, all);
    return joined(all, query);
  }

  async #collect(query: IndexQuery, all: Found[]): Promise<void> {
    // The head first: what leaves it during this look is in the files by the time we list them.
    const head = new FoundList(query);
    all.push(head);
    for (const { labels, fingerprint, chunks } of this.#headSeries(query)) {
      const inside = chunks.filter(
        (ref) => ref.throughMs >= query.fromMs && ref.fromMs < query.throughMs,
      );
      if (inside.length > 0) head.add({ stream: { labels, fingerprint }, chunks: inside });
    }
    await this.#eachFile(query, (file) => file.find(query, all));
  }

  #headSeries({ tenant, matchers, fromMs, throughMs }: IndexQuery) {
    const wanted = (table: string) => this.#isWanted(table, fromMs, throughMs);
    return this.#options.head?.select(tenant, matchers, wanted) ?? [];
  }

  async #eachFile(query: IndexQuery, visit: (file: OpenIndex) => void): Promise<void> {
    const { files } = this.#options;
    const tables = await files.tables();
    const wanted = tables.filter((table) => this.#isWanted(table, query.fromMs, query.throughMs));
    let looked = 0;
    for await (const [table, places] of files.listAll(wanted, query.tenant)) {
      looked += await this.#eachFileOf(table, places, query, visit);
    }
    this.#options.meter?.observe("loki_chunk_store_index_lookups_per_query", looked);
  }

  /**
   * How many there were. A compactor may replace files while we look: then the table is listed again and the
   * new ones are visited too.
   */
  async #eachFileOf(
    table: string,
    places: readonly IndexPlace[],
    query: IndexQuery,
    visit: (file: OpenIndex) => void,
  ): Promise<number> {
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
      if (gone === 0) return visited.size;
      wanted = (await files.list(table, query.tenant)).filter(({ key }) => !visited.has(key));
    }
    query.warn(
      `index table ${table} kept changing: ${LOOKS_MAX} listings named files that were gone`,
    );
    return visited.size;
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
  file: OpenIndex,
  { fromMs, throughMs }: IndexQuery,
  visit: (file: OpenIndex) => void,
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
