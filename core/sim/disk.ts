/**
 * A disk in memory that crashes like a real one. After a crash of the process everything written is
 * there. After a loss of power a file keeps what was synced and, as chance has it, some of what was
 * not, perhaps damaged; a file that was never synced may be gone, a removed one may be back.
 */
import { Unavailable } from "../model/errors.ts";
import type { LogDisk, LogFile } from "../ports/log-disk.ts";
import { Faults, faultError } from "./faults.ts";
import { Random } from "./random.ts";

interface SimFile {
  bytes: Uint8Array<ArrayBuffer>;
  size: number;
  /** Bytes that survive a loss of power; undefined when not even the name does. */
  synced: number | undefined;
}

export class SimDisk implements LogDisk {
  #files = new Map<string, SimFile>();
  /** Removed since the last crash, with what would come back. */
  #removed = new Map<string, SimFile>();
  readonly #random: Random;
  readonly faults: Faults;
  /** Files opened before a crash are of no use after it. */
  #boot = 0;
  #stopped = false;

  constructor(options: { seed?: number; faults?: Faults } = {}) {
    this.#random = new Random(options.seed ?? 1);
    this.faults = options.faults ?? new Faults();
  }

  /** Stops the machine, if a fault has not done so, and starts it again. */
  crash(kind: "process" | "power"): void {
    this.#boot++;
    this.#stopped = false;
    if (kind === "power") this.#losePower();
    this.#removed.clear();
    for (const file of this.#files.values()) file.synced = file.size;
  }

  async list(folder: string): Promise<string[]> {
    this.#check("list", folder);
    const prefix = folder === "" ? "" : `${folder}/`;
    const names = new Set<string>();
    for (const path of this.#files.keys()) {
      if (path.startsWith(prefix)) names.add(path.slice(prefix.length).split("/")[0]!);
    }
    return [...names];
  }

  async size(path: string): Promise<number> {
    this.#check("size", path);
    return this.#files.get(path)?.size ?? 0;
  }

  async read(path: string, offset: number, size: number): Promise<Uint8Array> {
    this.#check("read", path);
    const file = this.#files.get(path);
    if (file === undefined) throw new Unavailable(`ENOENT: read ${path}`);
    return file.bytes.slice(offset, Math.min(file.size, offset + size));
  }

  async append(path: string): Promise<LogFile> {
    this.#check("append", path);
    const file = this.#files.get(path) ?? { bytes: new Uint8Array(64), size: 0, synced: undefined };
    this.#files.set(path, file);
    return this.#open(path, file);
  }

  async rename(source: string, target: string): Promise<void> {
    this.#check("rename", source);
    const moved = [...this.#files].filter(([path]) => isWithin(path, source));
    if (moved.length === 0) throw new Unavailable(`ENOENT: rename ${source}`);
    for (const [path, file] of moved) {
      this.#files.delete(path);
      this.#files.set(target + path.slice(source.length), file);
    }
  }

  async remove(path: string): Promise<void> {
    this.#check("remove", path);
    for (const [name, file] of this.#files) {
      if (!isWithin(name, path)) continue;
      this.#files.delete(name);
      this.#removed.set(name, file);
    }
  }

  /** Changes bytes of a file behind everyone's back. */
  damage(path: string, change: (bytes: Uint8Array) => Uint8Array): void {
    const file = this.#files.get(path);
    if (file === undefined) throw new Unavailable(`ENOENT: damage ${path}`);
    const bytes = change(file.bytes.slice(0, file.size)).slice();
    this.#files.set(path, { bytes, size: bytes.length, synced: bytes.length });
  }

  #open(path: string, file: SimFile): LogFile {
    const boot = this.#boot;
    const check = (op: string) => {
      if (boot !== this.#boot) throw new Unavailable(`EBADF: ${op} ${path}`);
    };
    return {
      write: async (bytes) => {
        check("write");
        if (this.#stopped) throw stopped("write", path);
        const fault = this.faults.strike("write", path);
        if (fault === undefined) return appendTo(file, bytes);
        appendTo(file, bytes.subarray(0, Math.floor(bytes.length * (fault.part ?? 0))));
        this.#stopped ||= fault.stop === true;
        throw faultError(fault, "write", path);
      },
      sync: async () => {
        check("sync");
        const size = file.size;
        this.#check("sync", path);
        // Other work goes on while a disk syncs, and what it writes now is not part of this sync.
        await undefined;
        check("sync");
        file.synced = Math.max(file.synced ?? 0, size);
      },
      close: async () => {},
    };
  }

  #check(op: string, path: string): void {
    if (this.#stopped) throw stopped(op, path);
    const fault = this.faults.strike(op, path);
    if (fault === undefined) return;
    this.#stopped ||= fault.stop === true;
    throw faultError(fault, op, path);
  }

  #losePower(): void {
    for (const [path, file] of this.#removed) {
      const known = this.#files.has(path) || file.synced === undefined;
      if (!known && this.#random.chance(0.5)) this.#files.set(path, file);
    }
    for (const [path, file] of this.#files) {
      if (file.synced === undefined && this.#random.chance(0.5)) this.#files.delete(path);
      else this.#loseTail(file);
    }
  }

  #loseTail(file: SimFile): void {
    const synced = file.synced ?? 0;
    file.size = this.#random.int(synced, file.size + 1);
    if (file.size === synced || this.#random.chance(0.5)) return;
    // Sectors reach the disk in any order: one that did not reads as zeros or as what was there before.
    const start = this.#random.int(synced, file.size);
    const end = Math.min(file.size, start + this.#random.int(1, 4096));
    const stale = this.#random.chance(0.5) ? this.#random.bytes(end - start) : undefined;
    if (stale === undefined) file.bytes.fill(0, start, end);
    else file.bytes.set(stale, start);
  }
}

function appendTo(file: SimFile, bytes: Uint8Array): void {
  const size = file.size + bytes.length;
  if (size > file.bytes.length) {
    const larger = new Uint8Array(Math.max(size, 2 * file.bytes.length));
    larger.set(file.bytes.subarray(0, file.size));
    file.bytes = larger;
  }
  file.bytes.set(bytes, file.size);
  file.size = size;
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function stopped(op: string, path: string): Unavailable {
  return new Unavailable(`stopped: ${op} ${path}`);
}
