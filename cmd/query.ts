/** `lokits query`: asks a server, a bucket or plain files. */
import { type ArgsDef, defineCommand } from "citty";
import { parseQuery } from "../core/logql/syntax/parse.ts";
import { prettyExpr } from "../core/logql/syntax/pretty.ts";
import type { Around } from "../core/ports/query-service.ts";
import { CLIENT_ARGS, CLIENT_ENVIRONMENT } from "./client.ts";
import { type Flags, parseFlags, UsageError } from "./flags.ts";
import { Output, type OutputMode, wantsColour } from "./output.ts";
import { askFiles } from "./query-files.ts";
import { Printer } from "./query-print.ts";
import { askServer } from "./query-server.ts";
import { askStore } from "./query-store.ts";
import type { Answer, Question } from "./question.ts";
import { parseDuration, windowOf } from "./times.ts";
import { runtime } from "./wire/runtime.ts";

const args: ArgsDef = {
  query: {
    type: "positional",
    description: 'LogQL; a selector may also be written <app="x">',
    required: true,
  },
  files: {
    type: "positional",
    description: "Files or globs to search instead of a server",
    required: false,
  },
  ...CLIENT_ARGS,
  store: {
    type: "string",
    description: "Bucket to read without a server",
    valueHint: "file:///path",
  },
  "config.file": {
    type: "string",
    description: "Loki's configuration, for the schema of --store",
    valueHint: "FILE",
  },
  stdin: { type: "boolean", description: "Search the lines of standard input" },
  from: { type: "string", description: "Start, RFC 3339 or Unix", valueHint: "TIME" },
  to: { type: "string", description: "End, exclusive", valueHint: "TIME" },
  since: {
    type: "string",
    description: "Look back from --to (1h on a server; all of time on buckets and files)",
    valueHint: "DURATION",
  },
  limit: { type: "string", description: "Most lines to print, 0 for all", default: "30" },
  forward: { type: "boolean", description: "Oldest lines first" },
  step: {
    type: "string",
    description: "Distance of points of a metric query",
    valueHint: "DURATION",
  },
  now: { type: "string", description: "Ask a metric query once, at this time", valueHint: "TIME" },
  output: {
    type: "enum",
    alias: "o",
    options: ["default", "raw", "jsonl"],
    default: "default",
    description: "Form of the lines",
  },
  "no-labels": { type: "boolean", description: "Leave labels out" },
  label: {
    type: "string",
    description: "Label for files and standard input, may be repeated",
    valueHint: "k=v",
  },
  context: {
    type: "string",
    alias: "C",
    description: "Lines of the same stream around each line",
    valueHint: "N",
  },
  "after-context": { type: "string", alias: "A", description: "Only after it", valueHint: "N" },
  "before-context": { type: "string", alias: "B", description: "Only before it", valueHint: "N" },
  format: { type: "boolean", description: "Print the query laid out for people, ask nothing" },
  explain: { type: "boolean", description: "Print how the query would be answered" },
  analyze: { type: "boolean", description: "Answer it, and print how that went" },
  stats: { type: "boolean", description: "Print what the query touched to stderr" },
  quiet: { type: "boolean", alias: "q", description: "No remarks on stderr" },
  "fail-on-match": { type: "boolean", description: "Exit code 1 when a line or sample was found" },
  "fail-on-empty": { type: "boolean", description: "Exit code 1 when none was found" },
};

export const command = defineCommand({
  meta: {
    name: "query",
    description: `Ask a server, a bucket or files

Examples:
  lokits query '{app="shop"} |= "error"' --since 2h
  lokits query '{app="shop"} | json | status >= 500' --store file:///srv/loki --limit 0 --output jsonl
  lokits query '|~ "(?i)fatal"' build/*.log --fail-on-match
  lokits query '|= "panic"' build.log -C 3
  dmesg | lokits query '|= "oom"' --stdin
  lokits query 'sum by (app) (rate({cluster="a"}[5m]))' --since 6h --step 5m`,
  },
  args,
  run: ({ rawArgs }) => query(rawArgs),
});

/** Exit code: 0, or 1 when `--fail-on-…` applies. */
async function query(rawArgs: readonly string[]): Promise<number> {
  const flags = parseFlags(rawArgs, {
    args,
    repeatable: ["label"],
    environment: CLIENT_ENVIRONMENT,
  });
  const [text, ...files] = flags.positionals;
  if (text === undefined) throw new UsageError("a query is wanted");
  if (flags.on("format")) {
    console.log(prettyExpr(parseQuery(text)));
    return 0;
  }
  const question = questionOf(flags, text);
  const printer = new Printer(new Output(), {
    mode: (flags.text("output") ?? "default") as OutputMode,
    noLabels: flags.on("no-labels"),
    colour: wantsColour(),
    quiet: flags.on("quiet"),
  });
  const found = await printer.print(await ask(flags, question, files));
  if (flags.on("stats")) printer.printStats();
  if (flags.on("fail-on-match") && found > 0) return 1;
  if (flags.on("fail-on-empty") && found === 0) return 1;
  return 0;
}

function ask(flags: Flags, question: Question, files: readonly string[]): Promise<Answer> {
  if (flags.on("stdin") || files.length > 0) {
    if (flags.on("stdin") && files.length > 0)
      throw new UsageError("either --stdin or files, not both");
    return askFiles(question, files, flags.list("label"));
  }
  const store = flags.text("store");
  const config = flags.text("config.file");
  if (store !== undefined || (config !== undefined && flags.text("addr") === undefined)) {
    return askStore(question, { store, config, tenant: flags.text("org-id") });
  }
  return askServer(question, flags);
}

function questionOf(flags: Flags, text: string): Question {
  const step = flags.text("step");
  const now = flags.text("now");
  const limit = flags.count("limit") ?? 30;
  return {
    text: text.replace(/^\s*<([^<>]*)>/, "{$1}"),
    ...windowOf(flags, runtime.clock.now()),
    at: now === undefined ? undefined : windowOf(parseFlags(["--to", now], { args }), 0n).end,
    step: step === undefined ? undefined : parseDuration("step", step),
    limit: limit === 0 ? Number.POSITIVE_INFINITY : limit,
    direction: flags.on("forward") ? "forward" : "backward",
    around: aroundOf(flags),
    explain: flags.on("analyze") ? "analyze" : flags.on("explain") ? "plan" : undefined,
  };
}

function aroundOf(flags: Flags): Around | undefined {
  const both = flags.count("context");
  const before = flags.count("before-context") ?? both;
  const after = flags.count("after-context") ?? both;
  if (before === undefined && after === undefined) return undefined;
  return { before: before ?? 0, after: after ?? 0 };
}
