/** Sizes of what is in memory only: statistics, volumes and the limit on bytes (spec http-api §4.5, §4.6, §4.10). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Served } from "../../fixtures/http/served.ts";

const LINE = "x".repeat(40);
const SELECTOR = { query: '{app="a"}' };

async function given(lines: number, maxQueryBytesRead = 0): Promise<Served> {
  const served = await new Served({ limits: { volumeEnabled: true, maxQueryBytesRead } }).start();
  if (lines > 0) {
    await served.push(
      { app: "a" },
      Array.from({ length: lines }, (_, second) => [second, LINE] as const),
    );
  }
  return served;
}

async function json(served: Served, path: string, params: Readonly<Record<string, string>> = {}) {
  const response = await served.get(path, { ...SELECTOR, ...params });
  assert.equal(response.status, 200);
  return (await response.json()) as { data: { resultType: string; result: unknown[] } };
}

test("a small stream in memory weighs what its lines weigh", async () => {
  const served = await given(2);
  const stats: unknown = await json(served, "index/stats");
  assert.deepEqual(stats, { streams: 1, chunks: 1, bytes: 80, entries: 2 });
  const [sample] = (await json(served, "index/volume")).data.result as { value: unknown[] }[];
  assert.equal(sample!.value[1], "80");
});

test("of a small stream that lies partly outside its share counts", async () => {
  // Three lines over two seconds, of which the first is asked for.
  const end = String(1_700_000_001_000_000_000n);
  const start = String(1_699_999_000_000_000_000n);
  const stats: unknown = await json(await given(3), "index/stats", { start, end });
  assert.deepEqual(stats, { streams: 1, chunks: 1, bytes: 60, entries: 1 });
});

test("max_query_bytes_read looks at the bytes of small streams", async () => {
  const ask = async (limit: number) => (await given(2, limit)).get("query_range", SELECTOR);
  const refused = await ask(79);
  assert.equal(refused.status, 400);
  assert.match(await refused.text(), /^the query would read too many bytes \(query: 80 B, limit: /);
  assert.equal((await ask(80)).status, 200);
});

test("volumes of a time without data are a vector, with data a matrix", async () => {
  const range = { step: "60" };
  const { data: none } = await json(await given(0), "index/volume_range", range);
  assert.deepEqual([none.resultType, none.result], ["vector", []]);
  const { data: some } = await json(await given(2), "index/volume_range", range);
  assert.deepEqual([some.resultType, some.result.length], ["matrix", 1]);
});
