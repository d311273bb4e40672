/**
 * Many clients for a long time: does memory go on growing? Starts a server, lets pushers push and tails
 * read, and samples the resident memory of the process.
 *
 *   bun scripts/soak.ts --pushers 200 --tails 50 --seconds 600
 *
 * Chunks are cut every 20 seconds, so that what the server holds by design (the newest lines, until
 * their chunks and index are stored) has reached its size within the first minute. Exit code 1 when the
 * last quarter needs over 15 % more than the second, or a line pushed is not found.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

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
const GROWTH_MAX = 1.15;

const folder = mkdtempSync(join(tmpdir(), "lokits-soak-"));
const server = await start(folder);
const stop = new AbortController();
const counts = { pushed: 0, refused: 0, tailed: 0 };
const samples: number[] = [];
const began = performance.now();
const readers = Array.from({ length: tails }, (_, index) => tail(server.url, index));
const writers = Array.from({ length: pushers }, (_, index) => push(server.url, index));
while (performance.now() - began < seconds * 1000) {
  await Bun.sleep(Math.min(2000, seconds * 20));
  samples.push(residentMb(server.child));
  if (samples.length % 15 === 0) report();
}
stop.abort();
await Promise.all(writers);
for (const socket of readers) socket.close();
report();
const kept = await countLines(server.url);
server.child.kill();
await new Promise((done) => server.child.once("exit", done));
rmSync(folder, { recursive: true, force: true });

const quarter = (index: number) => {
  const size = Math.floor(samples.length / 4);
  const part = samples.slice(index * size, (index + 1) * size);
  return part.reduce((sum, value) => sum + value, 0) / part.length;
};
const growth = quarter(3) / quarter(1);
console.log(
  `quarters: ${[0, 1, 2, 3].map((index) => `${quarter(index).toFixed(0)} MB`).join(", ")}; last to second ${growth.toFixed(2)}`,
);
console.log(
  `${counts.pushed} lines pushed, ${kept} found, ${counts.tailed} tailed, ${counts.refused} pushes refused`,
);
process.exit(growth > GROWTH_MAX || kept !== counts.pushed ? 1 : 0);

function report(): void {
  const second = Math.round((performance.now() - began) / 1000);
  console.log(
    `${second} s: ${samples.at(-1)?.toFixed(0)} MB, ${counts.pushed} pushed, ${counts.tailed} tailed`,
  );
}

async function start(cwd: string): Promise<{ url: string; child: ChildProcess }> {
  const flags = [
    "-server.http-listen-port=0",
    "-ingester.max-chunk-age=20s",
    "-ingester.chunks-idle-period=10s",
    "-ingester.flush-check-period=5s",
    "-ingester.checkpoint-duration=30s",
    "-distributor.ingestion-rate-limit-mb=1000",
    "-distributor.ingestion-burst-size-mb=1000",
    "-querier.max-concurrent-tail-requests=1000",
  ];
  const root = resolve(import.meta.dirname, "..");
  const child = spawn(process.execPath, [join(root, "cmd/lokits.ts"), "serve", ...flags], {
    cwd,
    stdio: ["ignore", "ignore", "pipe"],
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
  return { url, child };
}

function residentMb({ pid }: ChildProcess): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(status.match(/VmRSS:\s+(\d+)/)![1]) / 1024;
}

async function push(url: string, index: number): Promise<void> {
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
    if (response.status === 204) counts.pushed += LINES_PER_PUSH;
    else counts.refused++;
    await Bun.sleep(1000);
  }
}

function tail(url: string, index: number): WebSocket {
  const params = new URLSearchParams({ query: `{app="soak", pusher="${index % pushers}"}` });
  const socket = new WebSocket(`${url.replace("http", "ws")}/loki/api/v1/tail?${params}`);
  socket.onmessage = ({ data }) => {
    counts.tailed += JSON.parse(String(data)).streams.length;
  };
  return socket;
}

async function countLines(url: string): Promise<number> {
  const query = `sum(count_over_time({app="soak"}[${seconds + 120}s]))`;
  const answer = await fetch(`${url}/loki/api/v1/query?${new URLSearchParams({ query })}`);
  const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
  return Number(data.result[0]?.value[1] ?? 0);
}
