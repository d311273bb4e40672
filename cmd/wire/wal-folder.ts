/** The folder of the write-ahead log, which one process has for itself. */
import { mkdir } from "node:fs/promises";
import { DiskLogDisk } from "../../adapters/disk/log-disk.ts";
import { lockFolder } from "../../adapters/sqlite/folder-lock.ts";
import type { Journal } from "../../core/ports/journal.ts";
import { naming } from "./start-problem.ts";

export interface WalFolder {
  readonly disk: DiskLogDisk;
  readonly release: () => void;
}

/** Throws, naming the key, when it cannot be made or another process has it. */
export async function openWalFolder(folder: string, journal: Journal): Promise<WalFolder> {
  const key = `ingester.wal.dir ${folder}`;
  await naming(key, () => mkdir(folder, { recursive: true }));
  const lock = lockFolder(folder);
  if (lock === "taken") {
    throw new Error(
      `${key} is in use by another lokits: two would take each other's log away; give this one a folder of its own (ingester.wal.dir, or common.path_prefix)`,
    );
  }
  if (lock === "none") {
    journal.log(
      "warn",
      "the folder of the WAL cannot be locked: see to it that no other process uses it",
      {
        folder,
      },
    );
  }
  return { disk: new DiskLogDisk(folder), release: lock === "none" ? () => {} : lock.release };
}
