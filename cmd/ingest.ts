/** `lokits ingest`: files or standard input to a server, or straight into a bucket. */
import { type ArgsDef, defineCommand } from "citty";
import { labelsOf } from "../core/labels/labels.ts";
import type { Labels } from "../core/model/labels.ts";
import { CLIENT_ARGS, CLIENT_ENVIRONMENT, CLIENT_REPEATABLE } from "./client-flags.ts";
import { type Flags, parseFlags, UsageError } from "./flags.ts";
import { type Batch, LineReader, linesIn, type TimeField } from "./ingest-lines.ts";
import { ServerSink, type Sink, StoreSink } from "./ingest-sinks.ts";
import { openPieces, streamPieces, type TextPieces } from "./ingest-text.ts";
import { timeFormat } from "./ingest-time.ts";
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
  "timestamp-field": {
    type: "string",
    description: "Field of JSON or logfmt lines that has their time, such as ts or event.time",
    valueHint: "NAME",
  },
  "timestamp-format": {
    type: "string",
    description:
      "How that time is written: RFC3339, RFC3339Nano, RFC1123, Unix, UnixMs, UnixUs, UnixNs, …, or a layout such as '2006-01-02 15:04:05.000' (UTC when it names no zone)",
    valueHint: "FORMAT",
  },
  quiet: { type: "boolean", alias: "q", description: "No progress on stderr" },
};

export const command = defineCommand({
  meta: {
    name: "ingest",
    description: `Send lines to a server, or write them into a bucket at their own times

Without --timestamp-field the time of a line is the first ISO 8601 time in it; a line without one comes
right after the line before. With --store lines may be of any age and in any order: they are sorted in
bounded memory, and what is far out of order waits in a file below $TMPDIR.

Examples:
  lokits ingest --label app=shop /var/log/shop/*.log
  lokits ingest --label job=ci --store file:///srv/loki build.log.gz
  lokits ingest --label app=shop --timestamp-field ts --timestamp-format UnixMs --store file:///srv/loki old/*.jsonl
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
  timeOf(flags, { modifiedMs: 0 });
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
  const untimed = { lines: 0, ahead: 0, first: "" };
  const proof = new TimeProof(sink, flags);
  let lines = 0;
  try {
    for (const name of files ?? [undefined]) {
      const text = name === undefined ? streamPieces(process.stdin) : await openPieces(name);
      const labels = name === undefined ? own : withFile(own, name);
      const reader = new LineReader({ labels, fromJson, ...timeOf(flags, text) });
      for await (const piece of linesIn(text.pieces)) {
        const batch: Batch = reader.read(piece.lines);
        await proof.send(batch, { lines: piece.lines.length, reader });
        lines += piece.lines.length;
        progress.add({ bytes: piece.bytes, lines: piece.lines.length, total: text.size ?? 0 });
      }
      if (untimed.lines === 0) untimed.first = reader.firstUntimed;
      untimed.lines += reader.untimed;
      untimed.ahead += reader.untimedAhead;
    }
    await proof.end();
    await sink.close();
  } catch (error) {
    progress.done();
    console.error(`ingest failed after ${lines} lines were read; ${await sink.abandon()}`);
    throw error;
  }
  progress.done();
  if (untimed.lines > 0) {
    const after = untimed.lines - untimed.ahead;
    const which = [
      ...(after > 0 ? [`${after} come after the line before`] : []),
      ...(untimed.ahead > 0 ? [`${untimed.ahead} have the time when their text was changed`] : []),
    ].join(", ");
    console.error(
      `warning: ${untimed.lines} of ${lines} lines have no readable time: ${which}, the first: ${untimed.first.slice(0, 120)}`,
    );
  }
  console.error(`${lines} lines ingested`);
  return 0;
}

/** Lines that may be without a time before it is clear that the field was mistyped. */
const UNPROVEN_LINES = 1000;

/** Holds what comes until a line had its time in the field: with a name mistyped nothing is written. */
class TimeProof {
  readonly #sink: Sink;
  readonly #field: string | undefined;
  #held: Batch[] | undefined;
  #lines = 0;
  #first = "";

  constructor(sink: Sink, flags: Flags) {
    this.#sink = sink;
    this.#field = flags.text("timestamp-field");
    this.#held = timeOf(flags, { modifiedMs: 0 }).time === undefined ? undefined : [];
  }

  async send(batch: Batch, { lines, reader }: { lines: number; reader: LineReader }) {
    this.#lines += lines;
    this.#first ||= reader.firstUntimed;
    if (this.#held !== undefined && !reader.hasTimed) {
      this.#held.push(batch);
      if (this.#lines >= UNPROVEN_LINES) this.#refuse();
      return;
    }
    await this.#release();
    if (batch.streams.length > 0) await this.#sink.send(batch);
  }

  /** Blank lines alone prove nothing and lack nothing. */
  async end(): Promise<void> {
    if (this.#held !== undefined && this.#first !== "") this.#refuse();
    await this.#release();
  }

  async #release(): Promise<void> {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const batch of held) if (batch.streams.length > 0) await this.#sink.send(batch);
  }

  #refuse(): never {
    const field = this.#field === undefined ? "" : ` in --timestamp-field ${this.#field}`;
    throw new Error(
      `none of the first ${this.#lines} lines has a time that can be read${field}, nothing was written; the first: ${this.#first.slice(0, 120)}`,
    );
  }
}

/** Where lines have their time. A format is checked before anything is read. */
function timeOf(
  flags: Flags,
  { modifiedMs }: Pick<TextPieces, "modifiedMs">,
): { modifiedMs: number; time?: TimeField } {
  const [field, format] = [flags.text("timestamp-field"), flags.text("timestamp-format")];
  if (field === undefined && format === undefined) return { modifiedMs };
  if (field === undefined && !flags.on("from-json")) {
    throw new UsageError("--timestamp-format needs the --timestamp-field that it is about");
  }
  return { modifiedMs, time: { field, read: timeFormat(format, modifiedMs) } };
}

/** Streams of files say which file, unless the user's labels do. */
function withFile(own: Labels, filename: string): Labels {
  return own.some(([name]) => name === "filename")
    ? own
    : labelsOf([...own, ["filename", filename]]);
}
