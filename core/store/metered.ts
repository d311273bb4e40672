/** An object store whose requests are counted under one name, by operation and status. */
import type { Clock } from "../ports/clock.ts";
import type { Meter } from "../ports/meter.ts";
import type {
  GetOptions,
  ListOptions,
  ObjectInfo,
  ObjectStore,
  PutOptions,
} from "../ports/object-store.ts";

export interface MeteredOptions {
  readonly meter: Meter;
  readonly clock: Clock;
  /** A histogram of seconds with the labels `operation` and `status_code`. */
  readonly name: string;
}

export class MeteredStore implements ObjectStore {
  readonly #store: ObjectStore;
  readonly #options: MeteredOptions;

  constructor(store: ObjectStore, options: MeteredOptions) {
    this.#store = store;
    this.#options = options;
  }

  get(key: string, options?: GetOptions): Promise<Uint8Array | undefined> {
    const isThere = (bytes: Uint8Array | undefined) => (bytes === undefined ? "404" : "200");
    return this.#timed("GetObject", () => this.#store.get(key, options), isThere);
  }

  put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<boolean> {
    return this.#timed("PutObject", () => this.#store.put(key, bytes, options));
  }

  list(prefix: string, options?: ListOptions): AsyncIterable<ObjectInfo> {
    return this.#store.list(prefix, options);
  }

  folders(prefix: string): Promise<{ folders: string[]; objects: ObjectInfo[] }> {
    return this.#timed("List", () => this.#store.folders(prefix));
  }

  delete(key: string): Promise<void> {
    return this.#timed("DeleteObject", () => this.#store.delete(key));
  }

  async #timed<T>(
    operation: string,
    request: () => Promise<T>,
    statusOf: (result: T) => string = () => "200",
  ): Promise<T> {
    const { meter, clock, name } = this.#options;
    const started = clock.ticksMs();
    let status = "500";
    try {
      const result = await request();
      status = statusOf(result);
      return result;
    } catch (error) {
      if (error instanceof Error && error.name === "AbortError") status = "cancel";
      throw error;
    } finally {
      const seconds = (clock.ticksMs() - started) / 1000;
      meter.observe(name, seconds, { operation, status_code: status });
    }
  }
}
