/** `lokits ingest` from outside: times from fields, old lines in any order, chunks that lie in one day. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { inFolder, lokits } from "./testing/process.ts";

/** What a bucket has after the ingestion: times and lines, oldest first. */
async function given(
  file: string | Uint8Array,
  flags: readonly string[],
): Promise<{ shown: string; stderr: string; code: number; made: boolean }> {
  let result = { shown: "", stderr: "", code: 0, made: true };
  await inFolder(async (cwd) => {
    await writeFile(join(cwd, "a.log"), file);
    const place = ["--store", `file://${cwd}/bucket`];
    const done = await lokits(["ingest", "--label", "app=x", ...flags, ...place, "a.log"], { cwd });
    if (done.code !== 0) {
      const made = existsSync(join(cwd, "bucket"));
      result = { shown: "", stderr: done.stderr, code: done.code, made };
      return;
    }
    const query = ["query", '{app="x"}', "--forward", "--limit", "0", "-o", "jsonl", ...place];
    const found = await lokits(query, { cwd });
    const shown = found.stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as { timestamp: string; line: string })
      .map(({ timestamp, line }) => `${timestamp} ${line}`);
    result = { shown: shown.join("\n"), stderr: done.stderr, code: 0, made: true };
  });
  return result;
}

test("the time of a line is that of the field, in JSON and logfmt, at any age", async () => {
  const lines = [
    '{"msg":"c","event":{"at":1120000000000000003}}',
    '{"msg":"a","event":{"at":"1120000000000000001"}}',
    "event.at=1120000000000000002 msg=b",
  ];
  const flags = ["--timestamp-field", "event.at", "--timestamp-format", "UnixNs"];
  const { shown, stderr } = await given(`${lines.join("\n")}\n`, flags);
  assert.deepEqual(
    shown.split("\n").map((line) => line.replace(/ .*/, "")),
    [
      "2005-06-28T23:06:40.000000001Z",
      "2005-06-28T23:06:40.000000002Z",
      "2005-06-28T23:06:40.000000003Z",
    ],
  );
  assert.match(stderr, /^3 lines ingested$/m);
  assert.doesNotMatch(stderr, /warning/);
});

test("a line without a readable time comes after the one before, and is told", async () => {
  const lines = ["ts=2001-02-03T04:05:06Z n=1", "ts=soon n=2", "n=3", ""];
  const flags = ["--timestamp-field", "ts", "--timestamp-format", "RFC3339"];
  const { shown, stderr } = await given(lines.join("\n"), flags);
  assert.equal(
    shown,
    [
      "2001-02-03T04:05:06Z ts=2001-02-03T04:05:06Z n=1",
      "2001-02-03T04:05:06.000000001Z ts=soon n=2",
      "2001-02-03T04:05:06.000000002Z n=3",
    ].join("\n"),
  );
  assert.match(
    stderr,
    /warning: 2 of 3 lines have no readable time: 2 come after the line before, the first: ts=soon n=2\n/,
  );
});

test("a field that no line has ends the run before anything is written", async () => {
  const lines = Array.from({ length: 20_000 }, (_, n) => `ts=2001-02-03T04:05:06Z n=${n}`);
  const { stderr, code, made } = await given(lines.join("\n"), ["--timestamp-field", "nope"]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /none of the first \d+ lines has a time .* in --timestamp-field nope, nothing/,
  );
  assert.equal(made, false);
  const few = await given("a\nb\n", ["--timestamp-field", "ts"]);
  assert.deepEqual([few.code, few.made], [1, false]);
  const late = await given("n=1\nn=2\nts=2001-02-03T04:05:06Z n=3\nn=4", [
    ...["--timestamp-field", "ts"],
  ]);
  assert.match(
    late.stderr,
    /warning: 3 of 4 lines have no readable time: 1 come after the line before, 2 have the time when their text was changed, the first: n=1\n/,
  );
});

test("a compressed file is unpacked on the way; a layout reads what is no ISO time", async () => {
  const file = gzipSync("at=03/Feb/2001:04:05:06 n=1\nat=02/Feb/2001:04:05:06 n=2\n");
  const flags = ["--timestamp-field", "at", "--timestamp-format", "02/Jan/2006:15:04:05"];
  const { shown } = await given(file, flags);
  assert.match(shown, /^2001-02-02T04:05:06Z .* n=2\n2001-02-03T04:05:06Z .* n=1$/);
});

test("flags that cannot be meant are refused before anything is read", async () => {
  const f = async (flags: readonly string[], message: RegExp) => {
    const { code, stderr } = await given("x\n", flags);
    assert.equal(code, 2);
    assert.match(stderr, message);
  };
  await f(["--timestamp-format", "Unix"], /--timestamp-format needs the --timestamp-field/);
  await f(
    ["--timestamp-field", "ts", "--timestamp-format", "iso"],
    /--timestamp-format is "iso", want a layout such as .* or one of ANSIC, /,
  );
});
