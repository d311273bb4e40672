/** Whether an address is a bucket at all: a mistyped path must not pass for one that has nothing wrong. */
import { stat } from "node:fs/promises";
import { OWN } from "../../core/compactor/places.ts";
import { readChunkName } from "../../core/repair/chunk-name.ts";
import type { PeriodStore } from "./store-config.ts";

/** Throws when none of the stores holds an index or a chunk: there is nothing to read, to mend or to compact. */
export async function assertHoldSomething(stores: readonly PeriodStore[]): Promise<void> {
  const problems: string[] = [];
  for (const store of stores) {
    const problem = (await folderProblem(store)) ?? (await contentProblem(store));
    // Of a schema's stores one may be new and another not be needed any more.
    if (problem === undefined) return;
    problems.push(`${store.name}: ${problem}`);
  }
  throw new Error(problems.join("; "));
}

/** Throws when a store cannot be one that is written to. A folder that is not there yet will be made. */
export async function assertCanBeWritten(stores: readonly PeriodStore[]): Promise<void> {
  for (const store of stores) {
    const problem = await folderProblem(store);
    if (problem !== undefined && problem !== NO_FOLDER)
      throw new Error(`${store.name}: ${problem}`);
  }
}

/** Objects that are looked at for a chunk among them: what has more is something, and is left to its reader. */
const LISTED_MAX = 20_000;
const NO_FOLDER = "no such folder";

async function folderProblem({ folder }: PeriodStore): Promise<string | undefined> {
  if (folder === undefined) return undefined;
  try {
    return (await stat(folder)).isDirectory() ? undefined : "is a file, not a bucket's folder";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return NO_FOLDER;
    if (code === "ENOTDIR") return "lies below a file, not in a folder";
    throw error;
  }
}

async function contentProblem(store: PeriodStore): Promise<string | undefined> {
  const { objects, indexObjects, indexPrefix } = store;
  const { folders } = await (indexObjects ?? objects).folders(indexPrefix);
  if (folders.length > 0) return undefined;
  let listed = 0;
  for await (const { key } of objects.list("")) {
    // What a compactor keeps there is left when retention took all chunks.
    const isKnown = key.startsWith(OWN) || readChunkName(key) !== undefined;
    if (isKnown || ++listed === LISTED_MAX) return undefined;
  }
  return "holds no index and no chunks";
}
