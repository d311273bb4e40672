/** The part of an object store below a prefix, as a store of its own: its keys are without the prefix. */
import { assert } from "../model/errors.ts";
import type {
  GetOptions,
  ListOptions,
  ObjectInfo,
  ObjectStore,
  PutOptions,
} from "../ports/object-store.ts";

export class PrefixedStore implements ObjectStore {
  readonly #store: ObjectStore;
  readonly #prefix: string;

  /** `prefix` ends in "/". */
  constructor(store: ObjectStore, prefix: string) {
    assert(prefix.endsWith("/") && !prefix.startsWith("/"), `prefix ${prefix} is no folder`);
    this.#store = store;
    this.#prefix = prefix;
  }

  get(key: string, options?: GetOptions): Promise<Uint8Array | undefined> {
    return this.#store.get(this.#prefix + key, options);
  }

  put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<boolean> {
    return this.#store.put(this.#prefix + key, bytes, options);
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncGenerator<ObjectInfo> {
    const { startAfter, ...rest } = options;
    const after = startAfter ? { startAfter: this.#prefix + startAfter } : {};
    for await (const info of this.#store.list(this.#prefix + prefix, { ...rest, ...after })) {
      yield this.#without(info);
    }
  }

  async folders(prefix: string): Promise<{ folders: string[]; objects: ObjectInfo[] }> {
    const { folders, objects } = await this.#store.folders(this.#prefix + prefix);
    return { folders, objects: objects.map((info) => this.#without(info)) };
  }

  delete(key: string): Promise<void> {
    return this.#store.delete(this.#prefix + key);
  }

  #without(info: ObjectInfo): ObjectInfo {
    return { ...info, key: info.key.slice(this.#prefix.length) };
  }
}
