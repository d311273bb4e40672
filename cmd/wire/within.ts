/** Whether one bucket is another, or a part of it: what is copied there would be copied again. */
import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { OpenedStore } from "./store.ts";

export async function isWithin(inner: OpenedStore, outer: OpenedStore): Promise<boolean> {
  const [a, b] = [await placeOf(inner), await placeOf(outer)];
  return a !== undefined && b !== undefined && a.startsWith(b);
}

async function placeOf({ folder, remote }: OpenedStore): Promise<string | undefined> {
  return folder === undefined ? remote : join(await realFolder(folder), "/");
}

/** Links followed as far as there is something: the rest of the path is yet to be made. */
async function realFolder(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if ((code !== "ENOENT" && code !== "ENOTDIR") || dirname(path) === path) throw error;
    return join(await realFolder(dirname(path)), basename(path));
  }
}
