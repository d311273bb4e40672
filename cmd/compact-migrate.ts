/** `lokits compact migrate`: a bucket into another one, in another encoding, schema or tenant. */
import { type ArgsDef, defineCommand } from "citty";
import type { Schema, SchemaVersion } from "../core/model/schema.ts";
import { ENCODINGS, type EncodingName } from "../core/ports/codecs.ts";
import { SILENT } from "../core/ports/journal.ts";
import { type MigrateReport, type MigrateState, migrateBucket } from "../core/repair/migrate.ts";
import type { Bucket } from "../core/store/bucket.ts";
import { discoverSchema } from "../core/store/discover.ts";
import { ResumeFile } from "./compact-resume.ts";
import {
  afterWord,
  assertTenants,
  BUCKET_ARGS,
  bucketOf,
  bytesText,
  INTERRUPTED,
  QUIET_ARGS,
  RESUME_ARGS,
  teller,
  toolFlags,
  untilInterrupted,
} from "./compact-tools.ts";
import { type Flags, UsageError } from "./flags.ts";
import { Progress } from "./progress.ts";
import { parseTime } from "./times.ts";
import { openBucket, storesAt } from "./wire/bucket.ts";
import { runtime } from "./wire/runtime.ts";
import { isWithin } from "./wire/within.ts";

const args: ArgsDef = {
  ...BUCKET_ARGS,
  "to-store": {
    type: "string",
    description: "The bucket to write; it may have lines already",
    valueHint: "s3://bucket",
  },
  "chunk-encoding": {
    type: "enum",
    options: Object.keys(ENCODINGS),
    description: "Encoding of chunks in the target; as they are unless given",
  },
  schema: {
    type: "enum",
    options: ["v11", "v12", "v13"],
    description: "Schema of the target; its own, or the source's unless given",
  },
  "index-prefix": {
    type: "string",
    description: "Tables of the target are named so; as they are, or as in the source unless given",
    valueHint: "PREFIX",
  },
  tenant: {
    type: "string",
    description: "Only this tenant, or this one under another name; may be repeated",
    valueHint: "ID[=NEW]",
  },
  from: { type: "string", description: "Only lines from this time on", valueHint: "TIME" },
  to: {
    type: "string",
    description: "Only lines before this time; or the bucket to write, as --to-store",
    valueHint: "TIME|BUCKET",
  },
  ...RESUME_ARGS,
  ...QUIET_ARGS,
};

export const command = defineCommand({
  meta: {
    name: "compact migrate",
    description: `Copy a bucket into another one: in another encoding or schema, under other tenants, or a part of its time

Lines are counted on both sides; exit code 1 when any could not be read. A run that was killed can
be started again; with --resume it does not do again what it did.

Examples:
  lokits compact migrate --store file:///srv/loki --to s3://logs?region=eu-central-1
  lokits compact migrate --store s3://old --to s3://new --schema v13 --chunk-encoding zstd --resume m.json
  lokits compact migrate --store s3://logs --to file:///copy --tenant team-a=team-b --from 2023-10-01 --to 2023-11-01`,
  },
  args,
  run: ({ rawArgs }) => untilInterrupted((signal) => migrate(afterWord(rawArgs), signal)),
});

async function migrate(rawArgs: readonly string[], signal: AbortSignal): Promise<number> {
  const flags = toolFlags(rawArgs, { args, repeatable: ["tenant", "to"] });
  const place = placeOf(flags);
  const tenants = tenantsOf(flags.list("tenant"));
  const window = { from: flags.text("from"), to: place.end };
  const bounds = {
    from: window.from === undefined ? -(2n ** 62n) : parseTime("from", window.from),
    to: window.to === undefined ? 2n ** 62n : parseTime("to", window.to),
  };
  if (bounds.from >= bounds.to)
    throw new UsageError(`--from ${window.from} is not before --to ${window.to}`);
  const source = await bucketOf(flags, SILENT);
  await assertElsewhere(flags, place.address);
  await assertTenants([source], [...(tenants?.keys() ?? [])]);
  const target = await openBucket({ store: place.address, config: undefined, journal: SILENT });
  const schema = await schemaOf(flags, source, target);
  const encoding = flags.text("chunk-encoding") as EncodingName | undefined;
  const resume = new ResumeFile<MigrateState>(flags.text("resume"), {
    tool: "migrate",
    store: flags.text("store"),
    config: flags.text("config.file"),
    target: place.address,
    encoding,
    schema: schema.map(({ schema: version }) => version),
    tenants: flags.list("tenant"),
    window,
  });
  const progress = new Progress("migrate", { quiet: flags.on("quiet"), things: "chunks" });
  const say = teller(flags, progress);
  let bytesRead = 0;
  const report = await migrateBucket({
    store: source.objects,
    codecs: runtime.codecs,
    indexPrefix: source.indexPrefix,
    target: {
      objects: target.objects,
      chunks: target.withSchema(schema).chunks,
      indexPrefix: target.indexPrefix,
      schema,
    },
    tenants,
    ...bounds,
    encoding: encoding === undefined ? undefined : ENCODINGS[encoding],
    signal,
    state: await resume.load(),
    onState: (state) => resume.save(state),
    onChunk: (bytes, total) => {
      bytesRead += bytes;
      progress.add({ bytes, lines: 1, total });
    },
    onFinding: (finding) => say(finding, `${finding.kind}  ${finding.key}  ${finding.what}`),
    onTable: (table, tenant, lines) =>
      say({ kind: "table", table, tenant, lines }, `${table} of ${tenant}: ${lines} lines`),
  });
  progress.done();
  await say({ kind: "report", ...report }, summary(report, bytesRead));
  if (!report.complete) return INTERRUPTED;
  await resume.remove();
  return report.isWhole && report.damaged === 0 ? 0 : 1;
}

/** Throws when the target lies in the source: chunks get new names, so every line would be there twice. */
async function assertElsewhere(flags: Flags, address: string): Promise<void> {
  const [store, config] = [flags.text("store"), flags.text("config.file")];
  const [target] = (await storesAt({ store: address, config: undefined })).stores;
  for (const source of (await storesAt({ store, config })).stores) {
    if (!(await isWithin(target!, source))) continue;
    throw new UsageError(`--to ${target!.name} is the bucket ${source.name} itself, or lies in it`);
  }
}

/** `--to` is the target as well as the end of the time: an address is told from a time by its looks. */
function placeOf(flags: Flags): { address: string; end: string | undefined } {
  const isTime = (text: string) => /^(-?\d+|\d{4}-\d\d-\d\d.*)$/.test(text);
  const given = flags.list("to");
  const addresses = [flags.text("to-store"), ...given.filter((text) => !isTime(text))].filter(
    (text) => text !== undefined,
  );
  const ends = given.filter(isTime);
  if (addresses.length !== 1 || ends.length > 1)
    throw new UsageError("one bucket to write is wanted, as --to file:///path or --to s3://bucket");
  return { address: addresses[0]!, end: ends[0] };
}

function tenantsOf(given: readonly string[]): ReadonlyMap<string, string> | undefined {
  if (given.length === 0) return undefined;
  return new Map(
    given.map((text) => {
      const [tenant = "", name = tenant, ...rest] = text.split("=");
      if (tenant === "" || name === "" || rest.length > 0)
        throw new UsageError(`--tenant is "${text}", want ID or ID=NEW`);
      return [tenant, name];
    }),
  );
}

/** That of the target when it has tables, else the source's; with what the flags say instead. */
async function schemaOf(flags: Flags, source: Bucket, target: Bucket): Promise<Schema> {
  const isEmpty = (await target.files.tables()).length === 0;
  const schema = isEmpty
    ? (source.schema ?? (await discoverSchema(source)))
    : await discoverSchema(target);
  const [version, prefix] = [flags.text("schema"), flags.text("index-prefix")];
  return schema.map((period) => ({
    ...period,
    store: "tsdb",
    ...(version !== undefined && { schema: version as SchemaVersion }),
    ...(prefix !== undefined && { indexPrefix: prefix }),
  }));
}

function summary(report: MigrateReport, bytes: number): string {
  const { chunks, linesIn, linesOut, linesNamed, damaged, complete, isWhole } = report;
  const parts = [
    `${chunks} chunks of ${bytesText(bytes)}: ${linesIn} lines in, ${linesOut} lines out`,
    ...(linesIn > linesOut ? [`${linesIn - linesOut} of them came twice in their chunk`] : []),
    ...(isWhole || !complete ? [] : [`the index of the target names ${linesNamed}`]),
    ...(damaged > 0 ? [`${damaged} objects were missing or damaged`] : []),
    ...(complete ? [] : ["interrupted"]),
  ];
  return parts.join("; ");
}
