/** One pass over a bucket's index, as Loki's compactor makes it: `lokits compact` without a word after it. */
import { type ArgsDef, defineCommand } from "citty";
import { type CompactAllReport, compactAll } from "../core/compactor/run.ts";
import { parseFlags, UsageError } from "./flags.ts";
import { writableBuckets } from "./wire/bucket.ts";
import { stderrJournal } from "./wire/journal.ts";
import { runtime } from "./wire/runtime.ts";

const args: ArgsDef = {
  store: { type: "string", description: "Bucket to compact", valueHint: "file:///path" },
  "config.file": {
    type: "string",
    description: "Loki's configuration, instead of --store or for its schema",
    valueHint: "FILE",
  },
  "dry-run": { type: "boolean", description: "Say what would be done and change nothing" },
  output: {
    type: "enum",
    alias: "o",
    options: ["default", "jsonl"],
    default: "default",
    description: "Form of the report",
  },
};

export const command = defineCommand({
  meta: {
    name: "compact",
    description: `Merge the index files of a bucket: one file per tenant and table

Examples:
  lokits compact --store file:///srv/loki
  lokits compact --config.file /etc/loki/config.yaml --dry-run`,
  },
  args,
  run: ({ rawArgs }) => compact(rawArgs),
});

async function compact(rawArgs: readonly string[]): Promise<number> {
  const flags = parseFlags(rawArgs, { args });
  const [store, config] = [flags.text("store"), flags.text("config.file")];
  if (store === undefined && config === undefined)
    throw new UsageError("--store or --config.file is wanted");
  const journal = stderrJournal();
  const { buckets, schema } = await writableBuckets({ store, config, journal });
  const reports: CompactAllReport[] = [];
  for (const { indexObjects, indexPrefix } of buckets.all.toReversed()) {
    reports.push(
      await compactAll({
        store: indexObjects,
        prefix: indexPrefix,
        schema,
        codecs: runtime.codecs,
        clock: runtime.clock,
        journal,
        dryRun: flags.on("dry-run"),
      }),
    );
  }
  const report = reports.reduce(sum);
  if (flags.text("output") === "jsonl") console.log(JSON.stringify(report));
  else console.log(summary(report, flags.on("dry-run")));
  return report.failures.length > 0 ? 1 : 0;
}

/** The reports of two stores as one. */
function sum(a: CompactAllReport, b: CompactAllReport): CompactAllReport {
  return {
    tables: a.tables + b.tables,
    tenants: a.tenants + b.tenants,
    filesIn: a.filesIn + b.filesIn,
    filesOut: a.filesOut + b.filesOut,
    bytes: a.bytes + b.bytes,
    failures: [...a.failures, ...b.failures],
  };
}

function summary(report: CompactAllReport, dryRun: boolean): string {
  const { tables, filesIn, filesOut } = report;
  const verb = dryRun ? "would become" : "became";
  return `${tables} tables: ${filesIn} index files ${verb} ${filesOut}, one for each tenant of a table`;
}
