/**
 * Looks for texts that crash or hang the query language: `bun scripts/fuzz.ts --count 1000000 --seed 1`.
 * Each input follows from the seed and its number, so `--first 4711 --count 1` does one again. The work
 * is done by a thread. An input that takes more than a second of the processor counts as hanging; one
 * that does not come back at all is ended, and the run goes on behind it. What counts is the time of the
 * processor (process.cpuUsage), not that of the clock on the wall: on a machine that others use too, any
 * input may wait.
 */
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { fuzzOne } from "../core/logql/exec/testing/fuzz.ts";
import { fuzzText } from "../core/logql/exec/testing/fuzz-text.ts";

export interface FuzzOptions {
  readonly seed: number;
  readonly count: number;
  readonly first?: number;
  readonly say?: (text: string) => void;
}

export interface FuzzReport {
  /** Inputs by what became of them. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly crashes: readonly string[];
  readonly hangs: readonly string[];
}

const HANG_MS = 1000;
/** Of the processor: after this long nobody waits any more. */
const STUCK_MS = 60_000;
/** On the wall: an input that waits for what never comes takes no time of the processor. */
const SILENT_MS = 30 * 60_000;
/** Inputs between two reports of the thread. */
const BATCH = 500;

interface Task {
  readonly seed: number;
  readonly first: number;
  readonly end: number;
  /** The number of the input at work, less `first`. */
  readonly progress: SharedArrayBuffer;
}

type Report =
  | { readonly kind: "outcomes"; readonly outcomes: Record<string, number> }
  | { readonly kind: "crash" | "hang"; readonly index: number; readonly words: string }
  | { readonly kind: "end" };

if (!isMainThread && isTask(workerData)) await work(workerData);
else if (import.meta.main) await main();

export async function fuzz({
  seed,
  count,
  first = 0,
  say = () => {},
}: FuzzOptions): Promise<FuzzReport> {
  const outcomes: Record<string, number> = {};
  const found = { crash: [] as string[], hang: [] as string[] };
  const end = first + count;
  const tell = (kind: "crash" | "hang", index: number, words: string) => {
    const text = `${kind} at --seed ${seed} --first ${index} --count 1: ${words}\n  ${JSON.stringify(fuzzText(seed, index))}`;
    found[kind].push(text);
    say(text);
  };
  for (let next = first; next < end; ) {
    const stuck = await runThread({ seed, first: next, end }, (report) => {
      if (report.kind === "outcomes") {
        for (const [kind, inputs] of Object.entries(report.outcomes)) {
          outcomes[kind] = (outcomes[kind] ?? 0) + inputs;
        }
      } else if (report.kind !== "end") tell(report.kind, report.index, report.words);
    });
    if (stuck === undefined) break;
    tell("hang", stuck, "did not come back and was ended");
    next = stuck + 1;
  }
  return { outcomes, crashes: found.crash, hangs: found.hang };
}

/** Resolves with the number of the input that the thread is stuck in, undefined when it is through. */
function runThread(
  { seed, first, end }: Omit<Task, "progress">,
  take: (report: Report) => void,
): Promise<number | undefined> {
  const progress = new SharedArrayBuffer(4);
  const done = new Int32Array(progress);
  const task: Task = { seed, first, end, progress };
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL(import.meta.url), { workerData: task });
    let [seen, sinceMs, sinceCpuMs] = [0, performance.now(), cpuMs()];
    const watch = setInterval(() => {
      const now = Atomics.load(done, 0);
      if (now !== seen) [seen, sinceMs, sinceCpuMs] = [now, performance.now(), cpuMs()];
      const isStuck = cpuMs() - sinceCpuMs > STUCK_MS || performance.now() - sinceMs > SILENT_MS;
      if (isStuck) finish(first + now);
    }, 500);
    const finish = (stuck?: number) => {
      clearInterval(watch);
      void thread.terminate();
      resolve(stuck);
    };
    thread.on("message", (report: Report) => {
      take(report);
      if (report.kind === "end") finish();
    });
    thread.on("error", (error) => {
      clearInterval(watch);
      reject(error);
    });
  });
}

async function work({ seed, first, end, progress }: Task): Promise<void> {
  const done = new Int32Array(progress);
  const send = (report: Report) => parentPort!.postMessage(report);
  let outcomes: Record<string, number> = {};
  for (let index = first; index < end; index++) {
    Atomics.store(done, 0, index - first);
    const startMs = cpuMs();
    const { kind, error } = await fuzzOne(seed, index);
    const ms = cpuMs() - startMs;
    outcomes[kind] = (outcomes[kind] ?? 0) + 1;
    if (kind === "crashed") send({ kind: "crash", index, words: wordsOf(error) });
    if (ms > HANG_MS) send({ kind: "hang", index, words: `${Math.round(ms)} ms` });
    if ((index - first) % BATCH === BATCH - 1 || index === end - 1) {
      send({ kind: "outcomes", outcomes });
      outcomes = {};
    }
  }
  send({ kind: "end" });
}

/** Of the processor, by all threads of this process: the one at work and those of the runtime. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `, because ${error.cause.message}` : "";
  return `${error.message}${cause} ${error.stack?.split("\n")[1]?.trim() ?? ""}`;
}

function isTask(data: unknown): data is Task {
  return typeof data === "object" && data !== null && "progress" in data;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      count: { type: "string", default: "1000000" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      first: { type: "string", default: "0" },
    },
  });
  const [seed, count, first] = [values.seed, values.count, values.first].map(Number);
  console.log(`seed ${seed}`);
  const options = { seed: seed!, count: count!, first: first!, say: console.log };
  const { outcomes, crashes, hangs } = await fuzz(options);
  console.log(outcomes);
  console.log(
    `${count} inputs, ${crashes.length} crashes, ${hangs.length} hangs over ${HANG_MS} ms of processor time`,
  );
  process.exit(crashes.length + hangs.length > 0 ? 1 : 0);
}
