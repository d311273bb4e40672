/** Explained queries through a whole server in memory: what the index promises, and what was done. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Served, START, type TestLine } from "../../fixtures/http/served.ts";

const AT = String(START + 100n * 10n ** 9n);

async function given(flushed: boolean): Promise<Served> {
  const served = await new Served().start();
  for (const app of ["a", "b"]) {
    const lines = Array.from(
      { length: 100 },
      (_, second): TestLine => [second, `level=${second % 4 === 0 ? "error" : "info"} n=${second}`],
    );
    await served.push({ app }, lines);
  }
  if (flushed) await served.flush();
  return served;
}

async function textOf(served: Served, params: Record<string, string>): Promise<string[]> {
  const response = await served.get("explain", params);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  assert.equal(response.headers.get("content-type"), "text/plain; charset=utf-8");
  return text.trimEnd().split("\n");
}

test("explain prints the plan and what the index knows, and reads nothing", async () => {
  const served = await given(true);
  const query = '{app="a"} |= "error" | logfmt';
  const [head, ...lines] = await textOf(served, { query, limit: "5" });
  assert.equal(head, "5 lines backward");
  assert.deepEqual(lines.slice(0, 3), [
    "  | logfmt",
    '  |= "error"',
    '  scan {app="a"} from 2023-11-14T22:13:20Z before 2023-11-14T23:13:20Z',
  ]);
  assert.match(lines[3]!, /^ {4}would read 1 streams, [1-9]\d* chunks, 100 lines, .*B$/);
  assert.equal(lines.length, 4);
});

test("analyze prints the lines that each stage left, and the answer's size", async () => {
  for (const flushed of [false, true]) {
    const served = await given(flushed);
    const query = '{app=~".+"} |= "error" | logfmt | n >= 80';
    const lines = await textOf(served, { query, analyze: "true" });
    const seen = lines.map((line) => line.replace(/\d+\.\d+ms/g, "_ms"));
    assert.match(seen[6]!, /^ {4}did read 2 streams, [1-9]\d* chunks, \d+ blocks, 200 lines, /);
    assert.equal(
      seen[7],
      '    200 lines in time, 50 after |= "error", 50 after | logfmt, 10 after | n>=80',
    );
    assert.equal(seen[8], "gave 10 lines in _ms");
  }
});

test("each scan of a metric query is told by itself", async () => {
  const served = await given(true);
  const query =
    'sum(count_over_time({app="a"} |= "error" [1m])) / sum(count_over_time({app="b"}[1m]))';
  const lines = await textOf(served, { query, time: AT, analyze: "true" });
  const told = lines.filter((line) => /would read|did read|in time/.test(line));
  assert.deepEqual(
    told.map((line) => (line.includes("in time") ? line : line.split(",")[0]!).trim()),
    ["would read 1 streams", "did read 1 streams", '59 lines in time, 14 after |= "error"'].concat([
      "would read 1 streams",
      "did read 1 streams",
      "59 lines in time",
    ]),
  );
});

test("explain answers in JSON to those who want it", async () => {
  const served = await given(false);
  const params = { query: 'rate({app="a"}[1m])', analyze: "true" };
  for (const [more, headers] of [
    [{ format: "json" }, {}],
    [{}, { Accept: "application/json" }],
  ] as const) {
    const response = await served.get("explain", { ...params, ...more }, headers);
    assert.match(response.headers.get("content-type")!, /^application\/json/);
    const { status, data } = (await response.json()) as { status: string; data: Explained };
    assert.equal(status, "success");
    assert.equal(data.plan.kind, "metric");
    assert.deepEqual(
      data.estimates.map(({ streams, entries }) => [streams, entries]),
      [[1, 100]],
    );
    assert.equal(data.analysis.scans[0]!.lines, 100);
    assert.equal(data.analysis.found, "1 series");
    assert.match(data.text, /^\d+ steps of 14s from /);
  }
});

interface Explained {
  readonly text: string;
  readonly plan: { readonly kind: string };
  readonly estimates: readonly { readonly streams: number; readonly entries: number }[];
  readonly analysis: { readonly found: string; readonly scans: readonly { lines: number }[] };
}

test("a query that is none is refused as everywhere", async () => {
  const served = await given(false);
  const response = await served.get("explain", { query: "{" });
  assert.equal(response.status, 400);
  assert.match(await response.text(), /^parse error at line 1, col 2: /);
});
