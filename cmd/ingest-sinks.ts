/** Where `ingest` puts entries: a server's push API, or chunks of a bucket written here and now. */

import { literalTenant, SINGLE_TENANT } from "../core/model/tenant.ts";
import { Client } from "./client.ts";
import type { Flags } from "./flags.ts";
import { ChunkWriter } from "./ingest-chunks.ts";
import type { Batch } from "./ingest-lines.ts";
import { LineSorter } from "./ingest-sort.ts";
import { writableBuckets } from "./wire/bucket.ts";
import { stderrJournal } from "./wire/journal.ts";
import { runtime } from "./wire/runtime.ts";

export interface Sink {
  /** Resolves when the entries are acknowledged, or held by whoever `close` makes write them. */
  send(batch: Batch): Promise<void>;
  close(): Promise<void>;
  /** After a failure saves what can be saved, and says what became of the lines that were taken. */
  abandon(): Promise<string>;
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

  async abandon(): Promise<string> {
    return "what the server took before is stored";
  }
}

export class StoreSink implements Sink {
  readonly #sorter: LineSorter;
  readonly #chunks: ChunkWriter;
  readonly #store: string;

  static async open(place: {
    store: string;
    config: string | undefined;
    tenant: string | undefined;
  }): Promise<StoreSink> {
    const journal = stderrJournal("warn");
    const { buckets, schema } = await writableBuckets({ ...place, journal });
    const tenant = place.tenant === undefined ? SINGLE_TENANT : literalTenant(place.tenant);
    const { codecs } = runtime;
    const chunks = new ChunkWriter({ sink: buckets, schema, codecs, tenant });
    return new StoreSink(chunks, place.store);
  }

  private constructor(chunks: ChunkWriter, store: string) {
    this.#sorter = new LineSorter(chunks);
    this.#chunks = chunks;
    this.#store = store;
  }

  send(batch: Batch): Promise<void> {
    return this.#sorter.send(batch);
  }

  close(): Promise<void> {
    return this.#sorter.close();
  }

  async abandon(): Promise<string> {
    const { chunks, isIndexed } = await this.#chunks.salvage();
    if (chunks === 0) return "no chunk is left without an index";
    if (isIndexed) return `the ${chunks} chunks that were stored before are in the index`;
    return `${chunks} chunks are stored that no index names: lokits compact rebuild --replace --store ${this.#store} takes them up`;
  }
}
