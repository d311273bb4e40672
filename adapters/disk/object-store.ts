/**
 * An object store in a local folder. A key is a path below the root. A write goes to a partial
 * name, is synced, and takes its real name in one step: a crash leaves the old object or the new.
 */
import { link, mkdir, open, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { compareText } from "../../core/bytes/text.ts";
import { assert } from "../../core/model/errors.ts";
import type {
  GetOptions,
  ListOptions,
  ObjectInfo,
  ObjectStore,
  PutOptions,
} from "../../core/ports/object-store.ts";
import { available, readRange, syncFolder, syncNewFolders, undefinedOn } from "./files.ts";

/** Ends every partial name. No key may end so, and listings leave such files out. */
const PARTIAL = ".partial";

/** A partial file this old belongs to no write any more: its writer crashed. */
const PARTIAL_AGE_MS = 3_600_000;

/** How many files of a folder are asked for their size at once. */
const STATS_AT_ONCE = 64;

/** There is no such object: no file, a folder, or a file where the key has a folder. */
const ABSENT = ["ENOENT", "EISDIR", "ENOTDIR"];

export class DiskObjectStore implements ObjectStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async get(key: string, options: GetOptions = {}): Promise<Uint8Array | undefined> {
    options.signal?.throwIfAborted();
    const path = this.#path(key);
    const { offset, size } = options.range ?? {};
    return available(path, undefinedOn(ABSENT, readRange(path, offset, size)));
  }

  async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<boolean> {
    options.signal?.throwIfAborted();
    const target = this.#path(key);
    return available(target, writeObject(target, bytes, options.ifAbsent === true));
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncGenerator<ObjectInfo> {
    const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
    yield* this.#walk(folder, prefix, options);
  }

  async folders(prefix: string): Promise<{ folders: string[]; objects: ObjectInfo[] }> {
    assert(prefix === "" || prefix.endsWith("/"), `prefix ${prefix} does not end in /`);
    const names = await this.#names(prefix);
    const isFolder = (name: string) => name.endsWith("/");
    return {
      folders: names.filter(isFolder).map((name) => name.slice(0, -1)),
      objects: await this.#infos(
        names.filter((name) => !isFolder(name)).map((name) => prefix + name),
      ),
    };
  }

  async delete(key: string): Promise<void> {
    const path = this.#path(key);
    await available(path, undefinedOn(["ENOENT", "ENOTDIR"], rm(path)));
    // Folders are no objects: one without any is not to be found by a listing.
    for (let folder = dirname(key); folder !== "."; folder = dirname(folder)) {
      const removed = await rmdir(join(this.#root, folder)).then(
        () => true,
        () => false,
      );
      if (!removed) break;
    }
  }

  /** The objects of a folder ("" or ending in "/") and those below it, in key order. */
  async *#walk(folder: string, prefix: string, options: ListOptions): AsyncGenerator<ObjectInfo> {
    const after = options.startAfter ?? "";
    let files: string[] = [];
    for (const name of await this.#names(folder)) {
      const key = folder + name;
      // A folder also holds what is after `startAfter` when `startAfter` is within it.
      if (compareText(key, after) <= 0 && !(name.endsWith("/") && after.startsWith(key))) continue;
      if (!(key.startsWith(prefix) || (name.endsWith("/") && prefix.startsWith(key)))) continue;
      if (!name.endsWith("/")) {
        files.push(key);
        if (files.length < STATS_AT_ONCE) continue;
      }
      options.signal?.throwIfAborted();
      yield* await this.#infos(files);
      files = [];
      if (name.endsWith("/")) yield* this.#walk(key, prefix, options);
    }
    yield* await this.#infos(files);
  }

  /** Names in a folder in the order of the keys that they lead to: those of folders end in "/". */
  async #names(folder: string): Promise<string[]> {
    const path = folder === "" ? this.#root : this.#path(folder.slice(0, -1));
    const items = await available(
      path,
      undefinedOn(["ENOENT", "ENOTDIR"], readdir(path, { withFileTypes: true })),
    );
    const names: string[] = [];
    for (const item of items ?? []) {
      if (item.name.endsWith(PARTIAL)) await removeIfOld(join(path, item.name));
      else names.push(item.isDirectory() ? `${item.name}/` : item.name);
    }
    return names.sort(compareText);
  }

  /** What is known of objects; one that has gone meanwhile is left out. */
  async #infos(keys: readonly string[]): Promise<ObjectInfo[]> {
    const infos: ObjectInfo[] = [];
    for (let at = 0; at < keys.length; at += STATS_AT_ONCE) {
      const some = keys.slice(at, at + STATS_AT_ONCE);
      const stats = await Promise.all(
        some.map((key) => available(key, undefinedOn(["ENOENT"], stat(join(this.#root, key))))),
      );
      some.forEach((key, index) => {
        const found = stats[index];
        if (found !== undefined) {
          infos.push({ key, size: found.size, modifiedMs: Math.floor(found.mtimeMs) });
        }
      });
    }
    return infos;
  }

  /** Core makes keys of checked tenants. This is the second look, before a path leaves the root. */
  #path(key: string): string {
    const parts = key.split("/");
    const leaves = parts.some((part) => part === "" || part === "." || part === "..");
    assert(!leaves && !key.includes("\0"), `key ${key} is no path within the store`);
    assert(!key.endsWith(PARTIAL), `key ${key} ends as partial writes do`);
    return join(this.#root, key);
  }
}

async function writeObject(target: string, bytes: Uint8Array, ifAbsent: boolean): Promise<boolean> {
  const folder = dirname(target);
  const source = join(folder, `.${crypto.randomUUID()}${PARTIAL}`);
  try {
    await writeSynced(source, bytes);
    // link() refuses a name that is taken, rename() replaces it: the two halves of the contract.
    if (ifAbsent) {
      const linked = await undefinedOn(
        ["EEXIST"],
        link(source, target).then(() => true),
      );
      if (linked === undefined) return false;
    } else {
      await rename(source, target);
    }
    await syncFolder(folder);
    return true;
  } finally {
    await rm(source, { force: true }).catch(() => {});
  }
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await openInFolder(path);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Opens a new file, making its folder. A delete may prune the folder in between: then once more. */
async function openInFolder(path: string): Promise<Awaited<ReturnType<typeof open>>> {
  const folder = dirname(path);
  for (let tries = 1; ; tries++) {
    const made = await mkdir(folder, { recursive: true });
    await undefinedOn(["ENOENT"], syncNewFolders(folder, made));
    const file = await undefinedOn(tries < 10 ? ["ENOENT"] : [], open(path, "wx"));
    if (file !== undefined) return file;
  }
}

async function removeIfOld(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || Date.now() - found.mtimeMs < PARTIAL_AGE_MS) return;
  await rm(path, { force: true }).catch(() => {});
}
