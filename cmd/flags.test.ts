/** Command lines as kingpin's, which logcli has, and what is refused in its words. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ArgsDef } from "citty";
import { commandFirst } from "./command-first.ts";
import { parseFlags } from "./flags.ts";
import { lokits } from "./testing/process.ts";

const args: ArgsDef = {
  query: { type: "positional" },
  quiet: { type: "boolean", alias: "q" },
  limit: { type: "string", default: "30" },
  output: { type: "enum", alias: "o", options: ["default", "raw", "jsonl"], default: "default" },
  header: { type: "string" },
  "no-labels": { type: "boolean" },
  "config.file": { type: "string", alias: "store-config" },
};

const given = (...line: string[]) =>
  parseFlags(line, { args, repeatable: ["header"], environment: { quiet: "TEST_LOKI_QUIET" } });

test("parseFlags() takes what kingpin takes", () => {
  assert.equal(given("-ojsonl", "{}").text("output"), "jsonl");
  assert.equal(given("-qo", "raw").text("output"), "raw");
  assert.equal(given("--output=raw").text("output"), "raw");
  assert.deepEqual(given("a", "--limit", "5", "b").positionals, ["a", "b"]);
  assert.equal(given("--limit", "5", "--limit=6").count("limit"), 6);
  assert.deepEqual(given("--header", "a: 1", "--header=b: 2").list("header"), ["a: 1", "b: 2"]);
  assert.equal(given("--store-config", "x").text("config.file"), "x");
  assert.deepEqual(given("--", "--quiet").positionals, ["--quiet"]);
  assert.equal(given("--limit=-5").text("limit"), "-5");
});

test("parseFlags() has a --no- for each switch; the last one holds, before the variable", () => {
  assert.equal(given("--no-quiet").on("quiet"), false);
  assert.equal(given("-q", "--no-quiet").on("quiet"), false);
  assert.equal(given("--no-quiet", "-q").on("quiet"), true);
  assert.equal(given("--quiet=false").on("quiet"), false);
  assert.equal(given("--no-labels").on("no-labels"), true);
  assert.equal(given("--no-no-labels").on("no-labels"), false);
  process.env["TEST_LOKI_QUIET"] = "t";
  try {
    assert.equal(given().on("quiet"), true);
    assert.equal(given("--no-quiet").on("quiet"), false);
    process.env["TEST_LOKI_QUIET"] = "maybe";
    assert.throws(() => given().on("quiet"), {
      message: 'TEST_LOKI_QUIET is "maybe", want true or false',
    });
  } finally {
    delete process.env["TEST_LOKI_QUIET"];
  }
});

test("parseFlags() refuses in kingpin's words, with the nearest name", () => {
  const refused = (message: string, ...line: string[]) =>
    assert.throws(
      () => given(...line).text("output"),
      { name: "UsageError", message },
      line.join(" "),
    );
  refused("unknown long flag '--nope'", "--nope");
  refused("unknown long flag '--limti', did you mean --limit", "--limti=3");
  refused("unknown short flag '-x'", "-x");
  refused("unknown short flag '-l'", "-ql", "5");
  refused("expected argument for flag '--limit'", "--limit");
  refused("expected argument for flag '--limit'", "--limit", "--quiet");
  refused("unknown long flag '--no-limit'", "--no-limit");
  refused("unknown long flag '--no-quiet'", "--no-quiet=true");
  refused("flag '--quiet' is \"x\", want true or false", "--quiet=x");
  refused("--output: enum value must be one of default,raw,jsonl, got 'foo'", "-o", "foo");
});

test("commandFirst() moves options behind the command", () => {
  const moved = (...line: string[]) => commandFirst(line).join(" ");
  assert.equal(moved("--addr", "u", "-q", "labels", "app"), "labels --addr u -q app");
  assert.equal(moved("-ojsonl", "labels"), "labels -ojsonl");
  assert.equal(moved("-qo", "raw", "query", "x"), "query -qo raw x");
  assert.equal(moved("--no-quiet", "--addr=u", "stats", "x"), "stats --no-quiet --addr=u x");
  assert.equal(moved("--store-config", "f", "labels"), "labels --store-config f");
  assert.equal(moved("--completion-script-zsh"), "completion zsh");
  for (const line of [["--nope", "labels"], ["-q"], ["-x", "labels"], ["-q", "nope"]])
    assert.deepEqual(commandFirst(line), line);
});

test("help for one command and for all", async () => {
  const [one, all, unknown] = await Promise.all([
    lokits(["help", "series"]),
    lokits(["--help-long"]),
    lokits(["--nope", "labels"]),
  ]);
  assert.match(one.stdout, /lokits series '\{namespace="shop"\}'/);
  assert.match(one.stdout, /--analyze-labels/);
  for (const flag of ["--analyze-labels", "--request-id", "--part-path-prefix", "-verify-config"])
    assert.ok(all.stdout.includes(flag), flag);
  assert.deepEqual([unknown.code, unknown.stdout], [2, ""]);
  assert.match(unknown.stderr, /unknown flag '--nope'/);
});
