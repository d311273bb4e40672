/**
 * What goes, by tenant, stream and day: of a run that was made, or of one that would be. Tables are gone
 * through newest first, and a chunk that several of them name is counted with the first that drops it:
 * older ones may have let it go long before.
 */
import type { Table } from "../index/table.ts";
import { printLabels } from "../labels/labels.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import type { Labels } from "../model/labels.ts";
import type { Tenant } from "../model/tenant.ts";
import { nameText } from "./marks.ts";

/** Streams that are told apart; what other streams lose counts for their tenant and day only. */
const STREAMS_MAX = 100_000;

export interface Amount {
  chunks: number;
  lines: number;
  /** Uncompressed, roughly: the index has whole KiB a chunk, and none counts for less than one. */
  bytes: number;
}

/** The stream that loses something, in one table. */
export interface Loser {
  readonly tenant: Tenant;
  readonly labels: Labels;
  readonly fingerprint: bigint;
  readonly table: Table;
}

export interface LossReport {
  readonly total: Amount;
  readonly tenants: readonly (Amount & { readonly tenant: string })[];
  /** Those that lose most. */
  readonly streams: readonly (Amount & { readonly tenant: string; readonly stream: string })[];
  readonly days: readonly (Amount & { readonly day: string })[];
}

export class Losses {
  readonly #total: Amount = none();
  readonly #tenants = new Map<string, Amount>();
  readonly #streams = new Map<string, Amount & { tenant: string; stream: string }>();
  readonly #days = new Map<string, Amount>();
  /** Counted chunks that older tables may name too, with their first moment: about those of one midnight. */
  readonly #spanning = new Map<string, number>();
  #tableFromMs = Infinity;

  /** A chunk, or the lines that it loses. Lines weigh their share of the chunk. */
  add(loser: Loser, ref: ChunkRef, lines = ref.entries): void {
    if (this.#isCounted(loser, ref)) return;
    const { tenant, labels } = loser;
    const whole = lines >= ref.entries;
    const size = Math.max(1, ref.kb) * 1024;
    const bytes = whole ? size : Math.round((size * lines) / ref.entries);
    const amount = { chunks: whole ? 1 : 0, lines, bytes };
    const day = new Date(ref.fromMs).toISOString().slice(0, 10);
    sum(this.#total, amount);
    sum(entryOf(this.#tenants, tenant, none), amount);
    sum(entryOf(this.#days, day, none), amount);
    const stream = printLabels(labels);
    const key = `${tenant} ${stream}`;
    if (this.#streams.size >= STREAMS_MAX && !this.#streams.has(key)) return;
    sum(
      entryOf(this.#streams, key, () => ({ tenant, stream, ...none() })),
      amount,
    );
  }

  #isCounted({ tenant, fingerprint, table }: Loser, ref: ChunkRef): boolean {
    if (table.fromMs !== this.#tableFromMs) {
      this.#tableFromMs = table.fromMs;
      for (const [name, fromMs] of this.#spanning)
        if (fromMs > table.throughMs) this.#spanning.delete(name);
    }
    // Fast path: no other table names it.
    if (ref.fromMs >= table.fromMs && ref.throughMs <= table.throughMs) return false;
    const name = nameText({ tenant, fingerprint, ...ref });
    if (this.#spanning.has(name)) return true;
    if (ref.fromMs < table.fromMs) this.#spanning.set(name, ref.fromMs);
    return false;
  }

  get total(): Readonly<Amount> {
    return this.#total;
  }

  /** The streams that lose most, so many of them, and everything of the rest. */
  report({ streams }: { streams: number }): LossReport {
    const byKey = (map: Map<string, Amount>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      total: this.#total,
      tenants: byKey(this.#tenants).map(([tenant, amount]) => ({ tenant, ...amount })),
      streams: [...this.#streams.values()].sort((a, b) => b.bytes - a.bytes).slice(0, streams),
      days: byKey(this.#days).map(([day, amount]) => ({ day, ...amount })),
    };
  }
}

function none(): Amount {
  return { chunks: 0, lines: 0, bytes: 0 };
}

function sum(into: Amount, { chunks, lines, bytes }: Amount): void {
  into.chunks += chunks;
  into.lines += lines;
  into.bytes += bytes;
}

function entryOf<T>(map: Map<string, T>, key: string, make: () => T): T {
  let entry = map.get(key);
  if (entry === undefined) map.set(key, (entry = make()));
  return entry;
}
