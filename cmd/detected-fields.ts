/** `lokits detected-fields QUERY [FIELD]`: the fields that lines have, or the values of one. */
import { type ArgsDef, defineCommand } from "citty";
import { listIn } from "./answers.ts";
import { ASKER_ARGS, askerFlags, askerOf, printWarnings } from "./asker.ts";
import { UsageError } from "./flags.ts";
import { print, wantsColour } from "./output.ts";
import { parseDuration } from "./times.ts";

const args: ArgsDef = {
  query: { type: "positional", description: "Log query", required: true },
  field: { type: "positional", description: "Print the values of this field", required: false },
  ...ASKER_ARGS,
  limit: { type: "string", description: "Most fields or values", default: "100" },
  "line-limit": { type: "string", description: "Lines that are looked at", default: "1000" },
  step: {
    type: "string",
    description: "Sent to the server",
    default: "10s",
    valueHint: "DURATION",
  },
};

export const command = defineCommand({
  meta: {
    name: "detected-fields",
    description: `Look at some lines and list the fields in them, with types and numbers of values

Examples:
  lokits detected-fields '{app="shop"}'
  lokits detected-fields '{app="shop"}' status --since 24h
  lokits detected-fields '{app="shop"}' --store file:///srv/loki`,
  },
  args,
  run: ({ rawArgs }) => detectedFields(rawArgs),
});

interface Field {
  readonly label: string;
  readonly type: string;
  readonly cardinality: number;
}

async function detectedFields(rawArgs: readonly string[]): Promise<number> {
  const flags = askerFlags(rawArgs, { args });
  const [query, field] = flags.positionals;
  if (query === undefined) throw new UsageError("a query is wanted");
  const asker = await askerOf(flags);
  const params = asker.window();
  params.set("query", query);
  params.set("limit", String(flags.count("limit", 1)));
  params.set("line_limit", String(flags.count("line-limit", 1)));
  params.set("step", String(Number(parseDuration("step", flags.text("step")!)) / 1e9));
  const path =
    field === undefined
      ? "/loki/api/v1/detected_fields"
      : `/loki/api/v1/detected_field/${encodeURIComponent(field)}/values`;
  const body = await asker.get(path, params);
  const mode = flags.text("output");
  await print(mode === "raw" ? [JSON.stringify(body)] : linesOf(body, field, mode === "jsonl"));
  printWarnings(body);
  return 0;
}

function linesOf(body: unknown, field: string | undefined, isJson: boolean): string[] {
  if (field !== undefined) {
    const values = listIn<string>(body, "values");
    return values.map((value) => (isJson ? JSON.stringify({ label: field, value }) : value));
  }
  const bold = (value: string | number) => (wantsColour() ? `\x1b[1m${value}\x1b[0m` : value);
  const fields = [...listIn<Field>(body, "fields")].sort((a, b) => (a.label < b.label ? -1 : 1));
  return fields.map((each) => {
    if (isJson) return JSON.stringify(each);
    const { label, type, cardinality } = each;
    return `label: ${bold(label)}\t\ttype: ${bold(type)}\t\tcardinality: ${bold(cardinality)}`;
  });
}
