/**
 * An object store over a bucket service. Requests go through the Caller, which tries again; every read
 * and write is checked; an object above 8 MiB is sent in parts and is there at once when they are joined.
 *
 * ListBucket, GetObject, PutObject and DeleteObject are all the rights it needs. A fifth,
 * AbortMultipartUpload, is used where it is given, to remove the parts of a write that failed.
 */
import { compareText, toHex } from "../bytes/text.ts";
import { assert } from "../model/errors.ts";
import type { Random } from "../ports/clock.ts";
import type {
  GetOptions,
  ListOptions,
  ObjectInfo,
  ObjectStore,
  PutOptions,
} from "../ports/object-store.ts";
import { bucketOf, merge } from "./bucket-of.ts";
import { type Caller, explain } from "./caller.ts";
import { Integrity, partOf } from "./integrity.ts";
import { PART_SIZE, putParts } from "./parts.ts";
import { isAbsent, isPastEnd, isTaken } from "./s3-failure.ts";
import type { Attempt, ListPage, ListQuery, Place, S3Wire } from "./s3-wire.ts";

/** The metadata that tells which write made an object, to know our own again when its answer was lost. */
const WRITE_ID = "lokits-write";

export interface RemoteStoreOptions {
  readonly wire: S3Wire;
  readonly caller: Caller;
  readonly buckets: readonly string[];
  readonly random: Random;
  /** Whether the service encrypts what is written, so that the ETags of writes are no MD5. */
  readonly opaqueEtags: boolean;
}

export class RemoteStore implements ObjectStore {
  readonly #wire: S3Wire;
  readonly #caller: Caller;
  readonly #buckets: readonly string[];
  readonly #random: Random;
  readonly #opaqueEtags: boolean;
  readonly #integrity = new Integrity();

  constructor({ wire, caller, buckets, random, opaqueEtags }: RemoteStoreOptions) {
    assert(buckets.length > 0, "a store of no buckets");
    this.#wire = wire;
    this.#caller = caller;
    this.#buckets = buckets;
    this.#random = random;
    this.#opaqueEtags = opaqueEtags;
  }

  async get(key: string, { range, signal }: GetOptions = {}): Promise<Uint8Array | undefined> {
    signal?.throwIfAborted();
    const place = this.#place(key);
    // HTTP has no range of no bytes; whether the object is there is still to be told.
    if (range?.size === 0) {
      return (await this.#exists(place, signal)) ? new Uint8Array(0) : undefined;
    }
    const bytes = range && `bytes=${range.offset}-${range.offset + range.size - 1}`;
    try {
      return await this.#caller.call(
        "S3.GetObject",
        place,
        async (attempt) => this.#integrity.read(await this.#wire.get(place, bytes, attempt), range),
        { signal },
      );
    } catch (error) {
      if (isAbsent(error)) return undefined;
      if (range !== undefined && isPastEnd(error)) return new Uint8Array(0);
      throw explain(error, "get", place);
    }
  }

  /**
   * With `ifAbsent` the service refuses what is taken (If-None-Match). It is asked before as well: a
   * service from before 2024 does not know that header, and would replace a lease without a word.
   */
  async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<boolean> {
    const { ifAbsent = false, signal } = options;
    signal?.throwIfAborted();
    const place = this.#place(key);
    if (ifAbsent && (await this.#exists(place, signal))) return false;
    const id = toHex(this.#random.bytes(16));
    const send = bytes.length > PART_SIZE ? this.#putParts : this.#putWhole;
    try {
      return await send.call(this, place, bytes, { ifAbsent, id, signal });
    } catch (error) {
      throw explain(error, "put", place);
    }
  }

  async *list(
    prefix: string,
    { startAfter, signal }: ListOptions = {},
  ): AsyncGenerator<ObjectInfo> {
    const query = startAfter ? { prefix, startAfter } : { prefix };
    yield* merge(this.#buckets.map((bucket) => this.#listOne(bucket, query, signal)));
  }

  async folders(prefix: string): Promise<{ folders: string[]; objects: ObjectInfo[] }> {
    assert(prefix === "" || prefix.endsWith("/"), `prefix ${prefix} does not end in /`);
    const folders = new Set<string>();
    const objects: ObjectInfo[] = [];
    for (const bucket of this.#buckets) {
      for await (const page of this.#pages(bucket, { prefix, delimiter: "/" })) {
        for (const folder of page.prefixes) folders.add(folder.slice(prefix.length, -1));
        objects.push(...page.objects);
      }
    }
    return {
      folders: [...folders].sort(compareText),
      objects: [...inOrder(objects)],
    };
  }

  async delete(key: string): Promise<void> {
    const place = this.#place(key);
    try {
      await this.#caller.call("S3.DeleteObject", place, (attempt) =>
        this.#wire.delete(place, attempt),
      );
    } catch (error) {
      if (!isAbsent(error)) throw explain(error, "delete", place);
    }
  }

  #place(key: string): Place {
    assert(key !== "" && !key.startsWith("/"), `key "${key}" names no object`);
    return { bucket: bucketOf(key, this.#buckets), key };
  }

  async #exists(place: Place, signal?: AbortSignal): Promise<boolean> {
    const request = (attempt: Attempt) => this.#wire.head(place, attempt);
    try {
      await this.#caller.call("S3.GetObject", place, request, { signal });
      return true;
    } catch (error) {
      if (isAbsent(error)) return false;
      throw explain(error, "head", place);
    }
  }

  async #putWhole(place: Place, bytes: Uint8Array, write: Write): Promise<boolean> {
    const part = partOf(bytes);
    const how = {
      ifAbsent: write.ifAbsent,
      metadata: write.ifAbsent ? { [WRITE_ID]: write.id } : {},
    };
    let tries = 0;
    try {
      await this.#caller.call(
        "S3.PutObject",
        place,
        async (attempt) => {
          tries = attempt.number;
          const written = await this.#wire.put(place, part, how, attempt);
          this.#integrity.written(part, written, this.#opaqueEtags);
        },
        { signal: write.signal, size: bytes.length },
      );
      return true;
    } catch (error) {
      if (!isTaken(error)) throw error;
      // A try whose answer was lost may have been the one that took the name.
      const isOurs = (attempt: Attempt) => this.#isOurs(place, write.id, attempt);
      const { signal } = write;
      return tries > 1 && (await this.#caller.call("S3.GetObject", place, isOurs, { signal }));
    }
  }

  #putParts(place: Place, bytes: Uint8Array, write: Write): Promise<boolean> {
    return putParts(
      {
        wire: this.#wire,
        caller: this.#caller,
        check: (part, written) => this.#integrity.written(part, written, this.#opaqueEtags),
        isOurs: (attempt) => this.#isOurs(place, write.id, attempt),
      },
      place,
      bytes,
      { ifAbsent: write.ifAbsent, metadata: { [WRITE_ID]: write.id } },
      write.signal,
    );
  }

  async #isOurs(place: Place, id: string, attempt: Attempt): Promise<boolean> {
    try {
      const { metadata } = await this.#wire.head(place, attempt);
      return metadata[WRITE_ID] === id;
    } catch (error) {
      if (isAbsent(error)) return false;
      throw error;
    }
  }

  async *#listOne(
    bucket: string,
    query: ListQuery,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ObjectInfo> {
    for await (const page of this.#pages(bucket, query, signal)) {
      for (const info of page.objects) {
        signal?.throwIfAborted();
        yield info;
      }
    }
  }

  async *#pages(bucket: string, query: ListQuery, signal?: AbortSignal): AsyncGenerator<ListPage> {
    const place = { bucket, key: query.prefix };
    let token: string | undefined;
    do {
      const asked = token === undefined ? query : { ...query, token };
      const request = (attempt: Attempt) => this.#wire.list(bucket, asked, attempt);
      let page: ListPage;
      try {
        page = await this.#caller.call("S3.List", place, request, { signal });
      } catch (error) {
        throw explain(error, "list", place);
      }
      yield { ...page, objects: inOrder(page.objects) };
      token = page.token;
    } while (token !== undefined);
  }
}

/** S3 lists in key order. Its directory buckets and some servers like it do not: a page is put in order here. */
function inOrder(objects: readonly ObjectInfo[]): readonly ObjectInfo[] {
  const isSorted = objects.every(
    ({ key }, index) => index === 0 || compareText(objects[index - 1]!.key, key) < 0,
  );
  return isSorted ? objects : objects.toSorted((a, b) => compareText(a.key, b.key));
}

interface Write {
  readonly ifAbsent: boolean;
  readonly id: string;
  readonly signal: AbortSignal | undefined;
}
