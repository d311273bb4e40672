/** `lokits volume` and `volume_range`: bytes by series or label, the largest first. */
import { type ArgsDef, defineCommand } from "citty";
import { ASKER_ARGS, askerFlags, askerOf, printWarnings } from "./asker.ts";
import { UsageError } from "./flags.ts";
import { printMetricJson, printMetricLines, printMetricTable } from "./metric-format.ts";
import { print, writeStdout } from "./output.ts";
import { parseDuration } from "./times.ts";
import { resultOf } from "./wire-result.ts";

const args: ArgsDef = {
  query: { type: "positional", description: "Selector", required: true },
  ...ASKER_ARGS,
  limit: { type: "string", description: "Most series to print", default: "30" },
  targetLabels: {
    type: "string",
    description: "Label to group by, may be repeated",
    valueHint: "NAME",
  },
  aggregateByLabels: { type: "boolean", description: "Sums by label name and not by series" },
  table: { type: "boolean", description: "A table, as on a terminal" },
};

const rangeArgs: ArgsDef = {
  ...args,
  step: { type: "string", description: "Distance of points", default: "1h", valueHint: "DURATION" },
};

export const command = defineCommand({
  meta: {
    name: "volume",
    description: `Say which series hold the most bytes, by the index alone

Examples:
  lokits volume '{namespace="shop"}' --since 24h
  lokits volume '{app=~".+"}' --targetLabels app --store file:///srv/loki`,
  },
  args,
  run: ({ rawArgs }) => volume(rawArgs, args, false),
});

export const rangeCommand = defineCommand({
  meta: {
    name: "volume_range",
    description: `The same over time

Examples:
  lokits volume_range '{namespace="shop"}' --since 24h --step 1h`,
  },
  args: rangeArgs,
  run: ({ rawArgs }) => volume(rawArgs, rangeArgs, true),
});

async function volume(rawArgs: readonly string[], args: ArgsDef, ranged: boolean): Promise<number> {
  const flags = askerFlags(rawArgs, { args, repeatable: ["targetLabels"] });
  const [query] = flags.positionals;
  if (query === undefined) throw new UsageError("a query is wanted");
  const asker = await askerOf(flags);
  const params = asker.window();
  params.set("query", query);
  params.set("limit", String(flags.count("limit", 1)));
  const targets = flags.list("targetLabels");
  if (targets.length > 0) params.set("targetLabels", targets.join(","));
  if (flags.on("aggregateByLabels")) params.set("aggregateBy", "labels");
  const step = flags.text("step");
  if (ranged) params.set("step", String(Number(parseDuration("step", step!)) / 1e9));
  const path = `/loki/api/v1/index/${ranged ? "volume_range" : "volume"}`;
  const body = await asker.get(path, params);
  const result = resultOf(body);
  if (result.kind === "streams") throw new Error("the server answered with lines");
  if (flags.text("output") === "jsonl") await print(printMetricLines(result));
  else if (flags.on("table") || process.stdout.isTTY === true)
    await print(printMetricTable(result));
  else await writeStdout(printMetricJson(result));
  printWarnings(body);
  return 0;
}
