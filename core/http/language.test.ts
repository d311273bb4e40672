/**
 * What is beyond Loki 2.9.1, through a whole server in memory: stages and aggregations of our own, those
 * of 3.x that must be switched on, and labels told apart by where they came from.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Served, START } from "../../fixtures/http/served.ts";
import type { Limits } from "../model/limits.ts";

const AT = String(START + 60n * 10n ** 9n);

/** A shop's lines, in memory for the first half of the cases and in the bucket for the second. */
async function given(limits: Partial<Limits> = {}): Promise<readonly Served[]> {
  return await Promise.all(
    [false, true].map(async (flushed) => {
      const served = await new Served({ limits }).start();
      await served.push({ app: "shop" }, [
        [1, '{"user":"ann","cents":30,"items":["pen","ink"]}'],
        [2, '{"user":"bob","cents":5,"items":["pad"]}'],
        [3, '{"user":"ann","cents":7,"items":[]}'],
        [4, '{"user":"cid","cents":110,"items":["pen","pad","ink"]}'],
      ]);
      await served.push({ app: "till" }, [[5, '{"user":"dan","cents":8,"items":[]}']]);
      if (flushed) await served.flush();
      return served;
    }),
  );
}

interface Body {
  readonly data: {
    readonly encodingFlags?: readonly string[];
    readonly result: readonly {
      readonly stream: Record<string, string>;
      readonly values: readonly (readonly [string, string, Record<string, unknown>?])[];
      readonly metric: Record<string, string>;
      readonly value: readonly [number, string];
    }[];
  };
}

async function bodyOf(response: Response): Promise<Body["data"]> {
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return (JSON.parse(text) as Body).data;
}

/** Values of a label in the order of the stream of lines. */
async function listed(served: Served, query: string, label: string): Promise<string> {
  const params = { query, stream: "true", limit: "0", direction: "forward" };
  const response = await served.get("query_range", params);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  const lines = text.split("\n").filter((line) => line !== "");
  const values = lines.map((line) => {
    const { labels } = JSON.parse(line) as { labels: Record<string, string> };
    return labels[label] ?? "-";
  });
  return values.join(" ");
}

test("distinct, sort, first and last work on the lines of an answer and of a stream", async () => {
  const f = async (query: string, label: string, want: string) => {
    for (const served of await given()) {
      assert.equal(await listed(served, query, label), want, query);
      const params = { query, limit: "100", direction: "forward" };
      const { result } = await bodyOf(await served.get("query_range", params));
      const values = result.flatMap(({ stream, values: { length } }) =>
        Array.from({ length }, () => stream[label]!),
      );
      assert.deepEqual(values.sort(), want.split(" ").sort(), query);
    }
  };
  await f('{app="shop"} | json | distinct user', "user", "ann bob cid");
  await f('{app=~".+"} | json | distinct app', "app", "shop till");
  await f('{app="shop"} | json | sort by cents', "cents", "5 7 30 110");
  await f('{app="shop"} | json | sort by cents desc', "cents", "110 30 7 5");
  await f('{app=~".+"} | json | sort by user desc, cents', "cents", "8 110 5 7 30");
  await f('{app=~".+"} | json | first 2', "cents", "30 5");
  await f('{app=~".+"} | json | last 2', "cents", "110 8");
  await f('{app=~".+"} | json | distinct user | sort by cents desc | first 2', "cents", "110 30");
});

test("json --arrays descends into arrays, plain json leaves them out", async () => {
  for (const served of await given()) {
    const query = '{app="shop"} | json --arrays';
    assert.equal(await listed(served, query, "items_0"), "pen pad - pen");
    assert.equal(await listed(served, `${query} | items_2="ink"`, "user"), "cid");
    assert.equal(await listed(served, '{app="shop"} | json', "items_0"), "- - - -");
  }
});

test("count_distinct and approx_count_distinct count series", async () => {
  for (const served of await given()) {
    for (const op of ["count_distinct", "approx_count_distinct"]) {
      const inner = '(sum by (app, user) (count_over_time({app=~".+"} | json [1m])))';
      const { result } = await bodyOf(
        await served.get("query", { query: `${op} by (app) ${inner}`, time: AT }),
      );
      assert.deepEqual(
        result.map(({ metric, value }) => [metric["app"], value[1]]),
        [
          ["shop", "3"],
          ["till", "1"],
        ],
      );
    }
  }
});

test("approx_topk is known where shard_aggregations has it", async () => {
  const query = 'approx_topk(1, sum by (user) (count_over_time({app="shop"} | json [1m])))';
  for (const served of await given({ shardAggregations: ["approx_topk"] })) {
    const { result } = await bodyOf(await served.get("query", { query, time: AT }));
    assert.deepEqual(
      result.map(({ metric, value }) => [metric["user"], value[1]]),
      [["ann", "2"]],
    );
    const grouped = await served.get("query", {
      query: query.replace("approx_topk", "approx_topk by (app) "),
      time: AT,
    });
    assert.equal(grouped.status, 400);
  }
  for (const served of await given()) {
    const response = await served.get("query", { query, time: AT });
    assert.deepEqual(
      [response.status, await response.text()],
      [400, "parse error at line 1, col 1: syntax error: unexpected IDENTIFIER"],
    );
  }
});

test("variants are answered where enable_multi_variant_queries is on", async () => {
  const of = '({app="shop"} | json [1m])';
  const query = `variants(count_over_time${of}, sum(bytes_over_time${of})) of ${of}`;

  for (const served of await given({ enableMultiVariantQueries: true })) {
    const { result } = await bodyOf(await served.get("query", { query, time: AT }));
    const names = new Set(result.map(({ metric }) => metric["__variant__"]));
    assert.deepEqual([...names].sort(), ["0", "1"]);
  }
  for (const served of await given()) {
    const response = await served.get("query", { query, time: AT });
    assert.deepEqual(
      [response.status, (await response.text()).trimEnd()],
      [400, "multi variant queries are disabled for this instance"],
    );
  }
});

test("categorize-labels tells structured metadata and parsed labels from those of the stream", async () => {
  for (const flushed of [false, true]) {
    const served = await new Served().start();
    await served.push({ app: "shop" }, [
      [1, "user=ann", { trace: "t1" }],
      [2, "user=bob"],
      [3, "user=cid app=x", { trace: "t3", pod: "p" }],
    ]);
    if (flushed) await served.flush();
    const query = '{app="shop"} | logfmt';
    const params = { query, direction: "forward" };
    const flags = { "X-Loki-Response-Encoding-Flags": "categorize-labels" };
    const data = await bodyOf(await served.get("query_range", params, flags));
    assert.deepEqual(data.encodingFlags, ["categorize-labels"]);
    assert.equal(data.result.length, 1);
    assert.deepEqual(data.result[0]!.stream, { app: "shop" });
    assert.deepEqual(
      data.result[0]!.values.map(([, line, categories]) => [line, categories]),
      [
        ["user=ann", { structuredMetadata: { trace: "t1" }, parsed: { user: "ann" } }],
        ["user=bob", { parsed: { user: "bob" } }],
        [
          "user=cid app=x",
          {
            structuredMetadata: { pod: "p", trace: "t3" },
            parsed: { app_extracted: "x", user: "cid" },
          },
        ],
      ],
    );
    const plain = await bodyOf(await served.get("query_range", params));
    assert.equal(plain.encodingFlags, undefined);
    assert.deepEqual(
      plain.result
        .flatMap(({ stream, values }) => values.map(({ length }) => `${stream["user"]} ${length}`))
        .sort(),
      ["ann 2", "bob 2", "cid 2"],
    );
    const stream = await served.get(
      "query_range",
      { ...params, stream: "true", limit: "1" },
      flags,
    );
    assert.deepEqual(JSON.parse(await stream.text()), {
      labels: { app: "shop", trace: "t1", user: "ann" },
      structuredMetadata: { trace: "t1" },
      parsed: { user: "ann" },
      line: "user=ann",
      timestamp: "2023-11-14T22:13:21Z",
    });
  }
});
