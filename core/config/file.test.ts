/** What is said of a file that is wrong: the line, Loki's words, and the key that was meant. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readFileLayer } from "./file.ts";

function given(name: string, text: string, wanted: Record<string, unknown>): void {
  test(`a file with ${name} is read`, () => {
    const { layer, problems } = readFileLayer(text);
    assert.deepEqual(problems, []);
    assert.deepEqual(Object.fromEntries(layer), wanted);
  });
}

function refused(name: string, text: string, wanted: readonly string[]): void {
  test(`a file with ${name} is refused`, () => {
    const { problems } = readFileLayer(text);
    assert.deepEqual(
      problems.map(({ line, text }) => `line ${line}: ${text}`),
      wanted,
    );
  });
}

given("nothing in it", "", {});
given("comments only", "# nothing\n---\n", {});
given("an empty block", "ingester:\nserver: ~\n", {});
given("a key without a value", "ingester:\n  chunk_idle_period:\n", {});
given("nested keys", "ingester: {wal: {dir: /wal}}", { "ingester.wal.dir": "/wal" });
given("a number for a text", "ingester: {wal: {dir: 010}}", { "ingester.wal.dir": "010" });
given("a number in quotes for a text", 'http_prefix: "1.0"', { http_prefix: "1.0" });
given("YAML 1.1's booleans", "auth_enabled: off", { auth_enabled: false });
given("a list", "memberlist: {join_members: [a:1, dns+b]}", {
  "memberlist.join_members": ["a:1", "dns+b"],
});
given("an empty list", "memberlist: {join_members: []}", { "memberlist.join_members": [] });
given("an anchor and its alias", "ingester: {wal: {dir: &d /x}}\nruler: {rule_path: *d}", {
  "ingester.wal.dir": "/x",
  "ruler.rule_path": "/x",
});
given(
  "a merge key",
  "querier: &q {max_concurrent: 3}\nruler:\n  ring: &r {num_tokens: 1, heartbeat_period: 1s}\ncommon:\n  ring:\n    <<: *r\n    num_tokens: 2\n",
  {
    "querier.max_concurrent": 3,
    "ruler.ring.num_tokens": 1,
    "ruler.ring.heartbeat_period": 1_000_000_000n,
    "common.ring.num_tokens": 2,
    "common.ring.heartbeat_period": 1_000_000_000n,
  },
);
given("two documents, of which the first counts", "target: a\n---\ntarget: b\n", { target: "a" });
given("any YAML where anything goes", "ruler: {external_labels: {a: b, n: 1, on: [yes, ~]}}", {
  "ruler.external_labels": { a: "b", n: 1, on: [true, ""] },
});
given(
  "a list of blocks",
  "limits_config:\n  retention_stream:\n    - {selector: '{a=\"b\"}', period: 24h}\n",
  {
    "limits_config.retention_stream": [
      { selector: '{a="b"}', priority: 0, period: 86_400_000_000_000n },
    ],
  },
);
given("blocks by name", "storage_config: {named_stores: {filesystem: {old: {directory: /a}}}}", {
  "storage_config.named_stores.filesystem": { old: { directory: "/a" } },
});

refused("an unknown key", "ingester:\n  wal: {}\n  foo: 1\n", [
  "line 3: field foo not found in type ingester.Config",
]);
refused("a mistyped key", "ingester:\n  chunk_idel_period: 1h\n", [
  "line 2: field chunk_idel_period not found in type ingester.Config, did you mean `chunk_idle_period`?",
]);
refused("a key with dashes", "ingester: {chunk-idle-period: 1h}", [
  "line 1: field chunk-idle-period not found in type ingester.Config, did you mean `chunk_idle_period`?",
]);
refused("a mistyped block", "limit_config: {}", [
  "line 1: field limit_config not found in type loki.Config, did you mean `limits_config`?",
]);
refused("a key of another block", "querier: {chunk_target_size: 1}", [
  "line 1: field chunk_target_size not found in type querier.Config, did you mean `ingester.chunk_target_size`?",
]);
refused("a key twice", "common: {}\ntarget: all\ncommon: {}\n", [
  "line 3: field common already set in type loki.Config",
]);
refused("a wrong type", "server:\n  http_listen_port: abc\n", [
  "line 2: cannot unmarshal !!str `abc` into int",
]);
refused("a list for a number", "server: {http_listen_port: [1]}", [
  "line 1: cannot unmarshal !!seq into int",
]);
refused("a block for a text", "target: {a: b}", ["line 1: cannot unmarshal !!map into string"]);
refused("a text for a block", "ingester: fast", [
  "line 1: cannot unmarshal !!str `fast` into ingester.Config",
]);
refused("a text for a list", "memberlist: {join_members: a}", [
  "line 1: cannot unmarshal !!str `a` into []string",
]);
refused("a wrong day", "schema_config:\n  configs:\n    - from: 2023-1-1\n", [
  'line 3: parsing time "2023-1-1" as "2006-01-02": cannot parse "1-1" as "01"',
]);
refused("a wrong key in a list of blocks", "schema_config:\n  configs:\n    - stor: tsdb\n", [
  "line 3: field stor not found in type schema_config.configs.Config, did you mean `store`?",
]);
refused(
  "many mistakes, all of which are told",
  "foo: 1\nserver:\n  http_listen_port: x\nauth_enabled: 3\n",
  [
    "line 1: field foo not found in type loki.Config",
    "line 3: cannot unmarshal !!str `x` into int",
    "line 4: cannot unmarshal !!int `3` into bool",
  ],
);
refused("an unknown anchor", "target: *nowhere\n", [
  "line 1: unknown anchor referenced; a text that begins with * needs quotes",
]);
refused("a merge of a text", "ingester:\n  <<: x\n", [
  "line 2: map merge requires map or sequence of maps as the value",
]);

test("a file that is no YAML is refused with its line", () => {
  const { problems, broken } = readFileLayer("server:\n  http_listen_port: [1\ntarget: all\n");
  assert.ok(broken);
  assert.ok(problems[0] !== undefined && problems[0].line >= 2);
});

test("aliases that multiply do not", () => {
  let text = "x0: &x0 [a, a, a, a, a, a, a, a, a, a]\n";
  for (let level = 1; level < 12; level++) {
    text += `x${level}: &x${level} [${Array(10)
      .fill(`*x${level - 1}`)
      .join(", ")}]\n`;
  }
  const { problems } = readFileLayer(text);
  assert.ok(problems.some((problem) => problem.text === "document contains excessive aliasing"));
});

refused("an alias inside itself", "ruler:\n  external_labels: &a\n    b: *a\n", [
  "line 3: anchor value contains itself",
]);
given(
  "an anchor that is given twice",
  "http_prefix: &a x\ntarget: *a\nruler: {rule_path: &a y, external_labels: {b: *a}}",
  {
    http_prefix: "x",
    target: "x",
    "ruler.rule_path": "y",
    "ruler.external_labels": { b: "y" },
  },
);
refused("a name twice where anything goes", "ruler: {external_labels: {a: 1, b: {c: 1, c: 2}}}", [
  'line 1: key "c" already set in map',
]);
refused(
  "a store twice",
  "storage_config: {named_stores: {aws: {n: {region: a}, n: {region: b}}}}",
  ['line 1: key "n" already set in map'],
);
refused("blocks without end", `server: ${"{a: ".repeat(200)}1${"}".repeat(200)}`, [
  "line 1: blocks are nested more than 64 deep",
]);
refused("lists without end", `server: ${"[".repeat(100_000)}`, [
  "line 1: blocks are nested more than 64 deep",
]);
refused("a control character", "server:\n  log_level: a\x00b\n", [
  "line 2: control characters are not allowed",
]);
given("Windows' ends of lines", "server:\r\n  log_level: warn\r\ntarget: a\r\n", {
  "server.log_level": "warn",
  target: "a",
});
given("a mark of byte order", "\ufefftarget: a\n", { target: "a" });

test("of a file that is another one's only the first problems are told", () => {
  const { problems } = readFileLayer(
    Array.from({ length: 5_000 }, (_, n) => `k${n}: 1\n`).join(""),
  );
  assert.equal(problems.length, 101);
  assert.equal(problems.at(-1)?.text, "too many problems, the rest is not read");
});

test("a second document is pointed out", () => {
  assert.equal(readFileLayer("target: a\n---\ntarget: b\n").rest?.line, 2);
  assert.equal(readFileLayer("---\ntarget: a\n---\n# nothing\n").rest, undefined);
});

test("the column of a mistake is kept", () => {
  const { problems } = readFileLayer("server: {http_listen_port: abc}");
  assert.deepEqual(
    problems.map(({ line, column }) => [line, column]),
    [[1, 28]],
  );
});
