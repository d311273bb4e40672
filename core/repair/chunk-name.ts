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

/** How chunks can be named: with a folder a stream or without, as keys or as files. */
const NAMINGS = [
  { schema: "v12", encoded: false },
  { schema: "v12", encoded: true },
  { schema: "v11", encoded: false },
  { schema: "v11", encoded: true },
] as const;

/** A number for the form that a name has. */
export function namingOf({ object, key, name }: NamedChunk): number {
  return NAMINGS.findIndex(
    ({ schema, encoded }) =>
      encoded === (object !== key) && chunkKey(schema, name.tenant, name.fingerprint, name) === key,
  );
}

/** The name of a chunk in the form that `namingOf` gave the number of. */
export function objectName(naming: number, name: ChunkName): string {
  const { schema, encoded } = NAMINGS[naming]!;
  const key = chunkKey(schema, name.tenant, name.fingerprint, name);
  return encoded ? filesystemKey(key) : key;
}

/** Every name that the chunk of a key may have in a store, the one given first. */
export function namesOf(key: string): string[] {
  const name = readChunkName(key)?.name;
  if (name === undefined) return [key];
  return [...new Set([key, ...NAMINGS.map((_, naming) => objectName(naming, name))])];
}

export interface ListChunksOptions {
  readonly indexPrefix: string;
  readonly signal?: AbortSignal;
  /** Told of what is neither a chunk nor below `indexPrefix`. */
  readonly onOther?: (object: string) => Promise<void> | void;
}

/** The chunks of a bucket in the order of their names. What is below `indexPrefix` is none. */
export async function* listChunks(
  store: ObjectStore,
  { indexPrefix, signal, onOther }: ListChunksOptions,
): AsyncGenerator<StoredChunkInfo> {
  const options: { startAfter?: string; signal?: AbortSignal } =
    signal === undefined ? {} : { signal };
  for await (const info of store.list("", options)) {
    if (info.key.startsWith(indexPrefix)) continue;
    const chunk = readChunkName(info.key);
    if (chunk !== undefined) yield { ...chunk, ...sizeAndAge(info) };
    else await onOther?.(info.key);
  }
}

function sizeAndAge({ size, modifiedMs }: ObjectInfo): {
  size: number;
  modifiedMs: number | undefined;
} {
  return { size, modifiedMs };
}
