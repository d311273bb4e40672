/** Options of `query`, `instant-query` and `tail` that say what is asked and how the answer is written. */
import type { ArgsDef } from "citty";
import { GLOBAL_ARGS } from "./client-flags.ts";
import { type Flags, UsageError } from "./flags.ts";
import { type LineOptions, TIMESTAMP_FORMATS, type TimestampFormat } from "./line-format.ts";
import { type OutputMode, wantsColour } from "./output.ts";

export const WINDOW_ARGS: ArgsDef = {
  from: { type: "string", description: "Start, RFC 3339 or Unix", valueHint: "TIME" },
  to: { type: "string", description: "End, exclusive", valueHint: "TIME" },
  since: {
    type: "string",
    description: "Look back from --to (1h on a server; all of time on buckets and files)",
    valueHint: "DURATION",
  },
};

/** A bucket in a server's place. */
export const STORE_ARGS: ArgsDef = {
  store: {
    type: "string",
    description: "Bucket to read without a server",
    valueHint: "file:///path",
  },
  "config.file": {
    type: "string",
    alias: "store-config",
    description: "Loki's configuration, for the bucket or for the schema of --store",
    valueHint: "FILE",
  },
  "remote-schema": {
    type: "boolean",
    description:
      "Take the schema from the bucket of --config.file: TENANT-schemaconfig.yaml or schemaconfig.yaml",
  },
  "schema-store": {
    type: "string",
    description: "With --remote-schema: which of its stores has that file",
    valueHint: "NAME",
  },
};

export const OUTPUT_ARG: ArgsDef[string] = {
  type: "enum",
  alias: "o",
  options: ["default", "raw", "jsonl"],
  default: "default",
  description: "Form of the answer",
};

export const LINE_ARGS: ArgsDef = {
  output: OUTPUT_ARG,
  "output-timestamp-format": {
    type: "enum",
    options: Object.keys(TIMESTAMP_FORMATS),
    default: "rfc3339",
    description: "Form of the times that are printed",
  },
  "no-labels": { type: "boolean", description: "Leave labels out" },
  "exclude-label": {
    type: "string",
    description: "Label to leave out, may be repeated",
    valueHint: "NAME",
  },
  "include-label": {
    type: "string",
    description: "The only labels to print, may be repeated",
    valueHint: "NAME",
  },
  "include-common-labels": {
    type: "boolean",
    description: "Print labels that all lines share with each line",
  },
  "labels-length": {
    type: "string",
    description: "Width that labels are padded to",
    default: "0",
  },
  "colored-output": {
    type: "boolean",
    description: "On a terminal a colour for each set of labels",
  },
  ...GLOBAL_ARGS,
};

export const LINE_REPEATABLE = ["exclude-label", "include-label"];

export function modeOf(flags: Flags): OutputMode {
  return (flags.text("output") ?? "default") as OutputMode;
}

export function lineOptions(flags: Flags): LineOptions {
  const [exclude, include] = [flags.list("exclude-label"), flags.list("include-label")];
  if (exclude.some((name) => include.includes(name)))
    throw new UsageError("--exclude-label and --include-label name the same label");
  return {
    mode: modeOf(flags),
    noLabels: flags.on("no-labels"),
    commonLabels: flags.on("include-common-labels"),
    exclude,
    include,
    labelsLength: flags.count("labels-length") ?? 0,
    colour: !wantsColour() ? "none" : flags.on("colored-output") ? "by labels" : "plain",
    timezone: flags.text("timezone") as "Local" | "UTC",
    timestamps: flags.text("output-timestamp-format") as TimestampFormat,
  };
}

/** What is said of labels that are left out because somebody said so. */
export function choiceOf({ exclude, include }: LineOptions): string[] {
  return [
    ...(exclude.length > 0 ? [`Ignoring labels key: ${exclude.join(",")}`] : []),
    ...(include.length > 0 ? [`Print only labels key: ${include.join(",")}`] : []),
  ];
}
