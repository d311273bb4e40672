/** `lokits ingest`: files or standard input to a server, or straight into a bucket. */
import { type ArgsDef, defineCommand } from "citty";
import { holdText, openText, type TextBytes } from "../adapters/disk/line-text.ts";
import { labelsOf } from "../core/labels/labels.ts";
import type { Labels } from "../core/model/labels.ts";
import { CLIENT_ARGS, CLIENT_ENVIRONMENT, CLIENT_REPEATABLE } from "./client-flags.ts";
import { parseFlags, UsageError } from "./flags.ts";
import { type Batch, LineReader, linesIn } from "./ingest-lines.ts";
import { ServerSink, type Sink, StoreSink } from "./ingest-sinks.ts";
import { Progress } from "./progress.ts";
import { filesOf, labelOf } from "./query-files.ts";

const args: ArgsDef = {
  files: {
    type: "positional",
    description: "Files or globs; none for standard input",
    required: false,
  },
  label: { type: "string", description: "Label of the stream, may be repeated", valueHint: "k=v" },
  ...CLIENT_ARGS,
  store: {
    type: "string",
    description: "Bucket to write to, without a server",
    valueHint: "file:///path",
  },
  "config.file": {
    type: "string",
    description: "Loki's configuration, for the schema of --store",
    valueHint: "FILE",
  },
  "from-json": {
    type: "boolean",
    description:
      "Lines are objects with labels, line and timestamp, as query --output jsonl prints",
  },
  quiet: { type: "boolean", alias: "q", description: "No progress on stderr" },
};

export const command = defineCommand({
  meta: {
    name: "ingest",
    description: `Send lines to a server, or write them into a bucket at their own times

Examples:
  lokits ingest --label app=shop /var/log/shop/*.log
  lokits ingest --label job=ci --store file:///srv/loki build.log.gz
  lokits query '{app="shop"}' --limit 0 --forward -o jsonl | lokits ingest --from-json --store file:///srv/copy`,
  },
  args,
  run: ({ rawArgs }) => ingest(rawArgs),
});

async function ingest(rawArgs: readonly string[]): Promise<number> {
  const flags = parseFlags(rawArgs, {
    args,
    repeatable: ["label", ...CLIENT_REPEATABLE],
    environment: CLIENT_ENVIRONMENT,
  });
  const own = labelsOf(flags.list("label").map(labelOf));
  const fromJson = flags.on("from-json");
  const files = flags.positionals.length === 0 ? undefined : await filesOf(flags.positionals);
  if (own.length === 0 && files === undefined && !fromJson)
    throw new UsageError("standard input needs a --label");
  const store = flags.text("store");
  const sink: Sink =
    store === undefined
      ? new ServerSink(flags)
      : await StoreSink.open({
          store,
          config: flags.text("config.file"),
          tenant: flags.text("org-id"),
        });
  const progress = new Progress("ingest", { quiet: flags.on("quiet") });
  let lines = 0;
  for (const [name, text] of await textsOf(files)) {
    const labels = name === undefined ? own : withFile(own, name);
    const reader = new LineReader({ labels, fromJson, modifiedMs: text.modifiedMs });
    for await (const piece of linesIn(text)) {
      const batch: Batch = reader.read(piece.lines);
      if (batch.streams.length > 0) await sink.send(batch);
      lines += piece.lines.length;
      progress.add({ bytes: piece.bytes, lines: piece.lines.length, total: text.size });
    }
    await text.close();
  }
  await sink.close();
  progress.done();
  console.error(`${lines} lines ingested`);
  return 0;
}

async function textsOf(
  files: readonly string[] | undefined,
): Promise<[name: string | undefined, text: TextBytes][]> {
  if (files === undefined) {
    return [
      [
        undefined,
        await holdText(process.stdin, { name: "standard input", modifiedMs: Date.now() }),
      ],
    ];
  }
  const texts: [string, TextBytes][] = [];
  for (const file of files) texts.push([file, await openText(file)]);
  return texts;
}

/** Streams of files say which file, unless the user's labels do. */
function withFile(own: Labels, filename: string): Labels {
  return own.some(([name]) => name === "filename")
    ? own
    : labelsOf([...own, ["filename", filename]]);
}
