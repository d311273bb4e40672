/** A bucket by its address: `file:///path`, or a path. */
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
}

export function openStore(address: string): OpenedStore {
  const scheme = address.match(/^([a-z0-9+.-]+):\/\//i)?.[1]?.toLowerCase();
  if (scheme === undefined) return disk(isAbsolute(address) ? address : resolve(address));
  if (scheme === "file") return disk(fileURLToPath(relativeFile(address)));
  throw new UsageError(`--store has the scheme "${scheme}", want file:///path/of/bucket`);
}

function disk(path: string): OpenedStore {
  return { objects: new DiskObjectStore(path), form: "filesystem", name: `file://${path}` };
}

/** `file://./bucket` means a folder here, though a URL cannot say so. */
function relativeFile(address: string): string {
  const path = address.slice("file://".length);
  return path.startsWith("/") ? address : `file://${resolve(path)}`;
}
