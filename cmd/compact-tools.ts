/** What the tools for buckets share: their flags, the bucket that these name, how they tell, an end by Ctrl-C. */
import type { ArgsDef } from "citty";
import { toHex } from "../core/bytes/text.ts";
import { type Journal, SILENT } from "../core/ports/journal.ts";
import type { Bucket } from "../core/store/bucket.ts";
import { Buckets } from "../core/store/buckets.ts";
import { type Flags, type FlagsOptions, parseFlags, UsageError } from "./flags.ts";
import { Output, print } from "./output.ts";
import type { Progress } from "./progress.ts";
import { openBucket, openNamedBuckets } from "./wire/bucket.ts";

export const REPORT_ARGS: ArgsDef = {
  output: {
    type: "enum",
    alias: "o",
    options: ["default", "jsonl"],
    default: "default",
    description: "Form of the report",
  },
};

export const BUCKET_ARGS: ArgsDef = {
  store: { type: "string", description: "The bucket", valueHint: "file:///path" },
  "config.file": {
    type: "string",
    description: "Loki's configuration, instead of --store or for its schema",
    valueHint: "FILE",
  },
  ...REPORT_ARGS,
};

export const QUIET_ARGS: ArgsDef = {
  quiet: { type: "boolean", alias: "q", description: "No progress on stderr" },
};

export const RESUME_ARGS: ArgsDef = {
  resume: {
    type: "string",
    description: "Keep how far this came in a file, and go on from there",
    valueHint: "FILE",
  },
};

/** Exit code of what Ctrl-C ended. */
export const INTERRUPTED = 130;

/** The arguments of a tool: what comes after the word that chose it. */
export function afterWord(rawArgs: readonly string[]): string[] {
  return rawArgs.slice(1);
}

/** The flags of a tool that takes no words: one too many may be a mistyped option, or another tool's name. */
export function toolFlags(rawArgs: readonly string[], options: FlagsOptions): Flags {
  const flags = parseFlags(rawArgs, options);
  const [word] = flags.positionals;
  if (word !== undefined) throw new UsageError(`"${word}" is one word too many`);
  return flags;
}

/** Writes what a tool has to say in the form that was asked for, each at once, past the progress. */
export function teller(
  flags: Flags,
  progress: Progress,
): (value: object, text: string) => Promise<void> {
  const json = flags.text("output") === "jsonl";
  const output = new Output();
  return async (value, text) => {
    progress.done();
    await output.line(json ? JSON.stringify(value) : text);
    await output.flush();
  };
}

/** Throws when the index has a tenant not: a mistyped one would be a job well done on nothing. */
export async function assertTenants(
  buckets: readonly Bucket[],
  tenants: readonly string[],
): Promise<void> {
  if (tenants.length === 0) return;
  const known = await new Buckets(buckets).tenants();
  const missing = tenants.filter((tenant) => !known.includes(tenant));
  if (missing.length === 0) return;
  const some = known.slice(0, 5).join(", ") + (known.length > 5 ? ", …" : "");
  throw new Error(`--tenant: the bucket has no ${missing.join(", ")}, its tenants are ${some}`);
}

export async function bucketOf(flags: Flags, journal: Journal): Promise<Bucket> {
  const [store, config] = [flags.text("store"), flags.text("config.file")];
  if (store === undefined && config === undefined)
    throw new UsageError("--store or --config.file is wanted");
  return await openBucket({ store, config, journal, existing: true });
}

/**
 * Work on every store of a schema, one after the other; the worst exit code counts. Stores that are one,
 * with the index in different folders, are told apart by nothing but a configuration for each.
 */
export async function eachBucket(
  flags: Flags,
  work: (bucket: Bucket) => Promise<number>,
  { tenants = [] }: { tenants?: readonly string[] } = {},
): Promise<number> {
  const place = { store: flags.text("store"), config: flags.text("config.file") };
  const named = await openNamedBuckets({ ...place, journal: SILENT, existing: true });
  await assertTenants(
    named.map(({ bucket }) => bucket),
    tenants,
  );
  if (named.length === 1) return await work(named[0]!.bucket);
  const names = named.map(({ name }) => name).join(", ");
  if (new Set(named.map(({ bucket }) => bucket.objects)).size < named.length)
    throw new UsageError(`the configuration has indexes of one store in several folders: ${names}`);
  if (flags.text("resume") !== undefined)
    throw new UsageError(`--resume is about one store, not ${names}: say which with --store`);
  let worst = 0;
  for (const { name, bucket } of named) {
    const isJson = flags.text("output") === "jsonl";
    await print([isJson ? JSON.stringify({ kind: "store", name }) : `store ${name}`]);
    worst = Math.max(worst, await work(bucket));
    if (worst === INTERRUPTED) break;
  }
  return worst;
}

/**
 * Work with a signal that the first Ctrl-C or SIGTERM sets, so that it ends where it can be taken up
 * again. The second kills.
 */
export async function untilInterrupted(
  work: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const controller = new AbortController();
  const stop = () => controller.abort();
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    return await work(controller.signal);
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    console.error("lokits compact: interrupted");
    return INTERRUPTED;
  } finally {
    process.removeListener("SIGINT", stop).removeListener("SIGTERM", stop);
  }
}

export function hex64(value: bigint): string {
  return value.toString(16).padStart(16, "0");
}

export function hex32(value: number): string {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return toHex(bytes);
}

/** `1.5 MB` */
export function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let at = 0;
  let value = bytes;
  while (value >= 1000 && at < units.length - 1) {
    value /= 1000;
    at++;
  }
  return at === 0 ? `${value} B` : `${value.toFixed(1)} ${units[at]}`;
}
