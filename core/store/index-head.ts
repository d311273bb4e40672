/**
 * The index of what this process has stored and not yet uploaded an index file for. Built into one
 * multi-tenant file a table, as Loki's ingesters do, and queryable until that file is in the store.
 */

import { withTenant } from "../index/table.ts";
import { IndexWriter } from "../index/writer.ts";
import { labelValue, sameLabels } from "../labels/labels.ts";
import type { CompiledMatcher } from "../labels/matcher.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import type { Labels } from "../model/labels.ts";
import {
  DAY_MS,
  indexVersionOf,
  periodAt,
  type Schema,
  type SchemaPeriod,
} from "../model/schema.ts";
import type { Tenant } from "../model/tenant.ts";

export interface HeadSeries {
  readonly tenant: Tenant;
  readonly labels: Labels;
  readonly fingerprint: bigint;
  readonly chunks: ChunkRef[];
}

/** Series of one table by tenant and fingerprint; more than one under a fingerprint only after a collision. */
type Table = Map<Tenant, Map<bigint, HeadSeries[]>>;

export class IndexHead {
  readonly #schema: Schema;
  readonly #owns: (period: SchemaPeriod) => boolean;
  #tables = new Map<string, Table>();
  /** What is being uploaded: gone from the open tables, not yet in the store. */
  #leaving = new Map<string, Table>();

  /** Tables of periods that it does not own are another bucket's. */
  constructor(schema: Schema, owns: (period: SchemaPeriod) => boolean = () => true) {
    this.#schema = schema;
    this.#owns = owns;
  }

  /** Adds a chunk to every table of its own that the chunk's time touches; gives back how many these are. */
  add(entry: { tenant: Tenant; labels: Labels; fingerprint: bigint; ref: ChunkRef }): number {
    const { fromMs, throughMs } = entry.ref;
    let tables = 0;
    for (let day = Math.floor(fromMs / DAY_MS); day * DAY_MS <= throughMs; day++) {
      const period = periodAt(this.#schema, Math.max(day * DAY_MS, fromMs));
      if (period === undefined || !this.#owns(period)) continue;
      addTo(this.#tables, `${period.indexPrefix}${day}`, entry);
      tables++;
    }
    return tables;
  }

  /** Series of a tenant in the tables asked for; the refs are not narrowed by time. */
  *select(
    tenant: Tenant,
    matchers: readonly CompiledMatcher[],
    wanted: (table: string) => boolean,
  ): Generator<HeadSeries> {
    for (const tables of [this.#tables, this.#leaving]) {
      for (const [name, table] of tables) {
        if (!wanted(name)) continue;
        for (const list of table.get(tenant)?.values() ?? []) {
          for (const series of list) {
            if (matchers.every((matcher) => matcher.test(labelValue(series.labels, matcher.name))))
              yield series;
          }
        }
      }
    }
  }

  /** Takes all tables out for upload. They stay queryable until `done` or `failed` is called. */
  leave(): { files: { table: string; bytes: Uint8Array }[]; done: () => void; failed: () => void } {
    const leaving = this.#tables;
    this.#tables = new Map();
    this.#leaving = leaving;
    return {
      files: [...leaving].map(([table, series]) => ({ table, bytes: this.#build(table, series) })),
      done: () => {
        this.#leaving = new Map();
      },
      failed: () => {
        this.#leaving = new Map();
        for (const [name, table] of leaving) {
          for (const list of table.values()) {
            for (const { tenant, labels, fingerprint, chunks } of [...list.values()].flat()) {
              for (const ref of chunks)
                addTo(this.#tables, name, { tenant, labels, fingerprint, ref });
            }
          }
        }
      },
    };
  }

  #build(name: string, table: Table): Uint8Array {
    const day = Number(name.match(/\d+$/)![0]);
    const writer = new IndexWriter({
      version: indexVersionOf(periodAt(this.#schema, day * DAY_MS)),
    });
    for (const list of table.values()) {
      for (const { tenant, labels, fingerprint, chunks } of [...list.values()].flat()) {
        writer.add(withTenant(labels, tenant), fingerprint, chunks);
      }
    }
    return writer.finish();
  }
}

function addTo(
  tables: Map<string, Table>,
  name: string,
  {
    tenant,
    labels,
    fingerprint,
    ref,
  }: { tenant: Tenant; labels: Labels; fingerprint: bigint; ref: ChunkRef },
): void {
  let table = tables.get(name);
  if (table === undefined) tables.set(name, (table = new Map()));
  let byFingerprint = table.get(tenant);
  if (byFingerprint === undefined) table.set(tenant, (byFingerprint = new Map()));
  let list = byFingerprint.get(fingerprint);
  if (list === undefined) byFingerprint.set(fingerprint, (list = []));
  let series = list.find((known) => sameLabels(known.labels, labels));
  if (series === undefined) list.push((series = { tenant, labels, fingerprint, chunks: [] }));
  series.chunks.push(ref);
}
