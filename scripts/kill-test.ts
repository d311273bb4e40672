/**
 * Kills the server at random moments while lines are pushed, starts it again, and holds what queries
 * find against a ledger of what was acknowledged: nothing of that may be missing, nothing may be there
 * twice or that nobody sent. `bun scripts/kill-test.ts --rounds 100 --seed 1`
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

export interface KillOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly port: number;
  readonly say: (text: string) => void;
}

export interface KillReport {
  readonly acknowledged: number;
  readonly lost: number;
  readonly invented: number;
}

const WORKERS = 4;
const LINES_A_PUSH = 20;
/** How long a round lives before it is killed, milliseconds. */
const LIFE_MS = { least: 30, most: 700 };
const root = resolve(import.meta.dirname, "..");

export async function killTest({ rounds, seed, port, say }: KillOptions): Promise<KillReport> {
  const random = generator(seed);
  const data = mkdtempSync(join(tmpdir(), "lokits-kill-"));
  const ledger: Ledger = { sent: new Set(), acknowledged: new Set(), times: 0n };
  const url = `http://127.0.0.1:${port}`;
  const config = writeConfig(data, port);
  try {
    for (let round = 1; round <= rounds; round++) {
      const server = await start(config, url);
      const stop = new AbortController();
      const workers = Array.from({ length: WORKERS }, (_, worker) =>
        push({ url, round, worker, ledger, signal: stop.signal }),
      );
      await sleep(LIFE_MS.least + random() * (LIFE_MS.most - LIFE_MS.least));
      await kill(server);
      stop.abort();
      await Promise.all(workers);
      if (round % 10 === 0) say(`${round} rounds, ${ledger.acknowledged.size} lines acknowledged`);
    }
    const server = await start(config, url);
    const found = await readAll(url, rounds);
    await kill(server);
    return judge(ledger, found);
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

interface Ledger {
  readonly sent: Set<string>;
  readonly acknowledged: Set<string>;
  times: bigint;
}

const START = 1_700_000_000_000_000_000n;

async function push(options: {
  url: string;
  round: number;
  worker: number;
  ledger: Ledger;
  signal: AbortSignal;
}) {
  const { url, round, worker, ledger, signal } = options;
  for (let number = 0; !signal.aborted; number++) {
    const lines = Array.from(
      { length: LINES_A_PUSH },
      (_, index) => `line ${round}-${worker}-${number}-${index}`,
    );
    for (const line of lines) ledger.sent.add(line);
    const values = lines.map((line) => [String(START + (ledger.times += 1000n)), line]);
    const stream = { job: "kill", round: String(round), worker: String(worker % 3) };
    const accepted = await fetch(`${url}/loki/api/v1/push`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ streams: [{ stream, values }] }),
    }).then(
      (response) => response.status === 204,
      () => false,
    );
    if (accepted) for (const line of lines) ledger.acknowledged.add(line);
    else await sleep(5);
  }
}

/** Every line that the server has, with how often it has it. */
async function readAll(url: string, rounds: number): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (let round = 1; round <= rounds; round++) {
    const params = new URLSearchParams({
      query: `{job="kill", round="${round}"}`,
      start: String(START),
      end: String(START + 10n ** 15n),
      limit: "1000000",
      direction: "forward",
    });
    const response = await fetch(`${url}/loki/api/v1/query_range?${params}`);
    if (!response.ok) throw new Error(`query: ${response.status} ${await response.text()}`);
    const body = (await response.json()) as { data: { result: { values: [string, string][] }[] } };
    for (const { values } of body.data.result) {
      for (const [, line] of values) found.set(line, (found.get(line) ?? 0) + 1);
    }
  }
  return found;
}

function judge({ sent, acknowledged }: Ledger, found: ReadonlyMap<string, number>): KillReport {
  let [lost, invented] = [0, 0];
  for (const line of acknowledged) if (!found.has(line)) lost++;
  for (const [line, count] of found) if (!sent.has(line) || count > 1) invented++;
  return { acknowledged: acknowledged.size, lost, invented };
}

/** Small chunks and short periods, so that a kill falls into flushes and checkpoints too. */
function writeConfig(data: string, port: number): string {
  const path = join(data, "config.yaml");
  writeFileSync(
    path,
    `auth_enabled: false
server: {http_listen_address: 127.0.0.1, http_listen_port: ${port}}
common:
  path_prefix: ${data}
  replication_factor: 1
  ring: {kvstore: {store: inmemory}}
  storage: {filesystem: {chunks_directory: ${data}/chunks, rules_directory: ${data}/rules}}
ingester:
  chunk_encoding: snappy
  chunk_block_size: 2000
  chunk_target_size: 6000
  chunk_idle_period: 200ms
  flush_check_period: 50ms
  wal: {checkpoint_duration: 150ms}
limits_config:
  reject_old_samples: false
  max_entries_limit_per_query: 0
  max_query_length: 0
  ingestion_rate_mb: 1000
  ingestion_burst_size_mb: 1000
  per_stream_rate_limit: 1GB
  per_stream_rate_limit_burst: 1GB
schema_config:
  configs:
    - {from: 2020-01-01, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: index_, period: 24h}}
`,
  );
  return path;
}

async function start(config: string, url: string): Promise<ChildProcess> {
  const args = [join(root, "cmd/lokits.ts"), "serve", `-config.file=${config}`, "-log.level=error"];
  const server = spawn(join(root, "node_modules/.bin/bun"), args, {
    stdio: ["ignore", "inherit", "inherit"],
  });
  for (let tries = 0; tries < 400; tries++) {
    if (server.exitCode !== null)
      throw new Error(`the server left with exit code ${server.exitCode}`);
    const ready = await fetch(`${url}/ready`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return server;
    await sleep(25);
  }
  throw new Error("the server is not ready after 10 s");
}

async function kill(server: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => server.once("exit", resolve));
  server.kill("SIGKILL");
  await gone;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Numbers in [0, 1) that a seed brings back. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "100" },
      seed: { type: "string", default: String(Date.now() % 1e6) },
    },
  });
  const options = {
    rounds: Number(values.rounds),
    seed: Number(values.seed),
    port: 39_200,
    say: console.log,
  };
  console.log(`seed ${options.seed}`);
  const { acknowledged, lost, invented } = await killTest(options);
  console.log(
    `${options.rounds} rounds, ${acknowledged} acknowledged lines: ${lost} lost, ${invented} invented`,
  );
  process.exit(lost + invented > 0 ? 1 : 0);
}
