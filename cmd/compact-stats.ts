/** `lokits compact stats`: lines, bytes, chunks, streams and cardinality of a bucket, from its index. */
import { type ArgsDef, defineCommand } from "citty";
import { nsOf, printNanos } from "../core/model/time.ts";
import { type BucketStats, bucketStats, type TenantStats } from "../core/repair/stats.ts";
import type { Bucket } from "../core/store/bucket.ts";
import {
  afterWord,
  BUCKET_ARGS,
  bytesText,
  eachBucket,
  QUIET_ARGS,
  toolFlags,
} from "./compact-tools.ts";
import type { Flags } from "./flags.ts";
import { Output } from "./output.ts";
import { Progress } from "./progress.ts";
import { textTable } from "./text-table.ts";
import { runtime } from "./wire/runtime.ts";

const TOP = 20;

const args: ArgsDef = {
  ...BUCKET_ARGS,
  tenant: { type: "string", description: "Only this tenant, may be repeated", valueHint: "ID" },
  top: {
    type: "string",
    description: `Rows of each list, ${TOP} unless given, 0 for all`,
    valueHint: "N",
  },
  ...QUIET_ARGS,
};

export const command = defineCommand({
  meta: {
    name: "compact stats",
    description: `Count lines, bytes, chunks, streams and label values of a bucket by tenant and day, from its index

Examples:
  lokits compact stats --store file:///srv/loki
  lokits compact stats --store s3://logs --tenant team-a --top 50 --output jsonl`,
  },
  args,
  run: ({ rawArgs }) => stats(afterWord(rawArgs)),
});

async function stats(rawArgs: readonly string[]): Promise<number> {
  const flags = toolFlags(rawArgs, { args, repeatable: ["tenant"] });
  return await eachBucket(flags, (bucket) => statsOf(bucket, flags), {
    tenants: flags.list("tenant"),
  });
}

async function statsOf(bucket: Bucket, flags: Flags): Promise<number> {
  const tenants = flags.list("tenant");
  const top = flags.count("top") ?? TOP;
  const progress = new Progress("stats", { quiet: flags.on("quiet"), things: "index files" });
  const report = await bucketStats({
    store: bucket.objects,
    codecs: runtime.codecs,
    indexPrefix: bucket.indexPrefix,
    ...(tenants.length > 0 && { tenants }),
    onFile: ({ size }, total) => progress.add({ bytes: size, lines: 1, total }),
  });
  progress.done();
  const output = new Output();
  const lines = flags.text("output") === "jsonl" ? jsonOf(report) : textOf(report, top || Infinity);
  for (const line of lines) await output.line(line);
  await output.flush();
  for (const { problem } of report.problems) console.error(`lokits compact stats: ${problem}`);
  return report.problems.length > 0 ? 1 : 0;
}

function* jsonOf({ tenants, tables, problems }: BucketStats): Generator<string> {
  for (const { fromMs, throughMs, ...rest } of tenants) {
    const times = rest.chunks > 0 ? { from: timeText(fromMs), through: timeText(throughMs) } : {};
    yield JSON.stringify({ kind: "tenant", ...rest, ...times });
  }
  for (const { dayMs, ...rest } of tables)
    yield JSON.stringify({ kind: "table", ...rest, day: dayText(dayMs) });
  for (const problem of problems) yield JSON.stringify({ kind: "problem", ...problem });
}

function* textOf({ tenants, tables }: BucketStats, top: number): Generator<string> {
  const shown = tenants.slice(0, top);
  yield* textTable(
    ["tenant", " bytes", " lines", " chunks", " streams", "from", "through"],
    shown.map((tenant) => [
      tenant.tenant,
      ...weightCells(tenant),
      tenant.chunks > 0 ? timeText(tenant.fromMs) : "",
      tenant.chunks > 0 ? timeText(tenant.throughMs) : "",
    ]),
  );
  yield* more(tenants.length, top, "tenants");
  yield "";
  const newest = tables.toReversed();
  yield* textTable(
    ["table", "day", " bytes", " lines", " chunks", " streams", " files", " index"],
    newest
      .slice(0, top)
      .map((table) => [
        table.table,
        dayText(table.dayMs),
        ...weightCells(table),
        String(table.files),
        bytesText(table.indexBytes),
      ]),
  );
  yield* more(tables.length, top, "tables");
  for (const tenant of shown) {
    yield "";
    const rows = tenant.labels.slice(0, top);
    const cells = rows.map(({ name, values, exact }) => [name, about(values, exact)]);
    yield* textTable([`label of ${tenant.tenant}`, " values"], cells);
    yield* more(tenant.labels.length, top, "labels");
  }
}

function weightCells(row: Pick<TenantStats, "bytes" | "lines" | "chunks" | "streams" | "exact">) {
  const { bytes, lines, chunks, streams, exact } = row;
  return [bytesText(bytes), String(lines), String(chunks), about(streams, exact)];
}

function* more(count: number, top: number, what: string): Generator<string> {
  if (count > top) yield `… ${count - top} ${what} more: --top 0 shows all`;
}

function about(count: number, exact: boolean): string {
  return exact ? String(count) : `~${count}`;
}

function timeText(ms: number): string {
  return printNanos(nsOf(ms));
}

function dayText(ms: number): string {
  return timeText(ms).slice(0, "2023-10-28".length);
}
