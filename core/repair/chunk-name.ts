/** Which objects of a bucket are chunks, whatever form their names have: Loki's keys, or what its filesystem client makes of them. */
import {
  type ChunkName,
  chunkKey,
  filesystemKey,
  fromFilesystemKey,
  parseChunkKey,
} from "../chunk/keys.ts";
import { Corrupt } from "../model/errors.ts";
import type { ObjectInfo, ObjectStore } from "../ports/object-store.ts";

export interface NamedChunk {
  /** What the object is called in the store. */
  readonly object: string;
  /** The same as a key that people know: `fake/c3a8d9abf646ef12/18bcfe56800:18bcfe56be8:bfe03d54`. */
  readonly key: string;
  readonly name: ChunkName;
}

export interface StoredChunkInfo extends NamedChunk {
  readonly size: number;
  readonly modifiedMs: number | undefined;
}

/** Undefined when this is not the name of a chunk. */
export function readChunkName(object: string): NamedChunk | undefined {
  const plain = parseChunkKey(object);
  if (plain !== undefined) return { object, key: object, name: plain };
  try {
    const key = fromFilesystemKey(object);
    return { object, key, name: parseChunkKey(key)! };
  } catch (error) {
    if (error instanceof Corrupt) return undefined;
    throw error;
  }
}

/** Every name that the chunk of a key may have in a store, the one given first. */
export function namesOf(key: string): string[] {
  const name = readChunkName(key)?.name;
  if (name === undefined) return [key];
  const names = new Set([key]);
  for (const schema of ["v12", "v11"] as const) {
    const plain = chunkKey(schema, name.tenant, name.fingerprint, name);
    names.add(plain).add(filesystemKey(plain));
  }
  return [...names];
}

/** The chunks of a bucket in the order of their names. What is below `indexPrefix` is none. */
export async function* listChunks(
  store: ObjectStore,
  { indexPrefix, signal }: { indexPrefix: string; signal?: AbortSignal },
): AsyncGenerator<StoredChunkInfo> {
  const options: { startAfter?: string; signal?: AbortSignal } =
    signal === undefined ? {} : { signal };
  for await (const info of store.list("", options)) {
    if (info.key.startsWith(indexPrefix)) continue;
    const chunk = readChunkName(info.key);
    if (chunk !== undefined) yield { ...chunk, ...sizeAndAge(info) };
  }
}

function sizeAndAge({ size, modifiedMs }: ObjectInfo): {
  size: number;
  modifiedMs: number | undefined;
} {
  return { size, modifiedMs };
}
