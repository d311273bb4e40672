/** A bucket by its address: `file:///path`, a path, or `s3://bucket`. */
import { isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { DiskObjectStore } from "../../adapters/disk/object-store.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import type { KeyForm } from "../../core/store/chunks.ts";
import { UsageError } from "../flags.ts";

export interface OpenedStore {
  readonly objects: ObjectStore;
  /** How Loki would name chunk objects there. */
  readonly form: KeyForm;
  /** For messages. */
  readonly name: string;
  /** Where it lies on this machine's disk, when it does. */
  readonly folder?: string;
  /** Where it lies elsewhere: service, bucket and prefix, ending in "/"; never with keys. */
  readonly remote?: string;
}

export async function openStore(address: string): Promise<OpenedStore> {
  const scheme = address.match(/^([a-z0-9+.-]+):\/\//i)?.[1]?.toLowerCase();
  if (scheme === undefined) return disk(isAbsolute(address) ? address : resolve(address));
  if (scheme === "file") return disk(fileURLToPath(relativeFile(address)));
  if (scheme === "s3" || scheme === "inmemory") {
    // Its client takes a while to load; commands on files do without.
    return await (await import("./s3.ts")).openS3(address);
  }
  throw new UsageError(
    `--store has the scheme "${scheme}", want file:///path/of/bucket or s3://bucket/prefix?region=…`,
  );
}

function disk(path: string): OpenedStore {
  const objects = new DiskObjectStore(path);
  return { objects, form: "filesystem", name: `file://${path}`, folder: path };
}

/** `file://./bucket` means a folder here, though a URL cannot say so. */
function relativeFile(address: string): string {
  const path = address.slice("file://".length);
  return path.startsWith("/") ? address : `file://${resolve(path)}`;
}
