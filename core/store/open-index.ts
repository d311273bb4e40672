/**
 * An index file that is open: its reader, and its columns once they pay. Decoding every series costs as
 * much as one question about all of them, so it is done when so many series have been read one by one.
 */
import type { IndexColumns } from "../index/columns.ts";
import type { IndexReader } from "../index/reader.ts";
import { TENANT_LABEL, tenantMatcher, withoutTenant } from "../index/table.ts";
import type { CompiledMatcher } from "../labels/matcher.ts";
import { Corrupt } from "../model/errors.ts";
import type { Tenant } from "../model/tenant.ts";
import { type Bounds, type Found, FoundList, FoundRows } from "./found.ts";

/** Columns take about so much for each byte of their file. */
const COLUMNS_PER_BYTE = 3;

export interface IndexSelect extends Bounds {
  readonly tenant: Tenant;
  readonly matchers: readonly CompiledMatcher[];
}

export interface OpenIndexOptions {
  /** A file of all tenants together. */
  readonly common: boolean;
  /** File and columns may take so much together. */
  readonly bytesMax: number;
  /** Told when the columns are there. */
  readonly grown: () => void;
}

export class OpenIndex {
  readonly reader: IndexReader;
  readonly common: boolean;
  readonly #options: OpenIndexOptions;
  #columns: IndexColumns | undefined;
  /** Series that may be read one by one before the columns pay; infinite when there will be none. */
  #credit: number | undefined;

  constructor(reader: IndexReader, options: OpenIndexOptions) {
    this.reader = reader;
    this.common = options.common;
    this.#options = options;
  }

  /** Held in memory. */
  get bytes(): number {
    return this.reader.bytes.length + (this.#columns?.bytes ?? 0);
  }

  /** The matchers as this file must be asked. */
  matchers({ tenant, matchers }: IndexSelect): readonly CompiledMatcher[] {
    return this.common ? [tenantMatcher(tenant), ...matchers] : matchers;
  }

  /**
   * Adds what the file has to `all`. Where the file is damaged that is Corrupt, and what was read
   * before stays.
   */
  find(select: IndexSelect, all: Found[]): void {
    const matchers = this.matchers(select);
    const columns = this.#decoded();
    const rows = columns?.rows(this.reader.select(matchers), select);
    if (columns !== undefined && rows !== undefined) {
      all.push(new FoundRows(columns, rows, select));
      return;
    }
    const list = new FoundList(select);
    all.push(list);
    let read = 0;
    const { fromMs, throughMs } = select;
    for (const { labels, fingerprint, chunks } of this.reader.series(matchers, fromMs, throughMs)) {
      const own = this.common ? withoutTenant(labels) : labels;
      list.add({ stream: { labels: own, fingerprint }, chunks });
      read++;
    }
    this.#credit = (this.#credit ?? this.reader.seriesCount()) - read;
  }

  #decoded(): IndexColumns | undefined {
    if (this.#columns !== undefined || !(this.#credit !== undefined && this.#credit <= 0)) {
      return this.#columns;
    }
    // Whatever comes of it, it is not tried twice.
    this.#credit = Infinity;
    const { bytesMax, grown } = this.#options;
    if (this.reader.bytes.length * (1 + COLUMNS_PER_BYTE) > bytesMax) return undefined;
    try {
      this.#columns = this.reader.columns(this.common ? TENANT_LABEL : undefined);
    } catch (error) {
      // The reader tells of damage whom it concerns: those who ask for the series that has it.
      if (!(error instanceof Corrupt)) throw error;
      return undefined;
    }
    grown();
    return this.#columns;
  }
}
