/** `lokits compact verify`: what is missing, truncated, damaged or orphaned in a bucket. */
import { type ArgsDef, defineCommand } from "citty";
import type { Finding } from "../core/repair/finding.ts";
import { type VerifyReport, type VerifyState, verifyBucket } from "../core/repair/verify.ts";
import type { Bucket } from "../core/store/bucket.ts";
import { marksOf } from "./compact-marks.ts";
import { ResumeFile } from "./compact-resume.ts";
import {
  afterWord,
  BUCKET_ARGS,
  bytesText,
  eachBucket,
  INTERRUPTED,
  QUIET_ARGS,
  RESUME_ARGS,
  teller,
  toolFlags,
  untilInterrupted,
} from "./compact-tools.ts";
import { type Flags, UsageError } from "./flags.ts";
import { Progress } from "./progress.ts";
import { parseDuration } from "./times.ts";
import { runtime } from "./wire/runtime.ts";

const GRACE = "1h";

const args: ArgsDef = {
  ...BUCKET_ARGS,
  sample: {
    type: "string",
    description: "Read only this part of the objects; all are listed",
    valueHint: "1%",
  },
  seed: {
    type: "string",
    description: "Which objects a sample takes; by chance unless given",
    valueHint: "N",
  },
  grace: {
    type: "string",
    description: `Chunks that no index names are orphans from this age on, ${GRACE} unless given`,
    valueHint: "1h",
  },
  ...RESUME_ARGS,
  ...QUIET_ARGS,
};

export const command = defineCommand({
  meta: {
    name: "compact verify",
    description: `Read a bucket and list what is missing, truncated, damaged or orphaned; exit code 1 when anything is

Examples:
  lokits compact verify --store file:///srv/loki
  lokits compact verify --store s3://logs --sample 1%
  lokits compact verify --store s3://logs --resume verify.json --output jsonl`,
  },
  args,
  run: ({ rawArgs }) => untilInterrupted((signal) => verify(afterWord(rawArgs), signal)),
});

async function verify(rawArgs: readonly string[], signal: AbortSignal): Promise<number> {
  const flags = toolFlags(rawArgs, { args });
  const share = shareOf(flags.text("sample"));
  const grace = parseDuration("grace", flags.text("grace") ?? GRACE);
  return await eachBucket(flags, (bucket) => verifyOne(bucket, { flags, share, grace, signal }));
}

interface Verifying {
  readonly flags: Flags;
  readonly share: number;
  readonly grace: bigint;
  readonly signal: AbortSignal;
}

async function verifyOne(
  bucket: Bucket,
  { flags, share, grace, signal }: Verifying,
): Promise<number> {
  const place = { store: flags.text("store"), config: flags.text("config.file") };
  const resume = new ResumeFile<VerifyState>(flags.text("resume"), {
    tool: "verify",
    ...place,
    share,
  });
  const state = await resume.load();
  const seed = state?.seed ?? flags.count("seed") ?? runtime.random.int(0, 2 ** 31);
  const progress = new Progress("verify", { quiet: flags.on("quiet"), things: "objects" });
  const say = teller(flags, progress);
  const report = await verifyBucket({
    store: bucket.objects,
    codecs: runtime.codecs,
    clock: runtime.clock,
    indexPrefix: bucket.indexPrefix,
    sample: { share, seed },
    graceMs: Number(grace / 1_000_000n),
    marked: marksOf(bucket.objects),
    signal,
    state,
    onState: (reached) => resume.save(reached),
    onObject: (bytes, total) => progress.add({ bytes, lines: 1, total }),
    onFinding: (finding) => say(finding, findingText(finding)),
  });
  await say({ kind: "report", seed, ...report }, summary(report));
  if (!report.complete) return INTERRUPTED;
  await resume.remove();
  return report.sound ? 0 : 1;
}

function shareOf(text: string | undefined): number {
  if (text === undefined) return 1;
  const [, number, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? [];
  const share = Number(number) / (percent === "%" ? 100 : 1);
  if (!(share > 0 && share <= 1))
    throw new UsageError(`--sample is "${text}", want a part such as 1% or 0.01`);
  return share;
}

function findingText({ kind, key, what }: Finding): string {
  return `${kind.padEnd("truncated".length)}  ${key}  ${what}`;
}

function summary(report: VerifyReport): string {
  const { read, bytes, lines, listed, named, indexFiles, young, marked, findings, complete } =
    report;
  const found = Object.entries(findings).filter(([, count]) => count > 0);
  const parts = [
    `${read} of ${listed} chunks read, ${bytesText(bytes)}, ${lines} lines`,
    `${named} named by ${indexFiles} index files`,
    ...(young > 0 ? [`${young} too young to be named`] : []),
    ...(marked > 0 ? [`${marked} marked for deletion`] : []),
    found.length === 0
      ? "all is well"
      : found.map(([kind, count]) => `${count} ${kind}`).join(", "),
    ...(complete ? [] : ["interrupted"]),
  ];
  return parts.join("; ");
}
