/**
 * What a Loki left in its `active_index_directory`: index files that were built and not uploaded, and
 * the logs of heads that were not built yet. Whoever takes its place uploads both, or the chunks that
 * they name would be in no index. The chunks themselves are in the bucket already.
 *
 *     multitenant/index_19658/1700000123-host-1700000000000000000.tsdb
 *     wal/filesystem_2020-10-24/1700000123/00000000
 *     wal/1700000123/00000000                                    as older versions named it
 */

import { compareText } from "../bytes/text.ts";
import { IndexReader } from "../index/reader.ts";
import { parseFileName } from "../index/table.ts";
import { Corrupt } from "../model/errors.ts";
import type { Journal } from "../ports/journal.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { Buckets } from "./buckets.ts";
import { HeadLog } from "./head-log.ts";

export interface LeftoverParts {
  /** The active index directory. */
  readonly folder: ObjectStore;
  readonly buckets: Buckets;
  readonly journal: Journal;
}

const BUILT = /^multitenant\/([^/]+)\/([^/]+\.tsdb)$/;
const LOGGED = /^wal\/(?:[^/]+\/)?\d+\/\d+$/;

/** What is damaged stays where it is and is told to the journal; what is uploaded is removed. */
export async function takeLeftovers(parts: LeftoverParts): Promise<void> {
  const files = await takeFiles(parts);
  const chunks = await takeHeads(parts);
  if (files > 0 || chunks > 0) {
    parts.journal.log("info", "took over the index that an earlier Loki left", { files, chunks });
  }
}

async function takeFiles({ folder, buckets, journal }: LeftoverParts): Promise<number> {
  let count = 0;
  for (const key of await keysOf(folder, "multitenant/", BUILT)) {
    const [, table = "", name = ""] = BUILT.exec(key)!;
    const bucket = buckets.all.find((some) => some.ownsTable(table));
    const bytes = await folder.get(key);
    const problem = bytes === undefined ? "gone" : problemOf(bytes, name);
    if (bucket === undefined || bytes === undefined || problem !== undefined) {
      const err = problem ?? "no period of the schema has such a table";
      journal.log("warn", "index file of an earlier Loki is left alone", { file: key, err });
      continue;
    }
    await bucket.files.upload(table, name, bytes);
    await folder.delete(key);
    count++;
  }
  return count;
}

function problemOf(bytes: Uint8Array, name: string): string | undefined {
  if (parseFileName(name) === undefined) return "it is not named like an index file";
  try {
    IndexReader.open(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof Corrupt) return error.message;
    throw error;
  }
}

async function takeHeads({ folder, buckets, journal }: LeftoverParts): Promise<number> {
  const keys = await keysOf(folder, "wal/", LOGGED);
  const logs = new Map<string, HeadLog>();
  for (const key of keys) {
    const place = key.slice(0, key.lastIndexOf("/"));
    const log = logs.get(place) ?? new HeadLog();
    logs.set(place, log);
    await log.read(key, (await folder.get(key)) ?? new Uint8Array(0));
  }
  let count = 0;
  for (const { chunks, damage } of logs.values()) {
    for (const what of damage) journal.log("warn", "damage in a head's log", { what });
    for (const chunk of chunks) buckets.remember(chunk);
    count += chunks.length;
  }
  if (count > 0) await buckets.uploadIndex();
  for (const key of keys) await folder.delete(key);
  return count;
}

/** Segments of one log in their order: their names are numbers of one length. */
async function keysOf(folder: ObjectStore, prefix: string, like: RegExp): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of folder.list(prefix)) if (like.test(key)) keys.push(key);
  return keys.sort(compareText);
}
