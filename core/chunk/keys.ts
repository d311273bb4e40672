/** Names of stored objects: the key that every store knows, and what Loki's filesystem client makes of it. */
import { fromBase64, fromUtf8, toBase64, utf8 } from "../bytes/text.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import { Corrupt } from "../model/errors.ts";
import type { SchemaVersion } from "../model/schema.ts";

/** What a key says of an object. */
export interface ChunkName extends Pick<ChunkRef, "fromMs" | "throughMs" | "checksum"> {
  readonly tenant: string;
  readonly fingerprint: bigint;
}

/**
 * `fake/c3a8d9abf646ef12/18bcfe56800:18bcfe56be8:bfe03d54` from v12 on, before that
 * `fake/c3a8d9abf646ef12:18bcfe56800:18bcfe56be8:bfe03d54`.
 */
export function chunkKey(
  schema: SchemaVersion,
  tenant: string,
  fingerprint: bigint,
  { fromMs, throughMs, checksum }: Pick<ChunkRef, "fromMs" | "throughMs" | "checksum">,
): string {
  const separator = hasFolders(schema) ? "/" : ":";
  const rest = [fromMs, throughMs, checksum].map((number) => number.toString(16)).join(":");
  return `${tenant}/${fingerprint.toString(16)}${separator}${rest}`;
}

/** Undefined when the text is not the key of a chunk. */
export function parseChunkKey(key: string): ChunkName | undefined {
  const match = KEY.exec(key);
  if (match === null) return undefined;
  const [, tenant, fingerprint, from, through, checksum] = match as unknown as string[];
  return {
    tenant: tenant!,
    fingerprint: BigInt(`0x${fingerprint}`),
    fromMs: Number.parseInt(from!, 16),
    throughMs: Number.parseInt(through!, 16),
    checksum: Number.parseInt(checksum!, 16),
  };
}

const KEY = /^([^/]+)\/([0-9a-f]{1,16})[/:](-?[0-9a-f]{1,13}):(-?[0-9a-f]{1,13}):([0-9a-f]{1,8})$/;

/**
 * The name below the folder of a filesystem store. A key with a folder a stream keeps the folders, the
 * rest is base64, as a colon is not for file names; an old key is base64 altogether, slashes and all.
 */
export function filesystemKey(key: string): string {
  const split = key.split("/").length === 3 ? key.lastIndexOf("/") + 1 : 0;
  return key.slice(0, split) + toBase64(utf8(key.slice(split)));
}

/** The key of such a name. Throws Corrupt when it is none. */
export function fromFilesystemKey(name: string): string {
  // Base64 may have slashes of its own, so the folders are told by what they hold.
  const folders = /^[^/]+\/[0-9a-f]{1,16}\//.exec(name)?.[0] ?? "";
  for (const prefix of [folders, ""]) {
    const rest = fromBase64(name.slice(prefix.length));
    const key = rest && prefix + fromUtf8(rest);
    if (key !== undefined && parseChunkKey(key) !== undefined) return key;
  }
  throw new Corrupt(`${name} is not the name of a chunk`);
}

function hasFolders(schema: SchemaVersion): boolean {
  return schema === "v12" || schema === "v13";
}
