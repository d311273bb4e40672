/**
 * Stored chunks by key. A bucket on disk has other names for the same keys than S3 has, and a bucket
 * that was copied from one to the other keeps the names it had: so we read under every form of the
 * name, the one that worked last first, and write under the one that Loki would use there.
 */

import { chunkKey, filesystemKey } from "../chunk/keys.ts";
import { type ChunkObject, openObject } from "../chunk/object.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import { Corrupt } from "../model/errors.ts";
import { periodAt, type Schema, type SchemaVersion } from "../model/schema.ts";
import type { Meter } from "../ports/meter.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { StoredChunk } from "./sink.ts";

/** How keys become object names: as Loki's filesystem client does it, or as they are. */
export type KeyForm = "filesystem" | "plain";

export interface ChunkPlace {
  readonly tenant: string;
  readonly fingerprint: bigint;
  readonly ref: ChunkRef;
}

export interface ChunkStoreOptions {
  readonly objects: ObjectStore;
  /** Undefined when the schema is not known: then both forms of the key are tried. */
  readonly schema?: Schema;
  readonly form: KeyForm;
  readonly meter?: Meter;
}

/** Deleted chunks whose names are looked for. */
const PROBES = 16;

interface Naming {
  readonly schema: SchemaVersion;
  readonly form: KeyForm;
}

export class ChunkStore {
  readonly #options: ChunkStoreOptions;
  /** The naming that found an object last where its own did not, by that. */
  readonly #found = new Map<string, Naming>();
  /** How many chunks were deleted with a look at every name, and whether one had another than its own. */
  #probes = 0;
  #isForeign = false;

  constructor(options: ChunkStoreOptions) {
    this.#options = options;
  }

  /** The same chunks through another way to the same store, such as one that refuses writes. */
  over(objects: ObjectStore): ChunkStore {
    return new ChunkStore({ ...this.#options, objects });
  }

  async put({ tenant, fingerprint, ref, object }: StoredChunk): Promise<void> {
    const { objects, meter } = this.#options;
    await objects.put(this.#name({ tenant, fingerprint, ref }, this.#native(ref)), object);
    meter?.count("loki_chunk_store_stored_chunks_total", 1, { user: tenant });
    meter?.count("loki_chunk_store_stored_chunk_bytes_total", object.length, { user: tenant });
  }

  /** The object's name as Loki would write it, for messages; where no schema says it, as others were found. */
  keyOf(place: ChunkPlace): string {
    const native = this.#native(place.ref);
    const found = this.#options.schema === undefined ? this.#found.get(kindOf(native)) : undefined;
    return chunkKey((found ?? native).schema, place.tenant, place.fingerprint, place.ref);
  }

  /**
   * Undefined when there is no such object; Corrupt when it is not what its key says. What lies in its
   * blocks is checked when they are read.
   */
  async get(place: ChunkPlace, signal?: AbortSignal): Promise<ChunkObject | undefined> {
    const count = (status: string) =>
      this.#options.meter?.count("loki_store_chunks_downloaded_total", 1, { status });
    try {
      const bytes = await this.#read(place, signal);
      if (bytes !== undefined) {
        const source = { source: "store" };
        this.#options.meter?.observe("loki_chunk_fetcher_fetched_size_bytes", bytes.length, source);
      }
      const chunk = bytes === undefined ? undefined : openAs(place, bytes);
      count(chunk === undefined ? "failure" : "success");
      return chunk;
    } catch (error) {
      if (!signal?.aborted) count("failure");
      throw error;
    }
  }

  /**
   * Deletes a chunk. The first ones are looked for under every name; when all of them had the name that
   * Loki would use, so have the others, and one request is enough.
   */
  async remove(place: ChunkPlace): Promise<void> {
    const native = this.#native(place.ref);
    if (this.#probes >= PROBES && !this.#isForeign) {
      await this.#options.objects.delete(this.#name(place, native));
      return;
    }
    this.#probes++;
    for (const naming of this.#namings(place.ref)) {
      const name = this.#name(place, naming);
      const range = { offset: 0, size: 4 };
      if ((await this.#options.objects.get(name, { range })) === undefined) continue;
      if (name !== this.#name(place, native)) this.#isForeign = true;
      await this.#options.objects.delete(name);
    }
  }

  /** The schema whose keys the chunk is found under; undefined when it is not there. */
  async namingOf(place: ChunkPlace): Promise<SchemaVersion | undefined> {
    for (const naming of this.#namings(place.ref)) {
      const range = { offset: 0, size: 4 };
      if ((await this.#options.objects.get(this.#name(place, naming), { range })) !== undefined)
        return naming.schema;
    }
    return undefined;
  }

  async #read(place: ChunkPlace, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    const options = signal === undefined ? {} : { signal };
    const namings = this.#namings(place.ref);
    for (const naming of namings) {
      const bytes = await this.#options.objects.get(this.#name(place, naming), options);
      if (bytes === undefined) continue;
      if (naming !== namings[0]) this.#found.set(kindOf(this.#native(place.ref)), naming);
      return bytes;
    }
    return undefined;
  }

  #name(place: ChunkPlace, { schema, form }: Naming): string {
    const key = chunkKey(schema, place.tenant, place.fingerprint, place.ref);
    return form === "filesystem" ? filesystemKey(key) : key;
  }

  #native(ref: ChunkRef): Naming {
    const { schema, form } = this.#options;
    // With no schema at all Loki's newest stands; before the first period its rule is the older form.
    const version = schema === undefined ? "v13" : (periodAt(schema, ref.fromMs)?.schema ?? "v11");
    return { schema: version, form };
  }

  #namings(ref: ChunkRef): Naming[] {
    const native = this.#native(ref);
    const all = [native];
    const found = this.#found.get(kindOf(native));
    if (found !== undefined) all.unshift(found);
    for (const schema of ["v12", "v11"] as const) {
      for (const form of ["filesystem", "plain"] as const) all.push({ schema, form });
    }
    const seen = new Set<string>();
    return all.filter((naming) => {
      const kind = kindOf(naming);
      return !seen.has(kind) && seen.add(kind);
    });
  }
}

/** The same for namings that give every chunk the same name. */
function kindOf({ schema, form }: Naming): string {
  return `${form} ${schema === "v12" || schema === "v13"}`;
}

function openAs({ tenant, fingerprint, ref }: ChunkPlace, bytes: Uint8Array): ChunkObject {
  const chunk = openObject(bytes);
  const isIt =
    chunk.tenant === tenant &&
    chunk.fingerprint === fingerprint &&
    chunk.fromMs === ref.fromMs &&
    chunk.throughMs === ref.throughMs;
  if (isIt) return chunk;
  throw new Corrupt(
    `object is of tenant ${chunk.tenant}, stream ${chunk.fingerprint}, ${chunk.fromMs} to ${chunk.throughMs}`,
  );
}
