/** `lokits series MATCHER`: the streams that match, or what their labels are like. */
import { type ArgsDef, defineCommand } from "citty";
import { labelsOf, printLabels } from "../core/labels/labels.ts";
import { listIn } from "./answers.ts";
import { ASKER_ARGS, askerFlags, askerOf, printWarnings } from "./asker.ts";
import { UsageError } from "./flags.ts";
import { print } from "./output.ts";
import { textTable } from "./text-table.ts";

const args: ArgsDef = {
  matcher: { type: "positional", description: "Selector, such as '{app=\"x\"}'", required: true },
  ...ASKER_ARGS,
  "analyze-labels": {
    type: "boolean",
    description: "Count the values and streams of each label instead",
  },
};

export const command = defineCommand({
  meta: {
    name: "series",
    description: `List the streams that match a selector

Examples:
  lokits series '{namespace="shop"}' --since 24h
  lokits series '{}' --analyze-labels
  lokits series '{}' --analyze-labels --store file:///srv/loki`,
  },
  args,
  run: ({ rawArgs }) => series(rawArgs),
});

type LabelSet = Readonly<Record<string, string>>;

async function series(rawArgs: readonly string[]): Promise<number> {
  const flags = askerFlags(rawArgs, { args });
  const [matcher] = flags.positionals;
  if (matcher === undefined) throw new UsageError("a matcher is wanted");
  const asker = await askerOf(flags);
  const params = asker.window();
  params.set("match", matcher);
  const body = await asker.get("/loki/api/v1/series", params);
  const sets = listIn<LabelSet>(body, "data");
  const isJson = flags.text("output") === "jsonl";
  if (flags.on("analyze-labels")) await print(analyze(sets, isJson));
  else await print(sets.map((set) => (isJson ? JSON.stringify(set) : printLabels(labelsOf(set)))));
  printWarnings(body);
  return 0;
}

/** Labels with the most values first: those that make the streams many. */
function analyze(sets: readonly LabelSet[], isJson: boolean): string[] {
  const known = new Map<string, { values: Set<string>; streams: number }>();
  for (const set of sets) {
    for (const [name, value] of Object.entries(set)) {
      let label = known.get(name);
      if (label === undefined) known.set(name, (label = { values: new Set(), streams: 0 }));
      label.values.add(value);
      label.streams++;
    }
  }
  const rows = [...known]
    .map(([label, { values, streams }]) => ({ label, values: values.size, streams }))
    .sort((a, b) => b.values - a.values);
  if (isJson) return rows.map((row) => JSON.stringify(row));
  const table = rows.map(({ label, values, streams }) => [label, String(values), String(streams)]);
  return [
    `Total Streams:  ${sets.length}`,
    `Unique Labels:  ${rows.length}`,
    "",
    ...textTable(["Label Name", "Unique Values", "Found In Streams"], table),
  ];
}
