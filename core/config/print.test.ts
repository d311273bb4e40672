/** A printed configuration is read again to the same values, and shows no secret. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Config } from "./config.ts";
import { readFileLayer } from "./file.ts";
import { isScalar, KEYS } from "./keys.ts";
import { configTree, printConfig, type Tree } from "./print.ts";
import type { ScalarType } from "./row.ts";
import { sameValue, type Value } from "./value.ts";
import { ZERO_LAYER } from "./zero.ts";

function reread(config: Config, mode: "all" | "diff"): Config {
  const { layer, problems } = readFileLayer(printConfig(config, mode));
  assert.deepEqual(problems, []);
  return new Config([layer]);
}

function assertSame(left: Config, right: Config): void {
  for (const path of KEYS.keys()) {
    assert.ok(sameValue(left.value(path), right.value(path)), path);
  }
}

test("defaults survive printing and reading", () => {
  assertSame(new Config([]), reread(new Config([]), "all"));
});

/** The built-in configuration as a user would write it. */
const ZERO_CONFIG = `auth_enabled: false
server:
  http_listen_address: 127.0.0.1
  http_listen_port: 3100
common:
  path_prefix: ./lokits-data
  replication_factor: 1
  instance_addr: 127.0.0.1
  ring:
    kvstore:
      store: inmemory
  storage:
    filesystem:
      chunks_directory: ./lokits-data/chunks
      rules_directory: ./lokits-data/rules
schema_config:
  configs:
    - from: 1970-01-01
      store: tsdb
      object_store: filesystem
      schema: v13
      index:
        prefix: index_
        period: 24h
limits_config:
  allow_structured_metadata: true
  reject_old_samples: false
  volume_enabled: true
  query_timeout: 5m
`;

test("the built-in configuration is what its text says, and survives printing and reading", () => {
  assert.deepEqual(ZERO_LAYER, readFileLayer(ZERO_CONFIG).layer);
  const config = new Config([ZERO_LAYER]);
  assertSame(config, reread(config, "all"));
  assertSame(config, reread(config, "diff"));
});

const TEXT = fc.oneof(
  fc.constantFrom(
    "yes",
    "null",
    "~",
    "1",
    "0x1",
    "1e3",
    "12:30",
    "# no",
    "a: b",
    "",
    " x ",
    "*",
    "<<",
  ),
  fc.string({ maxLength: 20 }),
);

/** Values of each type that its syntax can say; secrets are not among them. */
const VALUES: Readonly<Partial<Record<ScalarType, fc.Arbitrary<Value>>>> = {
  string: TEXT,
  bool: fc.boolean(),
  int: fc.maxSafeInteger(),
  float: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  duration: fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }),
  span: fc.bigInt({ min: 0n, max: 10n ** 12n }).map((ms) => ms * 1_000_000n),
  size: fc.maxSafeInteger().map(Math.abs),
  window: fc.maxSafeInteger().map(Math.abs),
  strings: fc.array(TEXT, { maxLength: 4 }),
};

test("any values survive printing and reading", () => {
  const keys = [...KEYS.values()].flatMap(({ path, type }) => {
    const values = typeof type === "string" ? VALUES[type] : undefined;
    return values === undefined ? [] : [{ path, values }];
  });
  const layers = fc
    .uniqueArray(fc.nat(keys.length - 1), { minLength: 1, maxLength: 12 })
    .chain((indexes) =>
      fc.tuple(
        ...indexes.map((index) =>
          keys[index]!.values.map((value) => [keys[index]!.path, value] as const),
        ),
      ),
    );
  fc.assert(
    fc.property(layers, (entries) => {
      const config = new Config([new Map<string, Value>(entries)]);
      const again = readFileLayer(printConfig(config, "diff"));
      assert.deepEqual(again.problems, []);
      const other = new Config([again.layer]);
      for (const [path, value] of entries) assert.deepEqual(other.value(path), value, path);
    }),
    { seed: 20231031, numRuns: 300 },
  );
});

test("secrets are masked in every mode", () => {
  const layer = new Map<string, Value>();
  for (const { path, type } of KEYS.values()) {
    if (type === "secret") layer.set(path, "open sesame");
    if (type === "url") layer.set(path, "s3://key:open%20sesame@eu/bucket");
  }
  assert.ok(layer.size > 10);
  for (const mode of ["all", "diff"] as const) {
    assert.doesNotMatch(printConfig(new Config([layer]), mode), /sesame/);
  }
});

test("diff prints what differs, defaults what is not set", () => {
  const config = new Config([
    readFileLayer("auth_enabled: false\nserver: {http_listen_port: 3100}").layer,
  ]);
  assert.equal(printConfig(config, "diff"), "auth_enabled: false\n");
  assert.match(printConfig(config, "defaults"), /^auth_enabled: true$/m);
  assert.equal(printConfig(new Config([]), "diff"), "{}\n");
});

test("defaults are the same whatever is configured, and whatever was printed before", () => {
  const config = new Config([ZERO_LAYER]);
  const defaults = printConfig(new Config([]), "all");
  assert.equal(printConfig(config, "defaults"), defaults);
  const all = printConfig(config, "all");
  assert.notEqual(all, defaults);
  printConfig(config, "diff");
  assert.equal(printConfig(config, "defaults"), defaults);
  assert.equal(printConfig(config, "all"), all);
  const common = configTree(config, "defaults")["common"] as Tree;
  assert.equal(common["path_prefix"], "");
  assert.equal(common["replication_factor"], 3);
});

test("a printed tree may be changed, defaults and configuration stay", () => {
  const config = new Config([ZERO_LAYER]);
  for (const mode of ["defaults", "all"] as const) {
    const before = printConfig(config, mode);
    emptied(configTree(config, mode));
    assert.equal(printConfig(config, mode), before, mode);
  }
});

/** Takes everything out of every block and list. */
function emptied(tree: object): void {
  for (const [name, value] of Object.entries(tree)) {
    if (typeof value === "object" && value !== null) emptied(value);
    if (Array.isArray(tree)) tree.length = 0;
    else delete (tree as Record<string, unknown>)[name];
  }
}

test("every scalar type has a value here or is a secret", () => {
  const types = new Set([...KEYS.values()].map(({ type }) => type));
  const left = [...types].filter((type) => isScalar(type) && VALUES[type] === undefined);
  assert.deepEqual(left.sort(), ["secret", "url"]);
});
