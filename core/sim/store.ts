/** An object store in memory: for tests, with faults, and for a server that keeps nothing. */
import { compareText } from "../bytes/text.ts";
import { Unavailable } from "../model/errors.ts";
import type {
  GetOptions,
  ListOptions,
  ObjectInfo,
  ObjectStore,
  PutOptions,
} from "../ports/object-store.ts";
import { type Fault, Faults, faultError } from "./faults.ts";

interface Stored {
  readonly bytes: Uint8Array;
  readonly modifiedMs: number | undefined;
}

export class MemoryObjectStore implements ObjectStore {
  readonly #objects = new Map<string, Stored>();
  /** Keys in order, made when it is asked for. */
  #keys: readonly string[] | undefined;
  /** May be added to while the store is in use. */
  readonly faults: Faults;
  readonly #nowMs: (() => number) | undefined;
  #stopped = false;

  /** With `nowMs` objects have a time of their last write. */
  constructor(options: { faults?: Faults; nowMs?: () => number } = {}) {
    this.faults = options.faults ?? new Faults();
    this.#nowMs = options.nowMs;
  }

  /** After a fault with `stop` every operation fails, until whoever asks is started again. */
  restart(): void {
    this.#stopped = false;
  }

  async get(key: string, options: GetOptions = {}): Promise<Uint8Array | undefined> {
    options.signal?.throwIfAborted();
    this.#check("get", key);
    const stored = this.#objects.get(key);
    if (stored === undefined) return undefined;
    const { offset, size } = options.range ?? { offset: 0, size: stored.bytes.length };
    return stored.bytes.slice(offset, offset + size);
  }

  /** A put that a fault strikes leaves the old object, or with `part` 1 the new one and an error. */
  async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<boolean> {
    options.signal?.throwIfAborted();
    const fault = this.#strike("put", key);
    if (fault !== undefined && fault.part !== 1) throw faultError(fault, "put", key);
    if (options.ifAbsent && this.#objects.has(key)) return false;
    if (!this.#objects.has(key)) this.#keys = undefined;
    this.#objects.set(key, { bytes: bytes.slice(), modifiedMs: this.#nowMs?.() });
    if (fault !== undefined) throw faultError(fault, "put", key);
    return true;
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncGenerator<ObjectInfo> {
    this.#check("list", prefix);
    const keys = (this.#keys ??= [...this.#objects.keys()].sort(compareText));
    for (const key of keys) {
      options.signal?.throwIfAborted();
      if (!key.startsWith(prefix)) continue;
      if (options.startAfter !== undefined && compareText(key, options.startAfter) <= 0) continue;
      const stored = this.#objects.get(key);
      if (stored !== undefined) yield infoOf(key, stored);
    }
  }

  async folders(prefix: string): Promise<{ folders: string[]; objects: ObjectInfo[] }> {
    this.#check("folders", prefix);
    const folders = new Set<string>();
    const objects: ObjectInfo[] = [];
    for (const key of [...this.#objects.keys()].sort(compareText)) {
      if (!key.startsWith(prefix)) continue;
      const slash = key.indexOf("/", prefix.length);
      if (slash >= 0) folders.add(key.slice(prefix.length, slash));
      else objects.push(infoOf(key, this.#objects.get(key)!));
    }
    return { folders: [...folders], objects };
  }

  async delete(key: string): Promise<void> {
    this.#check("delete", key);
    if (this.#objects.delete(key)) this.#keys = undefined;
  }

  #check(op: string, key: string): void {
    const fault = this.#strike(op, key);
    if (fault !== undefined) throw faultError(fault, op, key);
  }

  #strike(op: string, key: string): Fault | undefined {
    if (this.#stopped) throw new Unavailable(`stopped: ${op} ${key}`);
    const fault = this.faults.strike(op, key);
    this.#stopped ||= fault?.stop === true;
    return fault;
  }
}

function infoOf(key: string, { bytes, modifiedMs }: Stored): ObjectInfo {
  const info = { key, size: bytes.length };
  return modifiedMs === undefined ? info : { ...info, modifiedMs };
}
