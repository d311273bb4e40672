/** Variables of the environment: every flag has one of its own, and it stands between the flag and the file. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "./config-error.ts";
import { readEnvironment, variableOf, variableOfKey } from "./environment.ts";
import { KEYS } from "./keys.ts";
import { loadConfig } from "./load.ts";

const SCHEMA = `schema_config: {configs: [{from: 2023-01-01, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: index_, period: 24h}}]}
`;

async function load(env: Record<string, string>, file = "", args: string[] = []) {
  return await loadConfig({
    args: ["-config.file=x.yaml", ...args],
    readFile: async () => SCHEMA + file,
    env,
  });
}

const PORT = "server.http_listen_port";

test("every flag has a variable of its own, and so has every key without one", () => {
  assert.equal(variableOf("server.http-listen-port"), "LOKITS_SERVER_HTTP_LISTEN_PORT");
  const keys = [...KEYS.values()].filter((key) => variableOfKey(key) !== undefined);
  const byVariable = new Map(keys.map((key) => [variableOfKey(key), key.path]));
  const lost = keys.filter((key) => byVariable.get(variableOfKey(key)) !== key.path);
  assert.deepEqual(
    lost.map(({ path }) => path),
    [],
  );
  assert.ok(keys.length > 1000);
});

test("a flag goes before its variable, the variable before the file, the file before the default", async () => {
  const port = async (...given: Parameters<typeof load>) =>
    (await load(...given)).config.number(PORT);
  const variable = { LOKITS_SERVER_HTTP_LISTEN_PORT: "2" };
  assert.equal(await port({}), 3100);
  assert.equal(await port({}, "server: {http_listen_port: 1}"), 1);
  assert.equal(await port(variable, "server: {http_listen_port: 1}"), 2);
  assert.equal(await port(variable, "", ["-server.http-listen-port=3"]), 3);
});

test("variables take what flags take", () => {
  const given = (name: string, text: string) => [...readEnvironment({ [name]: text }).layer];
  assert.deepEqual(given("LOKITS_AUTH_ENABLED", "false"), [["auth_enabled", false]]);
  assert.deepEqual(given("LOKITS_MEMBERLIST_JOIN", "a,b"), [
    ["memberlist.join_members", ["a", "b"]],
  ]);
  assert.deepEqual(given("LOKITS_SHUTDOWN_DELAY", "3s"), [["shutdown_delay", 3_000_000_000n]]);
  assert.deepEqual(given("LOKITS_SERVER_HTTP_LISTEN_PORT", ""), []);
  assert.deepEqual(given("LOKI_SERVER_HTTP_LISTEN_PORT", "1"), []);
});

test("what common says follows a variable too, and isSet() sees it", async () => {
  const loaded = await load({ LOKITS_COMMON_PATH_PREFIX: "/p" });
  assert.equal(loaded.config.text("ingester.wal.dir"), "/p/wal");
  assert.equal(loaded.isSet("common.path_prefix"), true);
});

test("variables of the process itself: which file, what to do with it", async () => {
  const seen: string[] = [];
  const loaded = await loadConfig({
    args: [],
    readFile: async (path) => {
      seen.push(path);
      return SCHEMA;
    },
    env: { LOKITS_CONFIG_FILE: "f.yaml", LOKITS_VERIFY_CONFIG: "true", LOKITS_VERSION: "1" },
  });
  assert.deepEqual([seen, loaded.verify], [["f.yaml"], true]);
  assert.match(loaded.warnings[0]!, /"LOKITS_VERSION" sets nothing/);
});

test("a variable that sets nothing is named with the one that was meant, without its value", async () => {
  const { warnings } = await load({ LOKITS_SERVER_HTTP_LISTEN_PRT: "hunter2" });
  assert.match(
    warnings.join("\n"),
    /"LOKITS_SERVER_HTTP_LISTEN_PRT" sets nothing, did you mean LOKITS_SERVER_HTTP_LISTEN_PORT\?/,
  );
  assert.doesNotMatch(warnings.join(), /hunter2/);
});

test("what Kubernetes and our own commands put there gives no warning", () => {
  const names = [
    "LOKITS_SERVICE_HOST",
    "LOKITS_SERVICE_PORT",
    "LOKITS_SERVICE_PORT_HTTP_METRICS",
    "LOKITS_PORT",
    "LOKITS_PORT_3100_TCP",
    "LOKITS_QUERIER_PORT_3100_TCP_ADDR",
    "LOKITS_DEBUG",
  ];
  const env = Object.fromEntries(names.map((name) => [name, "tcp://10.0.0.1:3100"]));
  assert.deepEqual(readEnvironment(env), { layer: new Map(), process: {}, warnings: [] });
});

test("every variable with a wrong value is named at once, without the value", () => {
  const env = { LOKITS_SERVER_HTTP_LISTEN_PORT: "abc", LOKITS_VERIFY_CONFIG: "maybe" };
  assert.throws(
    () => readEnvironment(env),
    (error) => {
      assert.ok(error instanceof ConfigError);
      assert.equal(error.kind, "flag");
      assert.deepEqual(
        error.problems.map(({ text }) => text),
        [
          "invalid value for the variable LOKITS_SERVER_HTTP_LISTEN_PORT: parse error",
          "invalid value for the variable LOKITS_VERIFY_CONFIG: parse error",
        ],
      );
      return true;
    },
  );
});
