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

export class StoreSink implements Sink {
  readonly #sorter: LineSorter;

  static async open(place: {
    store: string;
    config: string | undefined;
    tenant: string | undefined;
  }): Promise<StoreSink> {
    const journal = stderrJournal("warn");
    const { buckets, schema } = await writableBuckets({ ...place, journal });
    const tenant = place.tenant === undefined ? SINGLE_TENANT : literalTenant(place.tenant);
    const { codecs } = runtime;
    return new StoreSink(
      new LineSorter(new ChunkWriter({ sink: buckets, schema, codecs, tenant })),
    );
  }

  private constructor(sorter: LineSorter) {
    this.#sorter = sorter;
  }

  send(batch: Batch): Promise<void> {
    return this.#sorter.send(batch);
  }

  close(): Promise<void> {
    return this.#sorter.close();
  }
}
