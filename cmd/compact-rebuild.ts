/** `lokits compact rebuild`: the index of a bucket again, from its chunks alone. */
import { type ArgsDef, defineCommand } from "citty";
import { DAY_MS, type Schema, type SchemaVersion } from "../core/model/schema.ts";
import { type RebuildReport, rebuildIndex } from "../core/repair/rebuild.ts";
import type { Bucket } from "../core/store/bucket.ts";
import { marksOf } from "./compact-marks.ts";
import { ResumeFile } from "./compact-resume.ts";
import {
  afterWord,
  BUCKET_ARGS,
  eachBucket,
  INTERRUPTED,
  QUIET_ARGS,
  RESUME_ARGS,
  teller,
  toolFlags,
  untilInterrupted,
} from "./compact-tools.ts";
import type { Flags } from "./flags.ts";
import { Progress } from "./progress.ts";
import { runtime } from "./wire/runtime.ts";

/** Loki's documentation names tables so. */
const TABLE_PREFIX = "index_";

const args: ArgsDef = {
  ...BUCKET_ARGS,
  schema: {
    type: "enum",
    options: ["v11", "v12", "v13"],
    description: "Schema of all tables; without it and a configuration the chunks' format says it",
  },
  "index-prefix": {
    type: "string",
    description: `Tables are named so when there is none to go by, ${TABLE_PREFIX} unless given`,
    valueHint: "PREFIX",
  },
  tenant: { type: "string", description: "Only this tenant, may be repeated", valueHint: "ID" },
  replace: {
    type: "boolean",
    description: "Also write tables that have an index, and remove their old index files then",
  },
  "without-marked": {
    type: "boolean",
    description: "Leave out chunks that the compactor has marked for deletion",
  },
  "dry-run": { type: "boolean", description: "Say what would be written and change nothing" },
  ...RESUME_ARGS,
  ...QUIET_ARGS,
};

export const command = defineCommand({
  meta: {
    name: "compact rebuild",
    description: `Make the index of a bucket again from its chunks alone, one file for each tenant and table

Only tables of tenants that have no index are written, unless --replace says otherwise. Chunks that
retention or a delete has taken out of the index and not yet out of the bucket come back, unless
--without-marked leaves them out or the compactor has swept before. Chunks that cannot be read are reported and left out.

Examples:
  lokits compact rebuild --store file:///srv/loki
  lokits compact rebuild --config.file /etc/loki/config.yaml --replace --resume rebuild.json`,
  },
  args,
  run: ({ rawArgs }) => untilInterrupted((signal) => rebuild(afterWord(rawArgs), signal)),
});

async function rebuild(rawArgs: readonly string[], signal: AbortSignal): Promise<number> {
  const flags = toolFlags(rawArgs, { args, repeatable: ["tenant"] });
  let chunks = 0;
  const code = await eachBucket(flags, async (bucket) => {
    const report = await rebuildOne(bucket, flags, signal);
    chunks += report.chunks;
    return report.code;
  });
  const tenants = flags.list("tenant");
  if (tenants.length > 0 && chunks === 0 && code === 0)
    throw new Error(`--tenant: the bucket has no ${tenants.join(", ")}`);
  return code;
}

async function rebuildOne(
  bucket: Bucket,
  flags: Flags,
  signal: AbortSignal,
): Promise<{ code: number; chunks: number }> {
  const [replace, dryRun, tenants] = [
    flags.on("replace"),
    flags.on("dry-run"),
    flags.list("tenant"),
  ];
  const resume = new ResumeFile<readonly string[]>(flags.text("resume"), {
    tool: "rebuild",
    store: flags.text("store"),
    config: flags.text("config.file"),
    replace,
    tenants,
  });
  const progress = new Progress("rebuild", { quiet: flags.on("quiet"), things: "chunks" });
  const say = teller(flags, progress);
  const schema = schemaOf(flags);
  let damaged = 0;
  const report = await rebuildIndex({
    store: bucket.objects,
    codecs: runtime.codecs,
    clock: runtime.clock,
    indexPrefix: bucket.indexPrefix,
    schema: schema ?? bucket.schema,
    ...(schema === undefined &&
      bucket.schema !== undefined && { owns: (table: string) => bucket.ownsTable(table) }),
    tablePrefix: flags.text("index-prefix") ?? TABLE_PREFIX,
    tenants: tenants.length > 0 ? tenants : undefined,
    replace,
    without: flags.on("without-marked") ? marksOf(bucket.objects) : undefined,
    dryRun,
    signal,
    done: await resume.load(),
    onDone: (done) => resume.save(done),
    onObject: (bytes, total) => progress.add({ bytes, lines: 1, total }),
    onFinding: (finding) => {
      damaged++;
      return say(finding, `${finding.kind}  ${finding.key}  ${finding.what}`);
    },
    onJob: (job) => {
      const { table, tenant, chunks, entries, series } = job;
      const text = dryRun
        ? `${table} of ${tenant} would get an index of ${chunks} chunks`
        : `${table} of ${tenant}: ${chunks} chunks, ${entries} lines, ${series} series`;
      return say({ kind: "table", ...job }, text);
    },
  });
  await say({ kind: "report", ...report }, summary(report, dryRun));
  if (report.isPrefixGuessed && flags.text("index-prefix") === undefined && report.chunks > 0) {
    console.error(
      `warning: nothing says what tables are called, so they are ${TABLE_PREFIX}…; a server that is configured otherwise (loki_index_ in Loki's charts) does not find them: --config.file or --index-prefix says it`,
    );
  }
  if (report.damagedFiles > 0) {
    console.error(
      `warning: ${report.damagedFiles} damaged index files are left beside the new ones: --replace removes them`,
    );
  }
  const { chunks } = report;
  if (!report.complete) return { code: INTERRUPTED, chunks };
  await resume.remove();
  return { code: damaged > 0 ? 1 : 0, chunks };
}

/** One period for all times, when the flags say which. */
function schemaOf(flags: Flags): Schema | undefined {
  const schema = flags.text("schema") as SchemaVersion | undefined;
  if (schema === undefined) return undefined;
  const indexPrefix = flags.text("index-prefix") ?? TABLE_PREFIX;
  const store = { store: "tsdb", objectStore: "filesystem" };
  return [{ fromMs: 0, schema, ...store, indexPrefix, tableMs: DAY_MS }];
}

function summary(report: RebuildReport, dryRun: boolean): string {
  const { written, removed, kept, chunks, leftOut, complete } = report;
  const parts = [
    `${chunks} chunks`,
    ...(dryRun ? [] : [`${written} index files written`]),
    ...(removed > 0 ? [`${removed} old ones removed`] : []),
    ...(kept > 0 ? [`${kept} tables of tenants have an index and were left as they are`] : []),
    ...(leftOut > 0 ? [`${leftOut} chunks could not be read`] : []),
    ...(complete ? [] : ["interrupted"]),
  ];
  return parts.join("; ");
}
