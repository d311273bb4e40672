/**
 * A folder that one process has for itself. The lock is SQLite's on an empty file: the kernel lets go of it
 * however the process ends, it counts between containers of one machine, and nothing is left to clean up.
 */
import { Database } from "bun:sqlite";
import { join } from "node:path";

const FILE = "lokits.lock";

/** "taken" when another has it; "none" where files cannot be locked, as on some network mounts. */
export type FolderLock = { readonly release: () => void } | "taken" | "none";

/** The folder must be there. */
export function lockFolder(folder: string): FolderLock {
  let file: Database | undefined;
  try {
    file = new Database(join(folder, FILE), { create: true });
    file.exec("PRAGMA busy_timeout = 0");
    // Nothing is ever written, so that a full disk is no matter; a journal on disk would be made all the same.
    file.exec("PRAGMA journal_mode = MEMORY");
    file.exec("BEGIN EXCLUSIVE");
    const held = file;
    return { release: () => held.close() };
  } catch (error) {
    file?.close();
    return isBusy(error) ? "taken" : "none";
  }
}

function isBusy(error: unknown): boolean {
  return (error as { code?: unknown }).code === "SQLITE_BUSY";
}
