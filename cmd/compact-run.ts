/** One pass over a bucket, as Loki's compactor makes it: `lokits compact` without a word after it. */
import { readFile } from "node:fs/promises";
import { type ArgsDef, defineCommand } from "citty";
import { type PassOptions, type PassReport, runPass } from "../core/compactor/pass.ts";
import { underLease } from "../core/compactor/service.ts";
import { loadConfig } from "../core/config/load.ts";
import type { Journal } from "../core/ports/journal.ts";
import { UNMETERED } from "../core/ports/meter.ts";
import { jsonReport, textReport } from "./compact-report.ts";
import { REPORT_ARGS, untilInterrupted } from "./compact-tools.ts";
import { type Flags, parseFlags, UsageError } from "./flags.ts";
import { print } from "./output.ts";
import { ownLimits } from "./query-local.ts";
import { bucketsOf, writableBuckets } from "./wire/bucket.ts";
import { compactorSettings, leaseHolder, sitesOf } from "./wire/compactor.ts";
import { checkedSettings } from "./wire/config.ts";
import { bucketRequests } from "./wire/deletes.ts";
import { stderrJournal } from "./wire/journal.ts";
import { runtime } from "./wire/runtime.ts";
import { storeOfConfig } from "./wire/store-config.ts";

const args: ArgsDef = {
  store: { type: "string", description: "Bucket to compact", valueHint: "file:///path" },
  "config.file": {
    type: "string",
    description:
      "Loki's configuration: its retention and deletes; its bucket unless --store is given",
    valueHint: "FILE",
  },
  "dry-run": {
    type: "boolean",
    description: "Say what would be done, by tenant, stream and day, and change nothing",
  },
  confirm: {
    type: "boolean",
    description: "Take rules of retention that keep less than those before",
  },
  streams: {
    type: "string",
    description: "Streams that the report names, those that lose most",
    default: "10",
    valueHint: "N",
  },
  quiet: { type: "boolean", alias: "q", description: "No progress and only errors on stderr" },
  ...REPORT_ARGS,
};

/** Another compactor has the lease: nothing was done, and trying later is enough. */
const BUSY = 3;
/** Rules of retention wait to be confirmed; everything else was done. */
const UNCONFIRMED = 4;

export const command = defineCommand({
  meta: {
    name: "compact",
    description: `Merge the index files of a bucket, one per tenant and table; then, with a configuration
that says so, retention and deletes, and the sweep of chunks that were marked long enough ago.
Exit codes: 1 a table failed, 3 another compactor is at work, 4 shorter retention waits for --confirm

Examples:
  lokits compact --store file:///srv/loki
  lokits compact --config.file /etc/loki/config.yaml --dry-run`,
  },
  args,
  run: ({ rawArgs }) => untilInterrupted((signal) => compact(rawArgs, signal)),
});

async function compact(rawArgs: readonly string[], signal: AbortSignal): Promise<number> {
  const flags = parseFlags(rawArgs, { args });
  const quiet = flags.on("quiet");
  // What makes no sense is refused before anything is done.
  const streams = flags.count("streams") ?? 0;
  // A terminal sees how far it is; everything else gets the lines that operators know.
  const isShown = !quiet && process.stderr.isTTY === true;
  const journal = stderrJournal(quiet ? "error" : isShown ? "warn" : "info");
  const options: PassOptions = {
    ...(await passOptions(flags, journal)),
    dryRun: flags.on("dry-run"),
    provesAll: true,
    signal,
    ...(isShown && { onTable: drawTable }),
  };
  const report = options.dryRun ? await runPass(options) : await leasedPass(options);
  if (isShown) process.stderr.write("\r\x1b[K");
  if (report === undefined) return BUSY;
  const told = flags.text("output") === "jsonl" ? jsonReport : textReport;
  const { sizeBytes } = options.retention;
  await print([told(report, { dryRun: flags.on("dry-run"), streams, sizeBytes })]);
  const { compaction, retention } = report;
  if (compaction.failures.length + (retention?.failures.length ?? 0) > 0) return 1;
  return (retention?.shrinkages.length ?? 0) > 0 ? UNCONFIRMED : 0;
}

/** Undefined when another compactor is at work. */
async function leasedPass(options: PassOptions): Promise<PassReport | undefined> {
  let report: PassReport | undefined;
  const held = await underLease({ ...options, holder: leaseHolder() }, async (guarded) => {
    report = await runPass(guarded);
  });
  if (held !== undefined) {
    const until = new Date(held.endMs).toISOString();
    console.error(`lokits compact: another compactor, ${held.holder}, is at work until ${until}`);
  }
  return report;
}

/** With a configuration everything that it says; with a bucket alone its index files are merged. */
async function passOptions(flags: Flags, journal: Journal): Promise<PassOptions> {
  const [store, config] = [flags.text("store"), flags.text("config.file")];
  if (config !== undefined) return await configured(config, store, flags, journal);
  if (store === undefined) throw new UsageError("--store or --config.file is wanted");
  if (flags.on("confirm")) throw new UsageError("--confirm is about --config.file");
  const { buckets, schema } = await writableBuckets({ store, config, journal });
  return {
    ...{ ...runtime, sites: sitesOf(buckets), schema, journal, meter: UNMETERED },
    tenantLimits: ownLimits,
    choice: { skipLatestTables: 0, tablesMax: 0, parallelism: 1 },
    retention: { enabled: false, sizeBytes: 0, confirmed: false, tableTimeoutMs: 0 },
    sweeping: { delayMs: 2 * 3_600_000, workers: 16 },
  };
}

async function configured(
  file: string,
  store: string | undefined,
  flags: Flags,
  journal: Journal,
): Promise<PassOptions> {
  const loaded = await loadConfig({
    // The name is one file's: commas in it are no list.
    args: ["-config.file", file],
    readFile: (path) => readFile(path, "utf8"),
    env: process.env,
  });
  const settings = checkedSettings(loaded);
  await settings.limits.reload();
  const storage = await storeOfConfig(file, store);
  const { limits, schema } = settings;
  const buckets = bucketsOf(storage, { limits, journal, uploader: leaseHolder() });
  const { deletes, retention, ...rest } = compactorSettings(loaded.config);
  const requests = retention.enabled
    ? await bucketRequests({ ...settings, verifyOnly: false, storage }, journal)
    : undefined;
  return {
    ...{ ...runtime, ...rest, sites: sitesOf(buckets), schema, journal, meter: UNMETERED },
    tenantLimits: limits,
    retention: { ...retention, confirmed: retention.confirmed || flags.on("confirm") },
    ...(requests && { deletes: { requests, settings: deletes } }),
  };
}

function drawTable(done: number, total: number, what: string): void {
  process.stderr.write(`\r\x1b[K${what} ${done} of ${total} tables`);
}
