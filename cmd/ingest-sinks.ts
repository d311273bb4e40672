/** Where `ingest` puts entries: a server's push API, or chunks of a bucket written here and now. */

import { utf8 } from "../core/bytes/text.ts";
import { ByteWriter } from "../core/bytes/writer.ts";
import { Flusher } from "../core/ingester/flush.ts";
import { Ingester } from "../core/ingester/ingester.ts";
import { DEFAULT_INGESTER } from "../core/ingester/settings.ts";
import { printLabels } from "../core/labels/labels.ts";
import type { Block, Entry } from "../core/model/block.ts";
import { DEFAULT_LIMITS, type LimitsOf } from "../core/model/limits.ts";
import { literalTenant, SINGLE_TENANT, type Tenant } from "../core/model/tenant.ts";
import { UNMETERED } from "../core/ports/meter.ts";
import { Client } from "./client.ts";
import type { Flags } from "./flags.ts";
import type { Batch } from "./ingest-lines.ts";
import { writableBuckets } from "./wire/bucket.ts";
import { stderrJournal } from "./wire/journal.ts";
import { runtime } from "./wire/runtime.ts";

export interface Sink {
  /** Resolves when the entries are acknowledged, or held by whoever `close` makes write them. */
  send(batch: Batch): Promise<void>;
  close(): Promise<void>;
}

export class ServerSink implements Sink {
  readonly #client: Client;

  constructor(flags: Flags) {
    this.#client = new Client(flags);
  }

  async send({ streams }: Batch): Promise<void> {
    const body = {
      streams: streams.map(({ labels, entries }) => ({
        stream: Object.fromEntries(labels),
        values: entries.map(({ time, line }) => [String(time), line]),
      })),
    };
    const headers = { "Content-Type": "application/json" };
    await this.#client.send("/loki/api/v1/push", {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
  }

  async close(): Promise<void> {}
}

/** Bytes of lines in memory after which chunks are written. */
const HELD_BYTES = 64 << 20;

/** Old logs at their own times: no limit of age, and no window that later lines must fall in. */
const IMPORT_LIMITS: LimitsOf = {
  of: () => ({
    ...DEFAULT_LIMITS,
    perStreamRateLimit: 0,
    maxGlobalStreamsPerUser: 0,
    maxStreamsPerUser: 0,
  }),
};
const YEARS_MS = 1000 * 365 * 86_400_000;

export class StoreSink implements Sink {
  readonly #ingester: Ingester;
  readonly #flusher: Flusher;
  readonly #tenant: Tenant;
  #held = 0;

  static async open(place: {
    store: string;
    config: string | undefined;
    tenant: string | undefined;
  }): Promise<StoreSink> {
    const journal = stderrJournal("warn");
    const { buckets, schema } = await writableBuckets({ ...place, journal });
    const { clock, codecs } = runtime;
    const settings = { ...DEFAULT_INGESTER, maxChunkAgeMs: YEARS_MS, concurrentFlushes: 4 };
    const ingester = new Ingester({
      settings,
      schema,
      limits: IMPORT_LIMITS,
      codecs,
      clock,
      journal,
      meter: UNMETERED,
    });
    const tenant = place.tenant === undefined ? SINGLE_TENANT : literalTenant(place.tenant);
    return new StoreSink(ingester, new Flusher(ingester, buckets), tenant);
  }

  private constructor(ingester: Ingester, flusher: Flusher, tenant: Tenant) {
    this.#ingester = ingester;
    this.#flusher = flusher;
    this.#tenant = tenant;
  }

  async send({ streams }: Batch): Promise<void> {
    const pushed = streams.map(({ labels, entries }) => ({
      labels,
      labelText: printLabels(labels),
      rows: rowsOf(entries),
    }));
    await this.#ingester.push(this.#tenant, pushed);
    this.#held += pushed.reduce((sum, { rows }) => sum + rows.text.length, 0);
    if (this.#held < HELD_BYTES) return;
    await this.#flusher.sweep({ force: true });
    this.#held = 0;
  }

  /** An interrupted run leaves whole chunks that no index names; running it again is safe. */
  async close(): Promise<void> {
    await this.#flusher.sweep({ force: true });
  }
}

/** Entries as the columns that the ingester takes. */
export function rowsOf(entries: readonly Entry[]): Block {
  const text = new ByteWriter(1 << 16);
  const times = new BigInt64Array(entries.length);
  const [starts, ends] = [new Uint32Array(entries.length), new Uint32Array(entries.length)];
  entries.forEach(({ time, line }, row) => {
    times[row] = time;
    starts[row] = text.size;
    text.raw(utf8(line));
    ends[row] = text.size;
  });
  return { rows: entries.length, times, text: text.take(), starts, ends };
}
