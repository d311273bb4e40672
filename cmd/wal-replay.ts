/** `lokits wal-replay DIR`: prints what a WAL holds, checks it, or stores it in a bucket. */
import { type ArgsDef, defineCommand } from "citty";
import { DiskLogDisk } from "../adapters/disk/log-disk.ts";
import { Flusher } from "../core/ingester/flush.ts";
import { Ingester } from "../core/ingester/ingester.ts";
import { Recovery } from "../core/ingester/recover.ts";
import { DEFAULT_INGESTER } from "../core/ingester/settings.ts";
import { WalLines } from "../core/ingester/wal-lines.ts";
import { UNMETERED } from "../core/ports/meter.ts";
import type { Damage } from "../core/wal/damage.ts";
import { replay } from "../core/wal/reader.ts";
import { parseFlags, UsageError } from "./flags.ts";
import { LineFormat } from "./line-format.ts";
import { Output } from "./output.ts";
import { LINE_ARGS, LINE_REPEATABLE, lineOptions } from "./query-flags.ts";
import { ownLimits } from "./query-local.ts";
import { writableBuckets } from "./wire/bucket.ts";
import { stderrJournal } from "./wire/journal.ts";
import { runtime } from "./wire/runtime.ts";

const args: ArgsDef = {
  dir: { type: "positional", description: "Folder of the WAL", required: true },
  verify: {
    type: "boolean",
    description: "Check it and print no lines; exit code 1 and the place of each damage",
  },
  store: { type: "string", description: "Bucket to store the lines in", valueHint: "file:///path" },
  "config.file": {
    type: "string",
    description: "Loki's configuration, for the schema of --store",
    valueHint: "FILE",
  },
  "org-id": { type: "string", description: "Only this tenant's lines", valueHint: "ID" },
  ...LINE_ARGS,
};

export const command = defineCommand({
  meta: {
    name: "wal-replay",
    description: `Read a write-ahead log that lokits or Loki left

Examples:
  lokits wal-replay /var/loki/wal --output jsonl
  lokits wal-replay /var/loki/wal --verify
  lokits wal-replay /var/loki/wal --store file:///srv/loki`,
  },
  args,
  run: ({ rawArgs }) => walReplay(rawArgs),
});

async function walReplay(rawArgs: readonly string[]): Promise<number> {
  const flags = parseFlags(rawArgs, { args, repeatable: LINE_REPEATABLE });
  const [dir] = flags.positionals;
  if (dir === undefined) throw new UsageError("the folder of a WAL is wanted");
  const disk = new DiskLogDisk(dir);
  if ((await disk.list("")).length === 0) throw new Error(`${dir} holds no WAL`);
  const damages: Damage[] = [];
  const onDamage = (damage: Damage) => {
    damages.push(damage);
    console.error(`damage: ${damage.segment} at ${damage.offset}: ${damage.kind}: ${damage.what}`);
  };

  const store = flags.text("store");
  if (store !== undefined) {
    await storeWal(disk, { store, config: flags.text("config.file"), onDamage });
    return damages.length > 0 ? 1 : 0;
  }
  const output = new Output();
  const format = new LineFormat({ ...lineOptions(flags), commonLabels: true });
  const tenant = flags.text("org-id");
  const lines = new WalLines(runtime.codecs);
  const verify = flags.on("verify");
  let count = 0;
  const report = await replay(
    disk,
    async (record) => {
      for await (const entry of lines.of(record)) {
        if (tenant !== undefined && entry.tenant !== tenant) continue;
        count++;
        if (verify) continue;
        for (const text of format.print([entry], [])) await output.line(text);
      }
    },
    { onDamage },
  );
  await output.flush();
  console.error(
    `${count} lines in ${report.records} records of ${report.segments} segments, ${report.bytes} bytes; ` +
      `${report.corrupt} damaged records, ${report.torn} torn tails, ${report.holes} holes`,
  );
  return verify && damages.length > 0 ? 1 : 0;
}

async function storeWal(
  disk: DiskLogDisk,
  {
    store,
    config,
    onDamage,
  }: { store: string; config: string | undefined; onDamage: (damage: Damage) => void },
): Promise<void> {
  const journal = stderrJournal("warn");
  const { buckets, schema } = await writableBuckets({ store, config, journal });
  const { clock, codecs } = runtime;
  const settings = {
    ...DEFAULT_INGESTER,
    wal: { ...DEFAULT_INGESTER.wal, replayMemoryCeiling: 256 << 20 },
  };
  const ingester = new Ingester({
    settings,
    schema,
    limits: ownLimits,
    codecs,
    clock,
    journal,
    meter: UNMETERED,
  });
  const flusher = new Flusher(ingester, buckets);
  const recovery = new Recovery(ingester, flusher);
  await replay(disk, (record) => recovery.visit(record), { onDamage });
  await flusher.sweep({ force: true });
  console.error(`${recovery.done().entries} lines stored in ${store}`);
}
