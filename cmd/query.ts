/** `lokits query`: asks a server, a bucket or plain files. */
import { type ArgsDef, defineCommand } from "citty";
import { parseQuery } from "../core/logql/syntax/parse.ts";
import { prettyExpr } from "../core/logql/syntax/pretty.ts";
import type { Around } from "../core/ports/query-service.ts";
import { CLIENT_ARGS, CLIENT_ENVIRONMENT, CLIENT_REPEATABLE } from "./client-flags.ts";
import { type Flags, parseFlags, UsageError } from "./flags.ts";
import { Output, print } from "./output.ts";
import { askFiles } from "./query-files.ts";
import { LINE_ARGS, LINE_REPEATABLE, lineOptions, STORE_ARGS, WINDOW_ARGS } from "./query-flags.ts";
import { downloadParts, PARTS_ARGS, partsOf } from "./query-parts.ts";
import { Printer } from "./query-print.ts";
import { askServer } from "./query-server.ts";
import { askStore } from "./query-store.ts";
import type { Answer, Question } from "./question.ts";
import { parseDuration, parseTime, windowOf } from "./times.ts";
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
  ...STORE_ARGS,
  ...WINDOW_ARGS,
  limit: {
    type: "string",
    description: "Most lines to print, 0 for all; of files and standard input all",
    default: "30",
  },
  batch: { type: "string", description: "Lines asked for at once", default: "1000" },
  forward: { type: "boolean", description: "Oldest lines first" },
  step: {
    type: "string",
    description: "Distance of points of a metric query",
    valueHint: "DURATION",
  },
  interval: {
    type: "string",
    description: "Only lines of a stream that are so far apart",
    valueHint: "DURATION",
  },
  now: { type: "string", description: "Ask a metric query once, at this time", valueHint: "TIME" },
  ...LINE_ARGS,
  table: { type: "boolean", description: "Numbers as a table, as on a terminal" },
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
  ...PARTS_ARGS,
  tail: { type: "boolean", alias: "t", description: "Follow the query, as lokits tail does" },
  follow: { type: "boolean", alias: "f", description: "The same" },
  "delay-for": {
    type: "string",
    description: "With --tail: seconds that lines are held back, 0 to 5",
    default: "0",
  },
  format: { type: "boolean", description: "Print the query laid out for people, ask nothing" },
  explain: { type: "boolean", description: "Print how the query would be answered" },
  analyze: { type: "boolean", description: "Answer it, and print how that went" },
  "fail-on-match": { type: "boolean", description: "Exit code 1 when a line or sample was found" },
  strict: {
    type: "boolean",
    description: "Exit code 1 when objects were damaged or missing, so that lines may be",
  },
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

/** logcli's name for a metric query at one time. */
export const instantCommand = defineCommand({
  meta: {
    name: "instant-query",
    description: `Ask a metric query once, now or at --now

Examples:
  lokits instant-query 'sum by (app) (rate({cluster="a"}[5m]))'`,
  },
  args,
  run: ({ rawArgs }) => query(rawArgs, { instant: true }),
});

/** Exit code: 0, or 1 when `--fail-on-…` or `--strict` applies. */
async function query(rawArgs: readonly string[], { instant = false } = {}): Promise<number> {
  const flags = parseFlags(rawArgs, {
    args,
    repeatable: ["label", ...LINE_REPEATABLE, ...CLIENT_REPEATABLE],
    environment: CLIENT_ENVIRONMENT,
  });
  const [text, ...files] = flags.positionals;
  if (text === undefined) throw new UsageError("a query is wanted");
  if (flags.on("format")) {
    await print([prettyExpr(parseQuery(text))]);
    return 0;
  }
  if (flags.on("tail") || flags.on("follow"))
    return await (await import("./tail.ts")).follow(flags, text);
  const question = questionOf(flags, text, instant);
  const parts = partsOf(flags, question);
  if (parts !== undefined) return await downloadParts(flags, question, parts);
  const printer = new Printer(new Output(), printerOptions(flags, question));
  const found = await printer.print(await ask(flags, question, files));
  if (flags.on("stats")) printer.printStats();
  if (flags.on("strict") && printer.warned) return 1;
  if (flags.on("fail-on-match") && found > 0) return 1;
  if (flags.on("fail-on-empty") && found === 0) return 1;
  return 0;
}

function printerOptions(flags: Flags, { limit, batch }: Question) {
  const options = lineOptions(flags);
  return {
    ...options,
    // Of lines without end nobody knows what they share; those of standard input all have its label.
    commonLabels: options.commonLabels || (!Number.isFinite(limit) && !flags.on("stdin")),
    batch,
    quiet: flags.on("quiet"),
    table: flags.on("table") || process.stdout.isTTY === true,
  };
}

function ask(flags: Flags, question: Question, files: readonly string[]): Promise<Answer> {
  if (flags.on("stdin") || files.length > 0) {
    if (flags.on("stdin") && files.length > 0)
      throw new UsageError("either --stdin or files, not both");
    return askFiles(question, files, flags.list("label"));
  }
  const store = flags.text("store");
  const config = flags.text("config.file");
  if (store !== undefined || config !== undefined) return askStore(question, flags);
  return askServer(question, flags);
}

function questionOf(flags: Flags, text: string, instant: boolean): Question {
  const [step, interval] = [flags.text("step"), flags.text("interval")];
  const now = flags.text("now");
  // As logcli with what is piped in: all of it is searched and printed, unless somebody says how much.
  const isText = flags.on("stdin") || flags.positionals.length > 1;
  const limit = isText && !flags.given("limit") ? 0 : flags.count("limit");
  return {
    text: text.replace(/^\s*<([^<>]*)>/, "{$1}"),
    ...windowOf(flags, runtime.clock.now()),
    at: now !== undefined ? parseTime("now", now) : instant ? runtime.clock.now() : undefined,
    step: step === undefined ? undefined : parseDuration("step", step),
    interval: interval === undefined ? 0n : parseDuration("interval", interval),
    batch: flags.count("batch", 1) ?? 1000,
    limit: limit === 0 || limit === undefined ? Number.POSITIVE_INFINITY : limit,
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
