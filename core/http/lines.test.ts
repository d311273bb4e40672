/**
 * Lines without end and by pages, through a whole server in memory: streams of JSON lines, cursors,
 * lines of context. Every question is asked before and after the lines went to the bucket.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Served, START, type TestLine } from "../../fixtures/http/served.ts";
import { SINGLE_TENANT } from "../model/tenant.ts";
import type { LinesRequest } from "../ports/query-service.ts";
import { settle } from "../sim/clock.ts";

interface Wire {
  readonly labels?: Record<string, string>;
  readonly line?: string;
  readonly timestamp?: string;
  readonly group?: number;
  readonly match?: boolean;
  readonly error?: string;
  readonly cursor?: string;
}

const SECONDS = 400;

/** Two streams, a line a second each, at the same moments. */
async function given(flushed: boolean): Promise<Served> {
  const served = await new Served().start();
  for (const app of ["a", "b"]) {
    const lines = Array.from(
      { length: SECONDS },
      (_, second): TestLine => [second, `${app} n=${String(second).padStart(3, "0")}`],
    );
    await served.push({ app }, lines);
  }
  if (flushed) await served.flush();
  return served;
}

async function linesOf(response: Response): Promise<Wire[]> {
  const text = await response.text();
  assert.equal(response.status, 200, text);
  assert.equal(response.headers.get("content-type"), "application/x-ndjson");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Wire);
}

const PLACES = [
  ["memory", false],
  ["the bucket", true],
] as const;

for (const [place, flushed] of PLACES) {
  test(`stream=true gives every line in order from ${place}`, async () => {
    const served = await given(flushed);
    for (const direction of ["forward", "backward"]) {
      const params = { query: '{app=~".+"}', limit: "0", stream: "true", direction };
      const lines = await linesOf(await served.get("query_range", params));
      assert.equal(lines.length, 2 * SECONDS);
      const times = lines.map(({ timestamp }) => Date.parse(timestamp!));
      const sorted = times.toSorted((a, b) => (direction === "forward" ? a - b : b - a));
      assert.deepEqual(times, sorted);
      assert.equal(new Set(lines.map(({ line }) => line)).size, 2 * SECONDS);
    }
    const few = { query: '{app="a"}', limit: "2", stream: "true", direction: "forward" };
    assert.deepEqual(await linesOf(await served.get("query_range", few)), [
      { labels: { app: "a" }, line: "a n=000", timestamp: "2023-11-14T22:13:20Z" },
      { labels: { app: "a" }, line: "a n=001", timestamp: "2023-11-14T22:13:21Z" },
    ]);
  });

  test(`pages by cursor give what one answer gives, from ${place}`, async () => {
    const served = await given(flushed);
    for (const direction of ["forward", "backward"]) {
      const query = { query: '{app=~".+"} |~ "[02468]$"', direction };
      const whole = { ...query, limit: "1000", stream: "true" };
      const wanted = (await linesOf(await served.get("query_range", whole))).map(
        ({ line }) => line,
      );
      // 7 ends pages between the two lines of one moment.
      for (const limit of ["7", "100"]) {
        const seen: string[] = [];
        let cursor: string | undefined = "true";
        while (cursor !== undefined) {
          const params = { ...query, limit, cursor };
          const response = await served.get("query_range", params);
          const body = (await response.json()) as PageBody;
          const page = body.data.result.flatMap(({ stream, values }) =>
            values.map(([time, line]) => ({ time: BigInt(time), app: stream["app"]!, line })),
          );
          assert.ok(page.length <= Number(limit));
          seen.push(...page.map(({ line }) => line));
          cursor = body.data.cursor;
        }
        assert.deepEqual(seen.toSorted(), wanted.toSorted(), `${direction}, ${limit} a page`);
      }
    }
  });

  test(`streams give cursors too, from ${place}`, async () => {
    const served = await given(flushed);
    const query = { query: '{app=~".+"}', stream: "true", direction: "backward" };
    const seen: string[] = [];
    let cursor: string | undefined = "true";
    while (cursor !== undefined) {
      const lines = await linesOf(
        await served.get("query_range", { ...query, limit: "97", cursor }),
      );
      seen.push(...lines.flatMap(({ line }) => line ?? []));
      cursor = lines.at(-1)?.cursor;
    }
    const all = await linesOf(await served.get("query_range", { ...query, limit: "0" }));
    assert.deepEqual(
      seen,
      all.map(({ line }) => line),
    );
  });

  test(`context gives a line's neighbours of its stream, from ${place}`, async () => {
    const served = await given(flushed);
    const ask = async (params: Record<string, string>) => {
      const response = await served.get("context", params);
      if (response.status !== 200) return [response.status, await response.text()];
      const { data } = (await response.json()) as PageBody;
      return data.result.map(({ values }) => values.map(([, line]) => line));
    };
    const at = (second: number) => String(START + BigInt(second) * 10n ** 9n);
    const query = '{app=~".+"}';
    const one = { query, time: at(100), line: "b n=100", before: "2", after: "1" };
    assert.deepEqual(await ask(one), [["b n=098", "b n=099", "b n=100", "b n=101"]]);
    const both = { query, time: at(0), before: "2", after: "1" };
    assert.deepEqual(await ask(both), [
      ["a n=000", "a n=001"],
      ["b n=000", "b n=001"],
    ]);
    for (const time of [at(100).slice(0, -9), `${at(100).slice(0, -9)}.000`])
      assert.deepEqual(await ask({ ...one, time }), await ask(one), `time=${time}`);
    const last = { query: '{app="a"}', time: at(SECONDS - 1) };
    const [lines] = (await ask(last)) as string[][];
    assert.deepEqual([lines!.length, lines![0], lines!.at(-1)], [11, "a n=389", "a n=399"]);
    assert.deepEqual(await ask({ query, time: at(1000) }), [404, `no such line at ${at(1000)}\n`]);
    assert.deepEqual(await ask({ ...one, before: "1001" }), [
      400,
      "too many lines of context (before: 1001, limit: 1000)\n",
    ]);
    assert.deepEqual(await ask({ query }), [
      400,
      "time is missing, want the nanoseconds of a line",
    ]);
  });

  test(`before and after give groups as grep does, from ${place}`, async () => {
    const served = await given(flushed);
    const groups = async (params: Record<string, string>) => {
      const wire = await linesOf(
        await served.get("query_range", { stream: "true", limit: "0", ...params }),
      );
      const byGroup = new Map<number, string[]>();
      for (const { group, match, line } of wire) {
        const text = `${match ? ":" : "-"}${line!.replace(" n=", "")}`;
        byGroup.set(group!, [...(byGroup.get(group!) ?? []), text]);
      }
      return [...byGroup.values()].map((lines) => lines.join(" ")).sort();
    };
    const query = '{app="a"} |~ "00[05]|099|100|104$"';
    const forward = { query, direction: "forward" };
    assert.deepEqual(await groups({ ...forward, before: "1", after: "1" }), [
      "-a004 :a005 -a006",
      "-a098 :a099 :a100 -a101",
      "-a103 :a104 -a105",
      ":a000 -a001",
    ]);
    // Two groups that touch are one.
    assert.deepEqual(await groups({ ...forward, before: "1", after: "2" }), [
      "-a004 :a005 -a006 -a007",
      "-a098 :a099 :a100 -a101 -a102 -a103 :a104 -a105 -a106",
      ":a000 -a001 -a002",
    ]);
    // Before is before in time, whichever way the lines come.
    assert.deepEqual(await groups({ query, direction: "backward", before: "2" }), [
      ":a000",
      ":a005 -a004 -a003",
      ":a100 :a099 -a098 -a097",
      ":a104 -a103 -a102",
    ]);
    // A limit counts lines that match, and takes the first of them in time.
    const two = { query: '{app=~".+"} |= "n=1"', direction: "forward", limit: "2", after: "1" };
    assert.deepEqual(await groups(two), [":a100 -a101", ":b100 -b101"]);
  });
}

interface PageBody {
  readonly data: {
    readonly result: {
      readonly stream: Record<string, string>;
      readonly values: readonly (readonly [string, string])[];
    }[];
    readonly cursor?: string;
  };
}

test("a client that takes its time holds up the scan, one that leaves ends it", async () => {
  const served = await new Served().start();
  const lines = Array.from(
    { length: 600 },
    (_, second): TestLine => [second, `${second} ${"x".repeat(4096)}`],
  );
  await served.push({ app: "a" }, lines);
  await served.flush();
  const request: LinesRequest = {
    kind: "range",
    query: '{app="a"}',
    start: START,
    end: START + 10n ** 13n,
    stepMs: 10_000,
    interval: 0n,
    limit: Number.POSITIVE_INFINITY,
    direction: "forward",
  };
  const leaving = new AbortController();
  const { batches, scan } = served.querier.lines([SINGLE_TENANT], request, leaving.signal);
  const iterator = batches[Symbol.asyncIterator]();
  assert.equal(scan.decompressedLines, 0);
  const { length } = (await iterator.next()).value!;
  assert.ok(length < 150, `${length} lines at once`);
  await settle();
  assert.ok(scan.decompressedLines < 200, `${scan.decompressedLines} lines read`);
  leaving.abort(new DOMException("gone", "AbortError"));
  await assert.rejects(iterator.next(), /gone/);

  const params = { query: '{app="a"}', limit: "0", stream: "true" };
  const reader = (await served.get("query_range", params)).body!.getReader();
  assert.ok((await reader.read()).value!.length > 100_000);
  await reader.cancel();
});

test("what streams and cursors are refused with", async () => {
  const served = await given(false);
  const refusal = async (params: Record<string, string>) => {
    const response = await served.get("query_range", { query: '{app="a"}', ...params });
    return [response.status, (await response.text()).trimEnd()];
  };
  assert.deepEqual(await refusal({ limit: "0" }), [400, "limit must be a positive value"]);
  assert.deepEqual(await refusal({ limit: "-1", stream: "true" }), [
    400,
    "limit must be a positive value",
  ]);
  assert.deepEqual(await refusal({ query: "1+1", stream: "true" }), [
    400,
    "only log queries have lines",
  ]);
  assert.deepEqual(await refusal({ cursor: "zzz" }), [400, 'cursor "zzz" is not one of ours']);
  assert.deepEqual(await refusal({ cursor: "x".repeat(200) }), [
    400,
    "cursor has 200 characters, want at most 128",
  ]);
  const page = await served.get("query_range", { query: '{app="a"}', limit: "5", cursor: "true" });
  const { cursor } = ((await page.json()) as PageBody).data;
  assert.deepEqual(await refusal({ cursor: cursor!, direction: "forward" }), [
    400,
    "cursor is not of a forward query",
  ]);
  assert.deepEqual(await refusal({ cursor: cursor!, query: '{app="b"}' }), [
    400,
    "cursor is of another query",
  ]);
  assert.deepEqual(await refusal({ cursor: cursor!, end: String(START + 10n) }), [
    400,
    `cursor is at ${START + 395n * 10n ** 9n}, outside of the time asked for`,
  ]);
  assert.deepEqual(await refusal({ cursor: "true", interval: "5s" }), [
    400,
    "a cursor cannot go with an interval",
  ]);
  assert.deepEqual(await refusal({ cursor: "true", query: '{app="a"} | first 3' }), [
    400,
    "a cursor cannot go with | first",
  ]);
  assert.deepEqual(await refusal({ before: "1", stream: "true", query: '{app="a"} | first 3' }), [
    400,
    "lines of context cannot go with | first",
  ]);
});

test("an answer without a cursor asked for has none", async () => {
  const served = await given(false);
  const response = await served.get("query_range", { query: '{app="a"}', limit: "5" });
  const { data } = (await response.json()) as PageBody;
  assert.deepEqual(Object.keys(data), ["resultType", "result", "stats"]);
});
