/** OpenTelemetry's own exporters against the daemon: their lines are found by a query. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { OTLPLogExporter as JsonExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as ProtoExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { ProtoReader } from "../core/bytes/proto.ts";
import { lz4Frame } from "../core/compress/lz4.ts";
import { inFolder, lokits, startServer } from "./testing/process.ts";

const EXPORTERS = { json: JsonExporter, proto: ProtoExporter } as const;

for (const [name, Exporter] of Object.entries(EXPORTERS)) {
  test(`lines of OpenTelemetry's ${name} exporter are found with labels and metadata`, async () => {
    await inFolder(async (cwd) => {
      const server = await startServer(["-server.path-prefix=/logs"], { cwd });
      const url = `${server.url}/logs/otlp/v1/logs`;
      const compression = name === "json" ? "gzip" : "none";
      const exporter = new Exporter({ url, compression: compression as never });
      const provider = new LoggerProvider({
        resource: resourceFromAttributes({ "service.name": name, "host.name": "h1" }),
        processors: [new BatchLogRecordProcessor({ exporter })],
      });
      const logger = provider.getLogger("my.lib", "1.2.3");
      const start = Date.now() - 1000;
      logger.emit({
        timestamp: start,
        severityNumber: 9,
        severityText: "INFO",
        body: "first line",
      });
      logger.emit({
        timestamp: start + 1,
        body: "second line",
        attributes: { "user.id": 7, nested: { deep: true } },
      });
      logger.emit({ timestamp: start + 2, body: { event: "third", n: [1, 2.5] } });
      await provider.shutdown();

      const found = await lokits([
        ...["query", `{service_name="${name}"}`, "--addr", `${server.url}/logs`],
        ...["--forward", "-o", "jsonl"],
      ]);
      const lines = found.stdout.trim().split("\n");
      const got = lines.map((line) => JSON.parse(line));
      assert.deepEqual(
        got.map(({ line }) => line),
        ["first line", "second line", '{"event":"third","n":[1,2.5]}'],
        found.stderr,
      );
      const where = async (filter: string) => {
        const query = `{service_name="${name}"} ${filter}`;
        const args = ["query", query, "--addr", `${server.url}/logs`, "-o", "raw"];
        return (await lokits(args)).stdout;
      };
      assert.equal(await where('| severity_text="INFO"'), "first line\n");
      assert.equal(await where('| user_id="7" | nested_deep="true"'), "second line\n");
      const all = '| host_name="h1" | scope_name="my.lib" | scope_version="1.2.3"';
      assert.equal((await where(all)).split("\n").length, 4);
      assert.equal(await server.stop(), 0);
    });
  });
}

test("bodies may be packed; what is wrong is answered with google.rpc.Status", async () => {
  await inFolder(async (cwd) => {
    const server = await startServer([], { cwd });
    const body = new TextEncoder().encode(
      JSON.stringify({
        resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: "packed" } }] }] }],
      }),
    );
    const push = async (bytes: Uint8Array, headers: Record<string, string>) => {
      const response = await fetch(`${server.url}/otlp/v1/logs`, {
        method: "POST",
        headers: { "Content-Type": "application/json", ...headers },
        body: new Uint8Array(bytes),
      });
      const answer = new Uint8Array(await response.arrayBuffer());
      if (answer.length === 0) return String(response.status);
      assert.equal(response.headers.get("content-type"), "application/octet-stream");
      const field = new ProtoReader(answer);
      assert.ok(field.next() && field.number === 2);
      return `${response.status} ${field.string()}`;
    };
    const encoded = (encoding: string) => ({ "Content-Encoding": encoding });
    assert.equal(await push(body, {}), "204");
    assert.equal(await push(gzipSync(body), encoded("gzip")), "204");
    assert.equal(await push(zstdCompressSync(body), encoded("zstd")), "204");
    assert.equal(await push(lz4Frame(body, 4), encoded("lz4")), "204");
    assert.equal(
      await push(body, encoded("br")),
      "400 unsupported content encoding br: only gzip, lz4 and zstd are supported",
    );
    assert.equal(
      await push(body, { "Content-Type": "text/plain" }),
      "400 content type: text/plain is not supported",
    );
    assert.match(await push(body, encoded("gzip")), /^400 gzip: invalid header/);
    assert.match(await push(body, { "Content-Type": "application/x-protobuf" }), /^400 proto: /);
    assert.equal(await server.stop(), 0);
  });
});

test("a tenant may name its labels; one without structured metadata gets Loki's refusal", async () => {
  await inFolder(async (cwd) => {
    const file = join(cwd, "config.yaml");
    await Bun.write(
      file,
      `auth_enabled: true
common: {path_prefix: ${cwd}, replication_factor: 1, ring: {kvstore: {store: inmemory}}}
server: {http_listen_address: 127.0.0.1}
storage_config: {filesystem: {directory: ${cwd}/data}}
schema_config:
  configs:
    - {from: 1970-01-01, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: i_, period: 24h}}
runtime_config: {file: ${cwd}/overrides.yaml}
`,
    );
    await Bun.write(
      join(cwd, "overrides.yaml"),
      `overrides:
  with:
    allow_structured_metadata: true
    otlp_config:
      resource_attributes:
        ignore_defaults: true
        attributes_config:
          - {action: index_label, attributes: [team]}
          - {action: drop, regex: "internal\\\\..+"}
      severity_text_as_label: true
`,
    );
    const server = await startServer([`-config.file=${file}`], { cwd });
    const text = (key: string) => ({ key, value: { stringValue: key } });
    const attributes = ["service.name", "team", "internal.ip"].map(text);
    const logRecords = [{ body: { stringValue: "mine" }, severityText: "WARN" }];
    const body = JSON.stringify({
      resourceLogs: [{ resource: { attributes }, scopeLogs: [{ logRecords }] }],
    });
    const push = (tenant: string) =>
      fetch(`${server.url}/otlp/v1/logs`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Scope-OrgID": tenant },
        body,
      });
    assert.equal((await push("with")).status, 204);
    const query = new URLSearchParams({ query: '{team="team"}' });
    const answer = await fetch(`${server.url}/loki/api/v1/query_range?${query}`, {
      headers: { "X-Scope-OrgID": "with" },
    });
    const { data } = (await answer.json()) as { data: { result: { stream: object }[] } };
    assert.deepEqual(data.result[0]?.stream, {
      severity_text: "WARN",
      team: "team",
      service_name: "service.name",
    });
    const refused = await push("without");
    assert.equal(refused.status, 400);
    assert.match(
      await refused.text(),
      /stream '\{service_name="service.name"\}' includes structured metadata, but this feature is disallowed/,
    );
    assert.equal(await server.stop(), 0);
  });
});
