/** `-verify-config` on a file with many mistakes: all of them, each with its place and what was meant. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "./config-error.ts";
import { loadConfig } from "./load.ts";

const FILE = `auth_enabled: maybe
server:
  http_listen_prt: 3100
  log_level: loud
common:
  path_prefix: /loki
ingester:
  chunk_encodng: gzip
  chunk_idle_period: 1d
schema_config:
  configs:
    - {from: 2023-01-01, store: tsdb, object_store: filesystem, schema: v99, index: {prefix: i_, period: 24h}}
compactor:
  max_compaction_parallelism: 0
`;

async function refused(args: readonly string[], text: string): Promise<ConfigError> {
  const options = { args: ["-config.file=c.yaml", ...args], readFile: async () => text, env: {} };
  try {
    await loadConfig(options);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error;
  }
  return assert.fail("it was taken");
}

test("-verify-config names each of seven problems with line, column and the nearest name", async () => {
  const error = await refused(["-verify-config"], FILE);
  assert.equal(
    error.message,
    `c.yaml has 7 problems:
  c.yaml:1:15: cannot unmarshal !!str \`maybe\` into bool
  c.yaml:3:3: field http_listen_prt not found in type server.Config, did you mean \`http_listen_port\`?
  c.yaml:8:3: field chunk_encodng not found in type ingester.Config, did you mean \`chunk_encoding\`?
  c.yaml:9:22: cannot unmarshal !!str \`1d\` into time.Duration
  c.yaml:11:3: invalid schema config: invalid schema version
  c.yaml:14:3: invalid compactor config: max compaction parallelism must be >= 1
  c.yaml:4:3: unrecognized log level "loud"`,
  );
});

test("a start without -verify-config keeps to Loki's text, which stops after the file", async () => {
  const error = await refused([], FILE);
  assert.match(
    error.message,
    /^failed parsing config: c\.yaml: yaml: unmarshal errors:\n {2}line 1: /,
  );
  assert.doesNotMatch(error.message, /loud|schema version/);
});

test("a value's problem knows the key that makes it, or that none does", async () => {
  const { problems } = await refused([], "server:\n  log_format: xml\n");
  assert.deepEqual(problems, [
    { text: "invalid schema config: must specify at least one schema configuration" },
    { text: 'unrecognized log format "xml"', line: 2, column: 3 },
  ]);
});

test("a text that is no YAML is told as that alone", async () => {
  const { message } = await refused(["-verify-config"], "server: {a: 1\nb: [");
  assert.match(message, /^failed parsing config: c\.yaml: yaml: line /);
});
