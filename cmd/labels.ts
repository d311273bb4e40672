/** `lokits labels [NAME]`: the names of labels, or the values of one. */
import { type ArgsDef, defineCommand } from "citty";
import { listIn } from "./answers.ts";
import { ASKER_ARGS, askerFlags, askerOf, printWarnings } from "./asker.ts";
import { print } from "./output.ts";

const args: ArgsDef = {
  label: { type: "positional", description: "Print the values of this label", required: false },
  ...ASKER_ARGS,
};

export const command = defineCommand({
  meta: {
    name: "labels",
    description: `List label names, or the values of one label

Examples:
  lokits labels
  lokits labels app --since 24h
  lokits labels app --store file:///srv/loki`,
  },
  args,
  run: ({ rawArgs }) => labels(rawArgs),
});

async function labels(rawArgs: readonly string[]): Promise<number> {
  const flags = askerFlags(rawArgs, { args });
  const [label] = flags.positionals;
  const asker = await askerOf(flags);
  const path =
    label === undefined
      ? "/loki/api/v1/labels"
      : `/loki/api/v1/label/${encodeURIComponent(label)}/values`;
  const body = await asker.get(path, asker.window());
  const isJson = flags.text("output") === "jsonl";
  const lineOf = (value: string) =>
    isJson ? JSON.stringify(label === undefined ? { label: value } : { label, value }) : value;
  await print(listIn<string>(body, "data").map(lineOf));
  printWarnings(body);
  return 0;
}
