/** Programs of others that send lines, stand before us or look at our metrics: each ends with a query that finds what it sent. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { freePort } from "../scripts/services/free-port.ts";
import { inFolder, lokits, pushLines, type RunningServer, startServer } from "./testing/process.ts";
import { beside, eventually, run, without, withoutPython } from "./testing/program.ts";

const CLIENTS = resolve(import.meta.dirname, "../fixtures/clients");

async function given(use: (server: RunningServer, folder: string) => Promise<void>): Promise<void> {
  await inFolder(async (cwd) => {
    const server = await startServer([], { cwd });
    try {
      await use(server, cwd);
    } finally {
      await server.stop();
    }
  });
}

async function found(url: string, query: string): Promise<string[]> {
  const asked = ["query", query, "--addr", url, "-q", "--forward", "-o", "raw", "--limit", "100"];
  const { stdout, stderr, code } = await lokits(asked);
  assert.equal(code, 0, stderr);
  return stdout.trimEnd().split("\n");
}

const five = (text: (index: number) => string) =>
  Array.from({ length: 5 }, (_, index) => text(index));

/** A copy of a fixture with the places in it filled. */
async function filled(
  name: string,
  folder: string,
  places: Record<string, string>,
): Promise<string> {
  let text = await readFile(join(CLIENTS, name), "utf8");
  for (const [place, value] of Object.entries(places)) text = text.replaceAll(`@${place}@`, value);
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

test("python-logging-loki", { skip: withoutPython("logging_loki") }, async () => {
  await given(async ({ url }) => {
    await run("python3", [join(CLIENTS, "loki_handler.py"), url]);
    const expected = five((index) => `python line ${index} ünïcode`);
    assert.deepEqual((await found(url, '{app="python"}')).sort(), expected);
    assert.equal((await found(url, '{app="python", step="1", logger="orders"}')).length, 2);
  });
});

test("OpenTelemetry's Python SDK", {
  skip: withoutPython("opentelemetry.sdk._logs", "opentelemetry.exporter.otlp.proto.http"),
}, async () => {
  await given(async ({ url }) => {
    await run("python3", [join(CLIENTS, "otel_logs.py"), url]);
    const expected = five((index) => `otel line ${index}`);
    assert.deepEqual((await found(url, '{service_name="otel-python"}')).sort(), expected);
    const one =
      '{service_name="otel-python"} | order_id="3" | process_owner="ci" | severity_text="WARN"';
    assert.deepEqual(await found(url, one), ["otel line 3"]);
  });
});

const JARS = join(homedir(), ".cache/lokits/logback");
const noJars = existsSync(JARS) ? false : `no jars in ${JARS} (.ci/run fetches them)`;

test("loki-logback-appender, as JSON and as protobuf", {
  skip: without("java", "javac") || noJars,
}, async () => {
  await given(async ({ url }, folder) => {
    const logback = join(CLIENTS, "logback");
    await run("javac", ["-cp", `${JARS}/*`, "-d", folder, join(logback, "Main.java")]);
    const config = `-Dlogback.configurationFile=${join(logback, "logback.xml")}`;
    await run("java", [`-Dloki.url=${url}`, config, "-cp", `${JARS}/*:${folder}`, "Main"]);
    const expected = five((index) => `logback line ${index}`);
    for (const form of ["json", "proto"]) {
      const query = `{app="logback", form="${form}", level="INFO"} |= "logback line"`;
      assert.deepEqual(await found(url, query), expected, form);
    }
  });
});

test("nginx before it, as the chart of the seed sets it up", {
  skip: without("nginx"),
}, async () => {
  await given(async ({ url }, folder) => {
    const port = await freePort();
    const gateway = `http://127.0.0.1:${port}`;
    const config = await filled("gateway.conf", folder, {
      UPSTREAM: url,
      FOLDER: folder,
      PORT: String(port),
    });
    await beside("nginx", ["-e", "stderr", "-p", folder, "-c", config], async () => {
      await eventually(() => fetch(gateway));
      assert.equal(await (await fetch(gateway)).text(), "OK");
      const now = BigInt(Date.now()) * 1_000_000n;
      await pushLines(gateway, { app: "gateway" }, [[now, "through the gateway"]]);
      assert.deepEqual(await found(gateway, '{app="gateway"}'), ["through the gateway"]);
      const labels = await lokits(["labels", "app", "--addr", gateway]);
      assert.equal(labels.stdout, "gateway\n");
      const line = await new Promise((done, failed) => {
        const params = new URLSearchParams({ query: '{app="gateway"}' });
        const socket = new WebSocket(`ws://127.0.0.1:${port}/loki/api/v1/tail?${params}`);
        socket.onmessage = ({ data }) => {
          socket.close();
          done(JSON.parse(String(data)).streams[0].values[0][1]);
        };
        socket.onerror = () => failed(new Error("no tail through the gateway"));
      });
      assert.equal(line, "through the gateway");
      // What the chart does not name is not passed on.
      assert.notEqual((await fetch(`${gateway}/metrics`)).status, 200);
    });
  });
});

test("Prometheus scrapes it, and promtool finds nothing wrong", {
  skip: without("prometheus", "promtool"),
}, async () => {
  await given(async ({ url }, folder) => {
    const now = BigInt(Date.now()) * 1_000_000n;
    await pushLines(url, { app: "metrics" }, [[now, "counted"]]);
    assert.deepEqual(await found(url, '{app="metrics"}'), ["counted"]);
    const page = join(folder, "metrics.txt");
    await writeFile(page, await (await fetch(`${url}/metrics`)).text());
    await run("sh", ["-c", `promtool check metrics < ${page} > ${page}.problems 2>&1 || true`]);
    assert.deepEqual(ownProblems(await readFile(`${page}.problems`, "utf8")), []);
    const config = await filled("prometheus.yml", folder, { TARGET: new URL(url).host });
    const port = await freePort();
    const data = join(folder, "prometheus");
    await mkdir(data);
    const flags = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${data}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=error",
    ];
    await beside("prometheus", flags, async () => {
      const value = await eventually(async () => {
        const query = new URLSearchParams({ query: "sum(loki_distributor_lines_received_total)" });
        const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query?${query}`);
        const { data } = (await answer.json()) as {
          data: { result: { value: [number, string] }[] };
        };
        if (data.result[0] === undefined) throw new Error("not scraped yet");
        return data.result[0].value[1];
      });
      assert.equal(value, "1");
    });
  });
});

/** promtool also dislikes names that Loki itself has and dashboards ask for; those are not ours to change. */
function ownProblems(text: string): string[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const isLokis =
    /^(loki|cortex|logql|go|process)_\w+ (no help text|metric names should|counter metrics should|non-counter metrics should|non-histogram|use base unit)/;
  return lines.filter((line) => !isLokis.test(line));
}
