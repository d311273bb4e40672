/**
 * The load of shared/tools/README.md on this machine: ingest with durable answers, then ten query
 * shapes. Prints our figures beside the peers' (measured on another 2-core machine, see that page) and
 * two yardsticks of this run, so that the machines can be compared. `--runs N`, `--keep`.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { makeLoad } from "./load-pack.ts";

const { values } = parseArgs({
  options: { runs: { type: "string", default: "5" }, keep: { type: "boolean", default: false } },
});
const root = resolve(import.meta.dirname, "..");
const tools = resolve(root, "../shared/tools");
const load = join(tmpdir(), "lokits-bench.pack");
await makeLoad(load, { seed: 7, lines: 1_500_000, pods: 8, span: 21_600 });

/** Loki 2.9.1, Loki 3.7.6, VictoriaLogs 1.26: wall milliseconds (CPU milliseconds). */
const PEERS: Readonly<Record<string, readonly string[]>> = {
  "ingest, s": ["3.7 (6.5)", "6.0 (11.4)", "6.6 (12.0)"],
  "peak memory, MB": ["506", "535", "339"],
  "stored, MB": ["99.7", "102", "58.6"],
  needle_absent: ["356 (640)", "478 (880)", "5–174"],
  needle_rare: ["296 (560)", "419 (800)", "12 (10)"],
  regex: ["445 (850)", "465 (870)", "651 (680)"],
  count_all: ["591 (1130)", "1221 (2280)", "33 (50)"],
  rate_filter: ["303 (570)", "431 (820)", "75 (130)"],
  json_metric: ["345 (660)", "523 (1000)", "15 (20)"],
  logfmt_quantile: ["235 (440)", "337 (650)", "233 (310)"],
  bytes_topk: ["1634 (1490)", "1747 (3200)", "115 (200)"],
  tail_1000: ["24 (20)", "28 (30)", "65 (90)"],
  pattern: ["192 (190)", "147 (270)", "–"],
};

const port = 39_100;
const url = `http://127.0.0.1:${port}`;
const data = mkdtempSync(join(tmpdir(), "lokits-bench-"));
const rows = new Map<string, string>();
const server = await startServer();
try {
  await ingest();
  await queries();
} finally {
  server.kill("SIGKILL");
  if (values.keep) console.log(`data kept in ${data}`);
  else rmSync(data, { recursive: true, force: true });
}
print();

async function startServer() {
  const config = join(data, "config.yaml");
  writeFileSync(
    config,
    `auth_enabled: false
server: {http_listen_address: 127.0.0.1, http_listen_port: ${port}}
common:
  path_prefix: ${data}
  replication_factor: 1
  ring: {kvstore: {store: inmemory}}
  storage: {filesystem: {chunks_directory: ${data}/chunks, rules_directory: ${data}/rules}}
ingester: {chunk_encoding: snappy}
limits_config:
  reject_old_samples: false
  ingestion_rate_mb: 10000
  ingestion_burst_size_mb: 10000
  per_stream_rate_limit: 10GB
  per_stream_rate_limit_burst: 10GB
  max_query_length: 0
schema_config:
  configs:
    - {from: 2020-01-01, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: index_, period: 24h}}
`,
  );
  const args = [join(root, "cmd/lokits.ts"), "serve", `-config.file=${config}`, "-log.level=warn"];
  const child = spawn(join(root, "node_modules/.bin/bun"), args, {
    stdio: ["ignore", "inherit", "inherit"],
  });
  for (let tries = 0; tries < 200; tries++) {
    const ready = await fetch(`${url}/ready`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return child;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the server is not ready after 10 s");
}

async function ingest(): Promise<void> {
  const before = cpuMs();
  const run = spawnSync("node", [join(tools, "load.mjs"), load, `${url}/loki/api/v1/push`, "4"], {
    encoding: "utf8",
  });
  const report = JSON.parse(run.stdout) as {
    seconds: number;
    accepted: number;
    bodies: number;
    errors: object;
  };
  if (report.accepted !== report.bodies) throw new Error(`ingest: ${run.stdout}`);
  rows.set("ingest, s", `${report.seconds.toFixed(1)} (${((cpuMs() - before) / 1000).toFixed(1)})`);
  await fetch(`${url}/flush`, { method: "POST" });
  let stored = 0;
  for (let last = -1; stored !== last || stored === 0; ) {
    last = stored;
    await new Promise((resolve) => setTimeout(resolve, 1000));
    stored = Number(
      spawnSync("du", ["-sb", `${data}/chunks`], { encoding: "utf8" }).stdout.split("\t")[0],
    );
  }
  rows.set("stored, MB", (stored / 1e6).toFixed(1));
  const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
  rows.set("peak memory, MB", (Number(status.match(/VmHWM:\s+(\d+)/)![1]) / 1024).toFixed(0));
}

async function queries(): Promise<void> {
  const args = [join(tools, "qbench.mjs"), url, String(server.pid), values.runs];
  const { stdout } = spawnSync("node", args, { encoding: "utf8", maxBuffer: 1 << 26 });
  for (const line of stdout.split("\n")) {
    const found = line.match(/^(\w+)\s+wall (\d+) ms\s+cpu (-?\d+) ms\s+(.*)$/);
    if (found !== null) rows.set(found[1]!, `${found[2]} (${found[3]})  ${found[4]}`);
  }
}

/** User and system time of the server. */
function cpuMs(): number {
  const fields = readFileSync(`/proc/${server.pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function print(): void {
  console.log(
    "\n| measure, ms (CPU ms) unless said | lokits | Loki 2.9.1 | Loki 3.7.6 | VictoriaLogs 1.26 |",
  );
  console.log("|---|---|---|---|---|");
  for (const [name, peers] of Object.entries(PEERS)) {
    const [own = "–", note] = (rows.get(name) ?? "–").split("  ");
    console.log(
      `| ${name} | ${own} | ${peers.join(" | ")} |${note === undefined ? "" : ` <!-- ${note} -->`}`,
    );
  }
  console.log(`\nYardsticks of this run: ${yardsticks().join("; ")}.`);
}

/** Decompressing the same lines and searching them, with tools that everybody knows. */
function yardsticks(): string[] {
  const raw = `${load}.raw`;
  const packed = `${load}.raw.zst`;
  const megabytes = (statSync(raw).size / 1e6).toFixed(0);
  spawnSync("zstd", ["-q", "-f", raw, "-o", packed]);
  const search = spawnSync("rg", ["--version"]).status === 0 ? ["rg", "-c"] : ["grep", "-c"];
  return [
    `zstd -dc of the ${megabytes} MB of lines ${timed("sh", ["-c", `zstd -dc ${packed} > /dev/null`])} s`,
    `${search.join(" ")} over them ${timed(search[0]!, [search[1]!, "deadbeefcafe", raw])} s`,
  ];
}

function timed(command: string, args: string[]): string {
  const started = performance.now();
  const { error } = spawnSync(command, args);
  return error === undefined ? ((performance.now() - started) / 1000).toFixed(2) : "not installed";
}
