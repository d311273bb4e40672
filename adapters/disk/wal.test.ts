/** The log on a real file system: written, checkpointed, read again, and torn by hand. */
import assert from "node:assert/strict";
import { mkdtemp, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ByteWriter } from "../../core/bytes/writer.ts";
import { SimClock } from "../../core/sim/clock.ts";
import { writeCheckpoint } from "../../core/wal/checkpoint.ts";
import { replay } from "../../core/wal/reader.ts";
import { encodeSeries } from "../../core/wal/record.ts";
import { WalWriter } from "../../core/wal/writer.ts";
import { DiskLogDisk } from "./log-disk.ts";

function record(tenant: string): Uint8Array {
  const out = new ByteWriter();
  const labels = [["pad", "x".repeat(50_000)]] as const;
  encodeSeries(out, { tenant, series: [{ ref: 1n, labels }] });
  return out.take();
}

async function read(disk: DiskLogDisk) {
  const tenants: string[] = [];
  const { torn, corrupt } = await replay(disk, ({ tenant }) => void tenants.push(tenant));
  return { tenants, torn, corrupt };
}

test("a log is written, rolled, checkpointed, truncated and read again", async () => {
  const root = await mkdtemp(join(tmpdir(), "lokits-wal-"));
  const disk = new DiskLogDisk(root);
  const options = { sync: "commit", clock: new SimClock() } as const;
  const wal = await WalWriter.open(disk, options);
  await Promise.all(["a", "b", "c"].map((tenant) => wal.log(record(tenant))));
  const through = await wal.roll();
  const zeros = { fingerprint: 0n, to: 0n, entryCt: 3n, highestTs: 0n };
  const lists = { labels: [], chunks: [], lastLine: new Uint8Array() };
  await writeCheckpoint(disk, through, [{ kind: "checkpoint", tenant: "abc", ...zeros, ...lists }]);
  await wal.truncate(through);
  await wal.log([record("d"), record("e")]);
  assert.deepEqual((await disk.list("")).sort(), ["00000001", "checkpoint.000000"]);
  assert.deepEqual(await read(disk), { tenants: ["abc", "d", "e"], torn: 0, corrupt: 0 });

  // The process is gone in the middle of a write.
  await truncate(join(root, "00000001"), (await disk.size("00000001")) - 1000);
  const again = await WalWriter.open(disk, options);
  await again.log(record("f"));
  await again.close();
  assert.deepEqual(await read(disk), { tenants: ["abc", "d", "f"], torn: 1, corrupt: 0 });
  await wal.close();
});
