/** What both adapters of this folder need of a file system: errors in our words, names that last. */
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { Unavailable } from "../../core/model/errors.ts";

/** Makes names last through a crash: on most systems a name belongs to its folder. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  await folder.sync().finally(() => folder.close());
}

/**
 * Makes the names of new folders last. `first` is what mkdir gives back: the uppermost folder that it
 * made on the way to `folder`, or undefined when all were there.
 */
export async function syncNewFolders(folder: string, first: string | undefined): Promise<void> {
  if (first === undefined) return;
  const top = dirname(first);
  for (let path = dirname(folder); path.length >= top.length; path = dirname(path)) {
    await syncFolder(path);
    if (path === top) break;
  }
}

/** The bytes of a range of a file, or what there is of it; by default the whole file. */
export async function readRange(
  path: string,
  offset = 0,
  size = Number.POSITIVE_INFINITY,
): Promise<Uint8Array> {
  const file = await open(path);
  try {
    return await readFrom(file, offset, size);
  } finally {
    await file.close();
  }
}

async function readFrom(file: FileHandle, offset: number, size: number): Promise<Uint8Array> {
  // A range may be asked for that passes the end: no memory is taken for that.
  const left = Math.max(0, (await file.stat()).size - offset);
  const bytes = new Uint8Array(Math.min(size, left));
  let at = 0;
  while (at < bytes.length) {
    const { bytesRead } = await file.read(bytes, at, bytes.length - at, offset + at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes.subarray(0, at);
}

/** Turns the errors that are ordinary answers into undefined; any other goes on. */
export function undefinedOn<T>(
  codes: readonly string[],
  result: Promise<T>,
): Promise<T | undefined> {
  return result.catch((error: unknown) => {
    if (codes.includes(codeOf(error) ?? "")) return undefined;
    throw error;
  });
}

/** Passes a result on; what the system refuses becomes Unavailable, with the path it was about. */
export async function available<T>(path: string, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    const text = error instanceof Error ? error.message : String(error);
    throw new Unavailable(`disk says ${code} for ${path}: ${text}`, { cause: error });
  }
}

/** The system's name of an error, such as ENOSPC; undefined for errors of other kinds. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error && "code" in error)) return undefined;
  return typeof error.code === "string" && /^E[A-Z0-9]+$/.test(error.code) ? error.code : undefined;
}
