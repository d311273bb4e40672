/**
 * The buckets of a schema whose periods lie in several stores, as one: a chunk and its index are in the
 * store of their period, and a chunk that lies across the border between two is in both, since each
 * store's tables name only what is beside them.
 */
import type { Schema } from "../model/schema.ts";
import type { Tenant } from "../model/tenant.ts";
import type { LogSource } from "../ports/log-source.ts";
import type { Bucket } from "./bucket.ts";
import { JoinedSource } from "./joined-source.ts";
import type { ChunkSink, StoredChunk } from "./sink.ts";

export class Buckets implements ChunkSink {
  /** At least one; that of the oldest period first. */
  readonly all: readonly Bucket[];
  readonly source: LogSource;

  constructor(all: readonly Bucket[]) {
    this.all = all;
    this.source = all.length === 1 ? all[0]!.source : new JoinedSource(all.map((b) => b.source));
  }

  /** The one that is written to now. */
  get newest(): Bucket {
    return this.all.at(-1)!;
  }

  get schema(): Schema | undefined {
    return this.newest.schema;
  }

  /** Tenants that the index of any of them knows, sorted. */
  async tenants(): Promise<string[]> {
    const tenants = new Set<string>();
    for (const bucket of this.all) for (const name of await bucket.tenants()) tenants.add(name);
    return [...tenants].sort();
  }

  /** From the first to the last moment of a tenant; from 0 to 0 when there is nothing. */
  async bounds(tenant: Tenant): Promise<{ fromMs: number; throughMs: number }> {
    const found = [];
    for (const bucket of this.all) found.push(await bucket.bounds(tenant));
    const some = found.filter(({ fromMs, throughMs }) => fromMs !== 0 || throughMs !== 0);
    if (some.length === 0) return { fromMs: 0, throughMs: 0 };
    return {
      fromMs: Math.min(...some.map(({ fromMs }) => fromMs)),
      throughMs: Math.max(...some.map(({ throughMs }) => throughMs)),
    };
  }

  async put(chunk: StoredChunk): Promise<void> {
    // Before the first period there is no table; the object is written all the same, for a rebuild to find.
    const takers = this.all.filter((bucket) => bucket.takes(chunk.ref));
    const places = takers.length === 0 ? [this.all[0]!] : takers;
    for (const bucket of places) await bucket.chunks.put(chunk);
    // All or none: a put that failed half way comes again, and a table must not name a chunk twice.
    this.remember(chunk);
  }

  /** Names a chunk that is stored in the next index files. */
  remember(chunk: Omit<StoredChunk, "object">): void {
    for (const bucket of this.all) if (bucket.takes(chunk.ref)) bucket.remember(chunk);
  }

  async uploadIndex(): Promise<void> {
    for (const bucket of this.all) await bucket.uploadIndex();
  }
}
