/**
 * The file that makes the next stop flush (spec wal §6): set through `/ingester/prepare_shutdown`, found by
 * whichever process stops next, and gone once that has flushed.
 */
import { mkdir, open, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { available, syncFolder, syncNewFolders, undefinedOn } from "../../adapters/disk/files.ts";
import type { ShutdownMarker } from "../../core/http/services.ts";
import type { IngesterLife } from "../../core/ingester/lifecycle.ts";
import type { Journal } from "../../core/ports/journal.ts";
import type { Meter } from "../../core/ports/meter.ts";

/** Loki's name, so that a marker set by either is found by the other. */
const FILE = "shutdown-requested.txt";

/** Undefined when no folder is configured. What `set` and `clear` do lasts when their promises resolve. */
export function openShutdownMarker(folder: string, meter: Meter): ShutdownMarker | undefined {
  if (folder === "") return undefined;
  const path = join(folder, FILE);
  const gauge = (set: boolean) => meter.gauge("loki_ingester_shutdown_marker", set ? 1 : 0);

  async function isSet(): Promise<boolean> {
    const found = await available(path, undefinedOn(["ENOENT"], stat(path)));
    gauge(found !== undefined);
    return found !== undefined;
  }

  async function write(): Promise<void> {
    const first = await mkdir(folder, { recursive: true });
    await syncNewFolders(folder, first);
    const file = await open(path, "w");
    await file.sync().finally(() => file.close());
    await syncFolder(folder);
  }

  async function remove(): Promise<void> {
    await rm(path, { force: true });
    // Without the folder there was no marker either.
    await undefinedOn(["ENOENT"], syncFolder(folder));
  }

  return {
    isSet,
    set: () => available(path, write()).then(() => gauge(true)),
    clear: () => available(path, remove()).then(() => gauge(false)),
  };
}

/** Stops the ingester. The marker goes when this flushed; what somebody stopped without a flush still asks for one. */
export async function stopIngester(
  life: IngesterLife,
  options: {
    readonly flush: boolean;
    readonly marker: ShutdownMarker | undefined;
    readonly journal: Journal;
  },
): Promise<void> {
  const { flush, marker, journal } = options;
  const isFirst = !["stopping", "stopped"].includes(life.phase.name);
  await life.stop({ flush });
  if (!isFirst || !flush) return;
  await marker
    ?.clear()
    .catch((error) => journal.log("error", "shutdown marker not removed", { err: error }));
}

/** Whether the stop is to flush. A marker that cannot be read holds nothing up: the WAL has what is not flushed. */
export async function isPrepared(
  marker: ShutdownMarker | undefined,
  journal: Journal,
): Promise<boolean> {
  if (marker === undefined) return false;
  return await marker.isSet().catch((error) => {
    journal.log("error", "shutdown marker not read", { err: error });
    return false;
  });
}
