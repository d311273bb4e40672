/** `query` from outside: the recorded buckets of shared/golden, files and standard input, forms and exit codes. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import {
  ALL,
  BUCKETS,
  corpusEntries,
  corpusOf,
  nanoseconds,
  printedEntries,
  SHARED,
  withoutShared,
} from "./testing/corpus.ts";
import { inFolder, lokits } from "./testing/process.ts";

test("query --store gives exactly the lines of every recorded bucket, in order, tenants apart", {
  skip: withoutShared,
}, async () => {
  const buckets = readdirSync(BUCKETS);
  assert.equal(buckets.length, 19);
  for (const bucket of buckets) {
    const tenants = bucket.startsWith("multi-tenant") ? ["team-a", "team-b"] : [undefined];
    for (const tenant of tenants) {
      const own = tenant === undefined ? [] : ["--org-id", tenant];
      const { stdout, stderr, code } = await lokits([
        ...ALL,
        "--store",
        `file://${join(BUCKETS, bucket)}`,
        ...own,
      ]);
      assert.deepEqual([stderr, code], ["", 0], bucket);
      assert.deepEqual(
        printedEntries(stdout),
        corpusEntries(corpusOf(bucket)),
        `${bucket} ${tenant}`,
      );
      const times = stdout
        .trimEnd()
        .split("\n")
        .map((line) => BigInt(nanoseconds(JSON.parse(line).timestamp)));
      assert.ok(
        times.every((time, index) => index === 0 || times[index - 1]! <= time),
        `${bucket} is in order`,
      );
    }
  }
});

test("query --store wants to know which of several tenants", { skip: withoutShared }, async () => {
  const { stderr, code } = await lokits([
    ...ALL,
    "--store",
    `file://${join(BUCKETS, "multi-tenant")}`,
  ]);
  assert.equal(code, 2);
  assert.match(stderr, /2 tenants \(team-a, team-b/);
});

test("query --store prints a table for numbers, with bounds and steps of the bucket itself", {
  skip: withoutShared,
}, async () => {
  const store = ["--store", `file://${join(BUCKETS, "v12-gzip")}`];
  const { stdout, code } = await lokits([
    "query",
    'sum(count_over_time({app=~".+"}[12h]))',
    ...store,
    "--table",
    "--now",
    "2023-10-28T12:00:00Z",
  ]);
  assert.equal(code, 0);
  assert.match(stdout, /^series {2}value\n\{\} {6}900\n$/);
  const lines = await lokits([
    "query",
    'sum by (app) (rate({app="auth"}[1h]))',
    ...store,
    "--step",
    "1h",
    "-o",
    "jsonl",
  ]);
  assert.match(lines.stdout, /^\{"metric":\{"app":"auth"\},"values":\[\[1698\d+,"0\.0/);
});

test("wal-replay gives exactly the lines of every recorded WAL", {
  skip: withoutShared,
}, async () => {
  const five = { seed: 5, lines: 900, pods: 1 };
  const wanted: Record<string, string[]> = {
    "291": corpusEntries(five),
    "mixed-291": [
      ...corpusEntries(five),
      ...corpusEntries({ seed: 6, lines: 300, pods: 1 }),
    ].sort(),
    "nocheckpoint-291": corpusEntries(five),
    "37": corpusEntries({ ...five, meta: true }),
  };
  for (const [name, entries] of Object.entries(wanted)) {
    const dir = join(SHARED, "golden/wal", name);
    const { stdout, code } = await lokits(["wal-replay", dir, "--output", "jsonl"]);
    assert.equal(code, 0);
    assert.deepEqual(printedEntries(stdout), entries, name);
    assert.equal((await lokits(["wal-replay", dir, "--verify"])).code, 0);
  }
});

test("wal-replay --store puts a WAL into a bucket", { skip: withoutShared }, async () => {
  await inFolder(async (folder) => {
    const dir = join(SHARED, "golden/wal/37");
    const stored = await lokits(["wal-replay", dir, "--store", folder]);
    assert.equal(stored.code, 0, stored.stderr);
    const { stdout } = await lokits([...ALL, "--store", folder]);
    assert.deepEqual(
      printedEntries(stdout),
      corpusEntries({ seed: 5, lines: 900, pods: 1, meta: true }),
    );
  });
});

test("query reads files, globs, gzip and zstd, and standard input", async () => {
  await inFolder(async (cwd) => {
    await Bun.write(join(cwd, "a.log"), "one error\r\ntwo\n\nlast error");
    await Bun.write(join(cwd, "b.log.gz"), gzipSync("three error\n"));
    await Bun.write(join(cwd, "c.log.zst"), zstdCompressSync("four error\nfive\n"));
    const raw = async (...args: string[]) =>
      (await lokits(["query", ...args, "-o", "raw", "--forward"], { cwd })).stdout;
    assert.equal(await raw('|= "error"', "a.log"), "one error\nlast error\n");
    assert.deepEqual(
      (await raw('{filename=~".+"} |= "error"', "*.log*")).trimEnd().split("\n").sort(),
      ["four error", "last error", "one error", "three error"],
    );
    assert.equal(await raw('{filename=~".*zst"}', "*.log*"), "four error\nfive\n");
    // All of it, where a server is asked for thirty lines; a limit holds.
    await Bun.write(join(cwd, "long.log"), "x\n".repeat(31));
    assert.equal(await raw('|= "x"', "long.log"), "x\n".repeat(31));
    assert.equal(await raw('|= "x"', "long.log", "--limit", "5"), "x\n".repeat(5));
    const piped = await lokits(["query", '|~ "t.o"', "--stdin", "-o", "raw"], {
      stdin: "one\ntwo\n",
    });
    assert.equal(piped.stdout, "two\n");
    const level = await lokits(
      ["query", '{job="ci"} | detected_level="error"', "a.log", "--label", "job=ci", "-o", "jsonl"],
      { cwd },
    );
    assert.equal(level.stdout.trimEnd().split("\n").length, 2, level.stderr);
    assert.match(
      level.stdout,
      /"labels":\{"detected_level":"error","filename":"a.log","job":"ci"\}/,
    );
  });
});

test("query keeps the order of a large file in both directions", async () => {
  await inFolder(async (cwd) => {
    const lines = Array.from(
      { length: 60_000 },
      (_, index) => `line ${index} ${"x".repeat(index % 97)}`,
    );
    await Bun.write(join(cwd, "big.log"), `${lines.join("\n")}\n`);
    const forward = await lokits(
      ["query", '{filename="big.log"}', "big.log", "--limit", "0", "--forward", "-o", "raw"],
      { cwd },
    );
    assert.ok(forward.stdout === `${lines.join("\n")}\n`, "forward");
    const backward = await lokits(
      ["query", '{filename="big.log"}', "big.log", "--limit", "3", "-o", "raw"],
      { cwd },
    );
    assert.equal(backward.stdout, `${lines.slice(-3).reverse().join("\n")}\n`);
  });
});

test("exit codes are for scripts", async () => {
  const run = async (...args: string[]) =>
    (await lokits(["query", ...args, "--stdin", "-o", "raw"], { stdin: "a\nb\n" })).code;
  assert.equal(await run('|= "a"'), 0);
  assert.equal(await run('|= "a"', "--fail-on-match"), 1);
  assert.equal(await run('|= "z"', "--fail-on-match"), 0);
  assert.equal(await run('|= "z"', "--fail-on-empty"), 1);
  assert.equal((await lokits(["query", "{a=", "--stdin"])).code, 1);
  assert.equal((await lokits(["query", "{}", "--no-such-flag"])).code, 2);
  assert.equal((await lokits(["nope"])).code, 2);
  assert.equal((await lokits(["query", "--help"])).code, 0);
  assert.match((await lokits(["query", "{a=", "--stdin"])).stderr, /parse error at line 1, col 4/);
});

test("ingest writes old lines into a bucket at their own times, from text and from JSON", async () => {
  await inFolder(async (cwd) => {
    const text = "2021-03-04T05:06:07.123Z first\n  at stack\n2021-03-05T00:00:00Z second\n";
    await Bun.write(join(cwd, "old.log"), text);
    const run = await lokits(["ingest", "old.log", "--label", "app=old", "--store", "bucket"], {
      cwd,
    });
    assert.equal(run.code, 0, run.stderr);
    const query = ["query", '{app="old"}', "--forward", "-o", "jsonl", "--limit", "0"];
    const found = await lokits([...query, "--store", "bucket"], { cwd });
    assert.deepEqual(
      found.stdout
        .trimEnd()
        .split("\n")
        .map((line) => [JSON.parse(line).timestamp, JSON.parse(line).line]),
      [
        ["2021-03-04T05:06:07.123Z", "2021-03-04T05:06:07.123Z first"],
        ["2021-03-04T05:06:07.123000001Z", "  at stack"],
        ["2021-03-05T00:00:00Z", "2021-03-05T00:00:00Z second"],
      ],
    );
    const copied = await lokits(["ingest", "--from-json", "--store", "copy"], {
      cwd,
      stdin: found.stdout,
    });
    assert.equal(copied.code, 0, copied.stderr);
    assert.equal((await lokits([...query, "--store", "copy"], { cwd })).stdout, found.stdout);
  });
});
