/**
 * The disk under a WAL: files in a local folder. A file or a name that was synced survives a loss of
 * power; the folder is synced whenever a name in it is made or changed.
 */
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { assert } from "../../core/model/errors.ts";
import type { LogDisk, LogFile } from "../../core/ports/log-disk.ts";
import { available, readRange, syncFolder, syncNewFolders, undefinedOn } from "./files.ts";

export class DiskLogDisk implements LogDisk {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async list(folder: string): Promise<string[]> {
    const path = this.#path(folder);
    return (await available(path, undefinedOn(["ENOENT"], readdir(path)))) ?? [];
  }

  async size(path: string): Promise<number> {
    const full = this.#path(path);
    return (await available(full, undefinedOn(["ENOENT"], stat(full))))?.size ?? 0;
  }

  async read(path: string, offset: number, size: number): Promise<Uint8Array> {
    const full = this.#path(path);
    return available(full, readRange(full, offset, size));
  }

  async append(path: string): Promise<LogFile> {
    const full = this.#path(path);
    return available(full, openToAppend(full));
  }

  async rename(source: string, target: string): Promise<void> {
    const from = this.#path(source);
    const to = this.#path(target);
    await available(from, rename(from, to));
    await available(to, syncFolder(dirname(to)));
    if (dirname(from) !== dirname(to)) await available(from, syncFolder(dirname(from)));
  }

  async remove(path: string): Promise<void> {
    const full = this.#path(path);
    await available(full, rm(full, { recursive: true, force: true }));
  }

  #path(path: string): string {
    assert(!path.startsWith("/") && !path.split("/").includes(".."), `path ${path} leaves the log`);
    return join(this.#root, path);
  }
}

async function openToAppend(path: string): Promise<LogFile> {
  const folder = dirname(path);
  const made = await mkdir(folder, { recursive: true });
  const file = await open(path, "a");
  try {
    await syncFolder(folder);
    await syncNewFolders(folder, made);
  } catch (error) {
    await file.close();
    throw error;
  }
  return logFile(path, file);
}

function logFile(path: string, file: FileHandle): LogFile {
  return {
    write: (bytes) => available(path, writeAll(file, bytes)),
    // The size of the file is part of what datasync makes last; its times, which nobody needs, are not.
    sync: () => available(path, file.datasync()),
    close: () => available(path, file.close()),
  };
}

/** A write may take fewer bytes than it was given. */
async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let at = 0;
  while (at < bytes.length) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at);
    at += bytesWritten;
  }
}
