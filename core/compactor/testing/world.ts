/** A bucket in memory with lines in it, a clock that tests move, and what a test wants to know of both. */
import { crc32c } from "../../bytes/crc32c.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import { encodeChunk } from "../../chunk/builder.ts";
import { readBlock, readTable } from "../../chunk/decode.ts";
import { type ChunkName, parseChunkKey } from "../../chunk/keys.ts";
import { encodeObject, openObject } from "../../chunk/object.ts";
import { BucketDeleteRequests } from "../../deletes/bucket-home.ts";
import { openIndexFile } from "../../index/open.ts";
import { TENANT_LABEL } from "../../index/table.ts";
import { fingerprint } from "../../labels/fingerprint.ts";
import { labelsOf, labelValue, printLabels } from "../../labels/labels.ts";
import { blockOf } from "../../logql/stages/testing/blocks.ts";
import type { DeleteRequest } from "../../model/delete-request.ts";
import { DEFAULT_LIMITS, type Limits } from "../../model/limits.ts";
import { DAY_MS, type Schema } from "../../model/schema.ts";
import type { Tenant } from "../../model/tenant.ts";
import { nsOf } from "../../model/time.ts";
import { type Codecs, ENCODINGS } from "../../ports/codecs.ts";
import { SILENT } from "../../ports/journal.ts";
import { UNMETERED } from "../../ports/meter.ts";
import type { ObjectStore } from "../../ports/object-store.ts";
import { SimClock } from "../../sim/clock.ts";
import { Random } from "../../sim/random.ts";
import { MemoryObjectStore } from "../../sim/store.ts";
import { Bucket } from "../../store/bucket.ts";
import { decodeMarks, nameText } from "../marks.ts";
import type { PassOptions } from "../pass.ts";
import { MARKS, stampOf } from "../places.ts";
import type { RetentionSettings } from "../retention.ts";

/** 2023-10-28T00:00:00Z, as good a day as any. */
export const DAY_0 = 19_658 * DAY_MS;
export const HOUR_MS = 3_600_000;

export const SCHEMA: Schema = [
  {
    ...{ fromMs: 0, schema: "v13", store: "tsdb", objectStore: "filesystem" },
    ...{ indexPrefix: "index_", tableMs: DAY_MS },
  },
];

/** Nothing is compressed: a kill test writes thousands of objects, and what they hold is all that counts. */
const CODECS: Codecs = {
  compress: (_, bytes) => bytes.slice(),
  decompress: (_, bytes) => bytes,
  gzip: () => {
    const all = new ByteWriter();
    return { write: async (piece) => all.raw(piece), finish: async () => all.take() };
  },
};

export interface Line {
  readonly timeMs: number;
  readonly line: string;
}

export class World {
  readonly clock: SimClock;
  readonly objects: MemoryObjectStore;
  readonly requests: BucketDeleteRequests;
  readonly #limits = new Map<string, Partial<Limits>>();
  #uploads = 0;

  constructor(options: { nowMs: number; objects?: MemoryObjectStore }) {
    this.clock = new SimClock(nsOf(options.nowMs));
    this.objects = options.objects ?? new MemoryObjectStore({ nowMs: () => this.clock.nowMs() });
    this.requests = new BucketDeleteRequests({
      ...{ objects: this.objects, clock: this.clock, journal: SILENT },
    });
  }

  limit(tenant: string, limits: Partial<Limits>): this {
    this.#limits.set(tenant, limits);
    return this;
  }

  /** Stores chunks of one stream each and an index file that names them, as an ingester does. */
  async store(
    chunks: readonly { tenant: string; labels: Record<string, string>; lines: readonly Line[] }[],
  ): Promise<void> {
    const bucket = this.#bucket(`up-${this.#uploads++}`);
    for (const { tenant, labels, lines } of chunks) {
      const set = labelsOf(labels);
      const block = blockOf(lines.map(({ timeMs, line }) => ({ time: nsOf(timeMs), line })));
      const chunk = await encodeChunk([block], {
        ...{ format: 4, encoding: ENCODINGS.none, codecs: CODECS },
      });
      const [fromMs, throughMs] = [lines[0]!.timeMs, lines.at(-1)!.timeMs];
      const stream = { tenant: tenant as Tenant, labels: set, fingerprint: fingerprint(set) };
      const object = encodeObject({ ...stream, fromMs, throughMs, chunk });
      const bytes = lines.reduce((sum, { line }) => sum + line.length, 0);
      const ref = {
        ...{ fromMs, throughMs, checksum: crc32c(object) },
        ...{ kb: Math.round(bytes / 1024), entries: lines.length },
      };
      await bucket.put({ ...stream, ref, object });
    }
    await bucket.uploadIndex();
  }

  /** Asks for a deletion; it is created now. */
  async delete(
    request: Pick<DeleteRequest, "id" | "query" | "startMs" | "endMs"> & { tenant: string },
  ): Promise<void> {
    await this.requests.add([
      {
        ...{ ...request, tenant: request.tenant as Tenant, part: 0 },
        ...{ createdMs: this.clock.nowMs(), status: "received" },
      },
    ]);
  }

  /** A pass over this bucket; `store` is another way to it. */
  options(
    settings: Partial<RetentionSettings> = {},
    { store = this.objects, ...more }: Partial<PassOptions> & { store?: ObjectStore } = {},
  ): PassOptions {
    const chunks = this.#bucket("compactor").chunks.over(store);
    return {
      sites: [{ store, prefix: "index/", objects: store, chunks }],
      ...{ schema: SCHEMA, codecs: CODECS, clock: this.clock, journal: SILENT },
      ...{ meter: UNMETERED, random: new Random(7) },
      tenantLimits: {
        of: (tenant) => ({ ...DEFAULT_LIMITS, ...this.#limits.get(tenant) }),
      },
      choice: { skipLatestTables: 0, tablesMax: 0, parallelism: 1 },
      retention: {
        ...{ enabled: true, sizeBytes: 0, confirmed: false, tableTimeoutMs: 0, ...settings },
      },
      deletes: {
        requests: this.requests,
        settings: { cancelPeriodMs: 24 * HOUR_MS, batchSize: 70 },
      },
      sweeping: { delayMs: 0, workers: 4 },
      ...more,
    };
  }

  /** Every line that an index leads to, each once: `tenant {labels} time line`. Throws when a chunk is not there. */
  async lines(): Promise<string[]> {
    const lines = new Set<string>();
    for (const { name, key } of await this.named()) {
      const bytes = await this.objects.get(key);
      if (bytes === undefined) throw new Error(`an index names ${key}, which is not there`);
      const { labels, chunk } = openObject(bytes);
      const table = readTable(chunk);
      for (const meta of table.blocks) {
        const block = await readBlock(chunk, table, meta, [], CODECS);
        for (let row = 0; row < block.rows; row++) {
          const text = new TextDecoder().decode(
            block.text.subarray(block.starts[row], block.ends[row]),
          );
          const timeMs = Number(block.times[row]! / 1_000_000n);
          lines.add(`${name.tenant} ${printLabels(labels)} ${timeMs} ${text}`);
        }
      }
    }
    return [...lines].sort();
  }

  /** The chunks that index files name, each once. */
  async named(): Promise<{ name: ChunkName; key: string }[]> {
    const found = new Map<string, ChunkName>();
    for await (const { key } of this.objects.list("index/")) {
      const reader = await openIndexFile(key, (await this.objects.get(key))!, CODECS);
      const [, , folder, own] = key.split("/");
      for (const { labels, fingerprint, chunks } of reader.wholeSeries()) {
        const tenant = own === undefined ? labelValue(labels, TENANT_LABEL) : folder!;
        for (const ref of chunks)
          found.set(nameText({ tenant, fingerprint, ...ref }), { tenant, fingerprint, ...ref });
      }
    }
    return [...found].map(([key, name]) => ({ key, name }));
  }

  /** Chunk objects that no index names and no mark either, or only marks older than a time: nobody would delete them. */
  async orphans(options: { markedBeforeMs?: number } = {}): Promise<string[]> {
    const known = new Set((await this.named()).map(({ key }) => key));
    for await (const { key } of this.objects.list(MARKS)) {
      if (stampOf(MARKS, key)! < (options.markedBeforeMs ?? 0)) continue;
      for (const name of decodeMarks((await this.objects.get(key))!)) known.add(nameText(name));
    }
    return (await this.chunkKeys()).filter((key) => !known.has(key));
  }

  async chunkKeys(): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.objects.list("")) {
      if (parseChunkKey(key) !== undefined) keys.push(key);
    }
    return keys;
  }

  #bucket(uploader: string): Bucket {
    return new Bucket({
      ...{ objects: this.objects, codecs: CODECS, clock: this.clock, journal: SILENT },
      ...{ limits: { of: () => DEFAULT_LIMITS }, schema: SCHEMA, form: "plain" },
      ...{ indexPrefix: "index/", uploader },
    });
  }
}
