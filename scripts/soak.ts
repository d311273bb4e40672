/**
 * Many clients for a long time: does memory go on growing? Starts a server, lets pushers push and tails
 * read, and samples the resident memory of the process, its heap, and how late its timers come
 * (soak-watch.ts, loaded into the server).
 *
 *   bun scripts/soak.ts --pushers 200 --tails 50 --seconds 600
 *
 * Everything is flushed every 20 seconds, so that what the server holds by design (the newest lines, and
 * stored chunks until their index is uploaded, by itself after 15 minutes or 64 MB) has reached its size
 * within the first minute. Exit code 1 when the
 * end of the time after that minute needs over 10 % more than its begin, when a line pushed is not found, or
 * when a line of a followed stream reached its tail neither as a line nor as a drop.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Watched } from "./soak-watch.ts";

const { values } = parseArgs({
  options: {
    pushers: { type: "string", default: "200" },
    tails: { type: "string", default: "50" },
    seconds: { type: "string", default: "600" },
  },
});
const [pushers, tails, seconds] = [values.pushers, values.tails, values.seconds].map(Number) as [
  number,
  number,
  number,
];
const LINES_PER_PUSH = 10;
const FLUSH_EVERY_MS = 20_000;
const GROWTH_MAX = 1.1;
/** The begin, in which caches fill and code is compiled. */
const WARM_SECONDS = Math.min(60, seconds / 5);
const MB = 2 ** 20;

interface Sample extends Watched {
  readonly second: number;
  readonly rss: number;
}

const folder = mkdtempSync(join(tmpdir(), "lokits-soak-"));
const stop = new AbortController();
const counts = { pushed: 0, refused: 0, tailed: 0, dropped: 0, followed: 0 };
const samples: Sample[] = [];
const waits: { ready: number[]; query: number[] } = { ready: [], query: [] };
let began = performance.now();
let shown = 0;
const server = await start(folder);
const readers = await Promise.all(
  Array.from({ length: tails }, (_, index) => tail(server.url, index)),
);
began = performance.now();
const writers = Array.from({ length: pushers }, (_, index) => push(server.url, index));
const askers = [
  ask(`${server.url}/ready`, waits.ready),
  ask(smallQuery(server.url), waits.query),
  flush(server.url),
];
while (performance.now() - began < seconds * 1000) {
  await Bun.sleep(1000);
  if (samples.length - shown >= 30) report();
}
stop.abort();
await Promise.all([...writers, ...askers]);
for (let waited = 0; counts.tailed + counts.dropped < counts.followed && waited < 50; waited++) {
  await Bun.sleep(100);
}
for (const socket of readers) socket.close();
report();
const kept = await countLines(server.url);
server.child.kill();
await new Promise((done) => server.child.once("exit", done));
rmSync(folder, { recursive: true, force: true });

const growth = judge();
const unseen = counts.followed - counts.tailed - counts.dropped;
console.log(
  `${counts.pushed} lines pushed, ${kept} found, ${counts.refused} pushes refused; of ${counts.followed} followed lines ${counts.tailed} tailed, ${counts.dropped} dropped, ${unseen} unseen`,
);
console.log(
  `/ready ${spread(waits.ready)}; a small query ${spread(waits.query)} (clients share the processors)`,
);
process.exit(growth > GROWTH_MAX || kept !== counts.pushed || unseen > 0 ? 1 : 0);

/** How much more the last fifth of the time after the first minute needs than its first fifth. */
function judge(): number {
  const warm = samples.filter(({ second }) => second >= WARM_SECONDS);
  const fifth = Math.max(1, Math.floor(warm.length / 5));
  const [first, last] = [warm.slice(0, fifth), warm.slice(-fifth)];
  const line = (name: string, of: (sample: Sample) => number) => {
    const [before, after] = [mean(first.map(of)), mean(last.map(of))];
    const peak = Math.max(...warm.map(of));
    console.log(
      `${name}: ${before.toFixed(0)} MB after the first minute, ${after.toFixed(0)} MB at the end (${(after / before).toFixed(2)}), at most ${peak.toFixed(0)} MB`,
    );
    return after / before;
  };
  const resident = line("resident", ({ rss }) => rss);
  line("heap", ({ heap }) => heap / MB);
  line("buffers", ({ extra }) => extra / MB);
  console.log(`timers late: ${spread(warm.map(({ lateMs }) => lateMs))} of the worst each second`);
  console.log(`loop kept: ${spread(warm.map(({ busyMs }) => busyMs))} of processor time`);
  return resident;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function spread(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) =>
    `${(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(0)} ms`;
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)}`;
}

function report(): void {
  const recent = samples.slice(shown);
  shown = samples.length;
  const last = samples.at(-1);
  const late = Math.max(0, ...recent.map(({ lateMs }) => lateMs));
  console.log(
    `${last?.second.toFixed(0)} s: resident ${mean(recent.map(({ rss }) => rss)).toFixed(0)} MB, heap ${mean(recent.map(({ heap }) => heap / MB)).toFixed(0)} MB, buffers ${mean(recent.map(({ extra }) => extra / MB)).toFixed(0)} MB, ${last?.objects} objects, timers at most ${late.toFixed(0)} ms late; ${counts.pushed} pushed, ${counts.tailed} tailed, ${counts.dropped} dropped`,
  );
}

async function start(cwd: string): Promise<{ url: string; child: ChildProcess }> {
  const flags = [
    "-server.http-listen-port=0",
    "-ingester.checkpoint-duration=30s",
    "-distributor.ingestion-rate-limit-mb=1000",
    "-distributor.ingestion-burst-size-mb=1000",
    "-querier.max-concurrent-tail-requests=1000",
  ];
  const root = resolve(import.meta.dirname, "..");
  const program = ["--preload", join(root, "scripts/soak-watch.ts"), join(root, "cmd/lokits.ts")];
  const child = spawn(process.execPath, [...program, "serve", ...flags], {
    cwd,
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  child.on("message", (watched: Watched) => {
    const second = (performance.now() - began) / 1000;
    samples.push({ ...watched, second, rss: residentMb(child) });
  });
  let log = "";
  const url = await new Promise<string>((started, failed) => {
    child.stderr!.on("data", (bytes: Buffer) => {
      if (log.length < 100_000) log += bytes.toString();
      const found = log.match(/msg="lokits started" url=(\S+)/);
      if (found !== null) started(found[1]!);
    });
    child.once("exit", (code) => failed(new Error(`serve left with ${code}: ${log}`)));
  });
  samples.length = 0;
  return { url, child };
}

function residentMb({ pid }: ChildProcess): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(status.match(/VmRSS:\s+(\d+)/)![1]) / 1024;
}

async function push(url: string, index: number): Promise<void> {
  // Clients do not start at one moment.
  await Bun.sleep((1000 * index) / pushers);
  while (!stop.signal.aborted) {
    const now = BigInt(Date.now()) * 1_000_000n;
    const lines = Array.from({ length: LINES_PER_PUSH }, (_, line) => [
      String(now + BigInt(line)),
      `level=info pusher=${index} n=${counts.pushed + line} msg="an order of ${index * 7} items was shipped" took=${line}ms`,
    ]);
    const stream = { app: "soak", pusher: String(index) };
    const response = await fetch(`${url}/loki/api/v1/push`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ streams: [{ stream, values: lines }] }),
    });
    await response.arrayBuffer();
    if (response.status === 204) {
      counts.pushed += LINES_PER_PUSH;
      if (index < tails) counts.followed += LINES_PER_PUSH;
    } else counts.refused++;
    await Bun.sleep(1000);
  }
}

/** A follower of the stream of one pusher; those beyond the pushers follow nothing. */
async function tail(url: string, index: number): Promise<WebSocket> {
  const params = new URLSearchParams({ query: `{app="soak", pusher="${index}"}` });
  const socket = new WebSocket(`${url.replace("http", "ws")}/loki/api/v1/tail?${params}`);
  socket.onmessage = ({ data }) => {
    const { streams, dropped_entries } = JSON.parse(String(data)) as {
      streams: { values: unknown[] }[];
      dropped_entries?: unknown[] | null;
    };
    for (const { values } of streams) counts.tailed += values.length;
    counts.dropped += dropped_entries?.length ?? 0;
  };
  socket.onclose = ({ code, reason }) => {
    if (!stop.signal.aborted) console.log(`a tail was closed: ${code} ${reason}`);
  };
  await new Promise((open, failed) => {
    socket.onopen = open;
    socket.onerror = failed;
  });
  return socket;
}

/** Asks for the same four times a second. */
async function ask(url: string, times: number[]): Promise<void> {
  while (!stop.signal.aborted) {
    const asked = performance.now();
    await (await fetch(url)).arrayBuffer();
    times.push(performance.now() - asked);
    await Bun.sleep(250);
  }
}

async function flush(url: string): Promise<void> {
  for (let wait = 0; !stop.signal.aborted; wait += 100) {
    await Bun.sleep(100);
    if (wait < FLUSH_EVERY_MS) continue;
    wait = 0;
    const { status } = await fetch(`${url}/flush`, { method: "POST" });
    if (status !== 204) console.log(`/flush: ${status}`);
  }
}

function smallQuery(url: string): string {
  const params = new URLSearchParams({ query: '{app="soak", pusher="7"}', limit: "10" });
  return `${url}/loki/api/v1/query_range?${params}`;
}

async function countLines(url: string): Promise<number> {
  const query = `sum(count_over_time({app="soak"}[${seconds + 120}s]))`;
  const answer = await fetch(`${url}/loki/api/v1/query?${new URLSearchParams({ query })}`);
  const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
  return Number(data.result[0]?.value[1] ?? 0);
}
