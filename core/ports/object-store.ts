/**
 * Where objects live: S3, a local folder, memory. Keys are `/`-separated paths without a leading
 * slash, such as `fake/c3a8d9abf646ef12/18bcfe56800:18bcfe56be8:bfe03d54`.
 */
export interface ObjectStore {
  /**
   * The bytes of an object, or of a range of it; undefined when there is no such object. A range that
   * passes the end gives what there is. The bytes are the caller's. Throws Unavailable when the store
   * does not answer.
   */
  get(key: string, options?: GetOptions): Promise<Uint8Array | undefined>;

  /**
   * Writes a whole object and makes it last: when this resolves, a crash does not lose it; when it
   * rejects, the old object or none is there, never a part. With `ifAbsent` an object that exists is
   * left alone and the answer is false. The store does not change `bytes` and does not keep them.
   */
  put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<boolean>;

  /**
   * The objects whose key starts with `prefix`, in key order.
   * `list("index/")` -> { key: "index/index_19658/a.tsdb.gz", size: 1067 }, …
   */
  list(prefix: string, options?: ListOptions): AsyncIterable<ObjectInfo>;

  /**
   * The names directly below a prefix that ends in "/" (or is ""), folders apart from objects.
   * `folders("index/")` -> { folders: ["index_19658"], objects: [] }
   */
  folders(prefix: string): Promise<{ folders: string[]; objects: ObjectInfo[] }>;

  /** Removes an object. Removing what is not there is no error. */
  delete(key: string): Promise<void>;
}

export interface ObjectInfo {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Unix milliseconds of the last write, where the store knows it. */
  readonly modifiedMs?: number;
}

export interface GetOptions {
  readonly range?: { readonly offset: number; readonly size: number };
  readonly signal?: AbortSignal;
}

export interface PutOptions {
  readonly ifAbsent?: boolean;
  readonly signal?: AbortSignal;
}

export interface ListOptions {
  /** Only keys after this one. */
  readonly startAfter?: string;
  readonly signal?: AbortSignal;
}
