/**
 * A wide range in parts, several at a time (spec logcli §5): each part is a file that gets its name when
 * it is whole, so a run that was cut short goes on where it stopped.
 */
import { createReadStream, existsSync, rmSync } from "node:fs";
import { mkdtemp, open, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ArgsDef } from "citty";
import { formatTime } from "../core/golang/time-layout.ts";
import { Client } from "./client.ts";
import { type Flags, UsageError } from "./flags.ts";
import { Output, writeStdout } from "./output.ts";
import { lineOptions } from "./query-flags.ts";
import type { Bounded } from "./query-pages.ts";
import { Printer } from "./query-print.ts";
import { bounded, isMetric, linesOfServer } from "./query-server.ts";
import type { Question } from "./question.ts";
import { remark } from "./remarks.ts";
import { parseDuration } from "./times.ts";

export const PARTS_ARGS: ArgsDef = {
  "parallel-duration": {
    type: "string",
    description: "Length of a part that is downloaded by itself",
    default: "1h",
    valueHint: "DURATION",
  },
  "parallel-max-workers": {
    type: "string",
    description: "Parts downloaded at a time; more than one turns --limit off",
    default: "1",
  },
  "part-path-prefix": {
    type: "string",
    description: "Keep the parts as files that begin so",
    valueHint: "PATH",
  },
  "overwrite-completed-parts": { type: "boolean", description: "Download parts that are there" },
  "merge-parts": {
    type: "boolean",
    description: "Print the parts in order and remove their files",
  },
  "keep-parts": { type: "boolean", description: "With --merge-parts: leave the files" },
};

export interface PartsPlan {
  readonly lengthNs: bigint;
  readonly workers: number;
  readonly prefix: string | undefined;
  readonly overwrite: boolean;
  readonly merge: boolean;
  readonly keep: boolean;
}

/** Undefined when nothing is to be done in parts. */
export function partsOf(flags: Flags, question: Question): PartsPlan | undefined {
  const { at, explain, around } = question;
  const workers = flags.count("parallel-max-workers", Number.NEGATIVE_INFINITY) ?? 1;
  if (workers < 1) remark("parallel-max-workers must be greater than 0, defaulting to 1.");
  if (workers <= 1) {
    if (flags.text("part-path-prefix") !== undefined && !flags.on("quiet"))
      remark(
        "no parts are written: --part-path-prefix wants a --parallel-max-workers of 2 or more",
      );
    return undefined;
  }
  if (isMetric(question.text)) return undefined;
  if (flags.text("store") !== undefined || flags.on("stdin") || flags.positionals.length > 1)
    throw new UsageError("--parallel-max-workers is for servers: a bucket or file is read at once");
  if (at !== undefined || explain !== undefined || around !== undefined)
    throw new UsageError("--parallel-max-workers is for log lines without --now, --explain and -C");
  return {
    lengthNs: parseDuration("parallel-duration", flags.text("parallel-duration")!),
    workers,
    prefix: flags.text("part-path-prefix"),
    overwrite: flags.on("overwrite-completed-parts"),
    merge: flags.on("merge-parts"),
    keep: flags.on("keep-parts"),
  };
}

interface Part {
  readonly question: Bounded;
  readonly file: string;
}

export async function downloadParts(
  flags: Flags,
  question: Question,
  plan: PartsPlan,
): Promise<number> {
  const folder =
    plan.prefix === undefined ? await mkdtemp(join(tmpdir(), "lokits-parts-")) : undefined;
  const prefix = plan.prefix ?? join(folder!, "part");
  // Ctrl-C leaves nothing behind that nobody will find; parts of the user's own stay, to go on from.
  const onStop = () => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    process.exit(130);
  };
  process.once("SIGINT", onStop);
  const client = new Client(flags, "Query failed");
  const quiet = flags.on("quiet");
  const parts = cut({ ...bounded(question), limit: Number.POSITIVE_INFINITY }, plan, prefix);
  const options = {
    ...lineOptions(flags),
    commonLabels: true,
    batch: 1,
    quiet: true,
    table: false,
  };

  async function download({ question, file }: Part): Promise<void> {
    if (existsSync(file) && !plan.overwrite) {
      const range = [question.start, question.end]
        .map((time) => formatTime(time, RANGE))
        .join(" - ");
      if (!quiet) remark(`Skip range: ${range}: already downloaded`);
      return;
    }
    await writePart(file, async (output) => {
      await new Printer(output, options).print(await linesOfServer(client, question, quiet));
    });
  }

  // Parts are printed in order, each as soon as it and all before it are there.
  const done = parts.map(() => Promise.withResolvers<void>());
  let next = 0;
  const worker = async () => {
    while (next < parts.length) {
      const index = next++;
      await download(parts[index]!).then(done[index]!.resolve, (error) => {
        next = parts.length;
        for (const each of done) each.reject(error);
      });
    }
  };
  for (const each of done) each.promise.catch(() => {});
  const workers = Promise.all(Array.from({ length: plan.workers }, worker));
  try {
    for (const [index, { file }] of parts.entries()) {
      await done[index]!.promise;
      if (folder === undefined && !plan.merge) continue;
      await pour(file);
      if (folder !== undefined || !plan.keep) await rm(file);
    }
  } finally {
    await workers;
    process.off("SIGINT", onStop);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
  return 0;
}

const STAMP = "20060102T150405";
const RANGE = "2006-01-02 15:04:05";

/** Newest first, or oldest first as the lines are wanted; bounds at whole lengths from the start. */
function cut(question: Bounded, { lengthNs }: PartsPlan, prefix: string): Part[] {
  const parts: Part[] = [];
  for (let start = question.start; start < question.end; start += lengthNs) {
    const limit = start + lengthNs;
    const end = limit < question.end ? limit : question.end;
    const file = `${prefix}_${formatTime(start, STAMP)}_${formatTime(end, STAMP)}.part`;
    parts.push({ question: { ...question, start, end }, file });
  }
  return question.direction === "forward" ? parts : parts.reverse();
}

/** The file has its name when it is whole. Throws with the file's name when it cannot be written. */
async function writePart(file: string, fill: (output: Output) => Promise<void>): Promise<void> {
  const cannot = (error: unknown) => {
    const reason = error instanceof Error ? error.message.replace(/, \w+( '.*')?$/, "") : error;
    return new Error(`part ${file} cannot be written: ${reason}`, { cause: error });
  };
  const handle = await open(`${file}.tmp`, "w").catch((error) => {
    throw cannot(error);
  });
  try {
    const write = async (text: string) => {
      await handle.writeFile(text).catch((error) => {
        throw cannot(error);
      });
    };
    await fill(new Output(write));
  } finally {
    await handle.close();
  }
  await rename(`${file}.tmp`, file);
}

async function pour(file: string): Promise<void> {
  const decoder = new TextDecoder();
  for await (const piece of createReadStream(file)) {
    await writeStdout(decoder.decode(piece as Uint8Array, { stream: true }));
  }
}
