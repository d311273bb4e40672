/**
 * Bounds what a replay has to read: everything that is in memory and not surely in the store goes into
 * a checkpoint, and the segments before it are removed. A crash in between leaves both, which a replay
 * tells apart by the streams' counters.
 */
import { nsOf } from "../model/time.ts";
import type { LogDisk } from "../ports/log-disk.ts";
import { writeCheckpoint } from "../wal/checkpoint.ts";
import type { CheckpointSeries } from "../wal/checkpoint-record.ts";
import type { WalWriter } from "../wal/writer.ts";
import type { Ingester } from "./ingester.ts";
import type { Instance } from "./instance.ts";
import type { Stream } from "./stream.ts";

/** Every push that is in a segment up to the one that is finished here was put into memory before it was logged. */
export async function checkpoint(
  ingester: Ingester,
  wal: WalWriter,
  disk: LogDisk,
  signal?: AbortSignal,
): Promise<void> {
  const through = await wal.roll();
  if (through < 0) return;
  await writeCheckpoint(disk, through, seriesOf(ingester), signal === undefined ? {} : { signal });
  await wal.truncate(through);
}

async function* seriesOf(ingester: Ingester): AsyncGenerator<CheckpointSeries> {
  for (const instance of ingester.instances()) {
    for (const stream of instance.streams()) {
      // Waits only where compression runs beside us; what comes meanwhile is in the record too.
      for (const { builder } of stream.chunks) await builder.settle();
      yield seriesRecord(instance, stream);
    }
  }
}

/** Streams without a chunk to keep are written too: records that follow refer to them. */
function seriesRecord({ tenant }: Instance, stream: Stream): CheckpointSeries {
  const { fingerprint, labels, lastTime, lastLine, entryCount, highestTime } = stream;
  const chunks = stream.chunks
    .filter(({ indexed, builder }) => !indexed && builder.rows > 0)
    .map(({ builder, lastUpdatedMs, closed }) => {
      const { minTime: from, maxTime: to } = builder.bounds();
      return {
        from,
        to,
        lastUpdated: nsOf(lastUpdatedMs),
        closed,
        synced: false,
        ...builder.toCheckpoint(),
      };
    });
  return {
    kind: "checkpoint",
    ...{ tenant, fingerprint, labels, chunks, lastLine },
    to: lastTime ?? 0n,
    entryCt: BigInt(entryCount),
    highestTs: highestTime ?? 0n,
  };
}
