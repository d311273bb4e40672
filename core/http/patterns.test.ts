/** Patterns over HTTP, from a push to the filter that finds the lines again (spec http-api §4.7). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Served, START, type TestLine } from "../../fixtures/http/served.ts";
import { quote } from "../golang/quote.ts";

const LINES: readonly TestLine[] = [
  [1, 'level=info msg="GET /cart" took=12ms'],
  [2, 'level=info msg="PUT /pay" took=3ms'],
  [14, 'level=error msg="<b>broken</b> \\"x\\"" code=7'],
  [15, '{"level":"warn","user":"ann","n":1}'],
  [16, '{"level":"warn","user":"bob","n":2}'],
];

interface Pattern {
  readonly pattern: string;
  readonly level: string;
  readonly samples: readonly (readonly [number, number])[];
}

async function given(): Promise<Served> {
  const served = await new Served({ patterns: true }).start();
  await served.push({ app: "x" }, LINES);
  return served;
}

async function patterns(served: Served, params: Record<string, string>): Promise<Pattern[]> {
  const response = await served.get("patterns", params);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return (JSON.parse(text) as { data: Pattern[] }).data;
}

test("the answer is Loki's, letter for letter", async () => {
  const served = await given();
  const response = await served.get("patterns", { query: '{app="x"}', step: "10s" });
  assert.equal(response.headers.get("content-type"), "application/json; charset=UTF-8");
  assert.equal(
    await response.text(),
    '{"status":"success","data":[' +
      '{"pattern":"level=info msg=\\"\\u003c_\\u003e \\u003c_\\u003e\\" took=\\u003c_\\u003e","level":"info","samples":[[1700000000,2]]},' +
      '{"pattern":"{\\"level\\":\\"warn\\",\\"user\\":\\"\\u003c_\\u003e\\",\\"n\\":\\u003c_\\u003e}","level":"warn","samples":[[1700000010,2]]},' +
      '{"pattern":"level=error msg=\\"\\u003c_\\u003e \\\\\\"x\\\\\\"\\" code=\\u003c_\\u003e","level":"error","samples":[[1700000010,1]]}' +
      "]}\n",
  );
});

test("the filter of each pattern finds as many lines as were counted", async () => {
  const served = await given();
  for (const { pattern, samples } of await patterns(served, { query: '{app="x"}' })) {
    const query = `{app="x"} |> ${quote(pattern)}`;
    const response = await served.get("query_range", { query });
    const { data } = (await response.json()) as { data: { result: { values: unknown[] }[] } };
    const lines = data.result.flatMap(({ values }) => values).length;
    assert.equal(
      lines,
      samples.reduce((sum, [, count]) => sum + count, 0),
      query,
    );
  }
});

test("steps, bounds and selectors", async () => {
  const served = await given();
  const samples = async (params: Record<string, string>) =>
    (await patterns(served, { query: '{app="x"}', ...params })).map((each) => each.samples);
  assert.deepEqual(await samples({ step: "60s" }), [
    [[1_699_999_980, 2]],
    [[1_699_999_980, 2]],
    [[1_699_999_980, 1]],
  ]);
  assert.deepEqual(await samples({ step: "10s", end: String(START + 9_000_000_000n) }), [
    [[1_700_000_000, 2]],
  ]);
  assert.deepEqual(await patterns(served, { query: '{app="y"}' }), []);
  assert.equal((await patterns(served, { query: '{app=~".+"} |= "x" | json' })).length, 3);
});

test("what is refused, and a server without patterns", async () => {
  const served = await given();
  const of = async (params: Record<string, string>, from = served) => {
    const response = await from.get("patterns", params);
    return [response.status, await response.text()];
  };
  assert.deepEqual(await of({ query: 'rate({app="x"}[1m])' }), [
    400,
    "only log selector is supported",
  ]);
  assert.deepEqual(await of({ query: '{app="x"}', start: "2", end: "1" }), [
    400,
    "end timestamp must not be before or equal to start time",
  ]);
  assert.equal((await of({ query: "" }))[0], 400);
  const without = await new Served().start();
  assert.deepEqual(await of({ query: '{app="x"}' }, without), [404, "not found"]);
});

test("lines that were refused make no patterns", async () => {
  const served = await new Served({
    patterns: true,
    limits: { perStreamRateLimit: 10, perStreamRateLimitBurst: 10 },
  }).start();
  await assert.rejects(
    served.push({ app: "x" }, [
      [1, "one"],
      [2, "this is far too much"],
    ]),
  );
  const found = await patterns(served, { query: '{app="x"}' });
  assert.deepEqual(
    found.map(({ pattern }) => pattern),
    ["one"],
  );
});
