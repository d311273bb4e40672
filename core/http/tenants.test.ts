/** Several tenants asked as one, through a whole server in memory (spec http-api §1.1). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Served, type ServedOptions } from "../../fixtures/http/served.ts";

const HTTP = { authEnabled: true, multiTenantQueries: true };

async function given(options: ServedOptions = {}): Promise<Served> {
  const served = await new Served({ http: HTTP, ...options }).start();
  await served.push(
    { app: "x" },
    [
      [1, "one"],
      [2, "two"],
    ],
    "a",
  );
  await served.push({ app: "x" }, [[1, "uno"]], "b");
  await served.flush();
  await served.push({ app: "y", __tenant_id__: "own" }, [[3, "tre"]], "b");
  return served;
}

async function asked(
  served: Served,
  path: string,
  params: Readonly<Record<string, string>>,
  tenants = "a|b",
): Promise<unknown> {
  const response = await served.get(path, params, { "X-Scope-OrgID": tenants });
  const text = await response.text();
  if (response.status !== 200) return [response.status, text.trimEnd()];
  return (JSON.parse(text) as { data: unknown }).data;
}

interface Streams {
  readonly result: readonly {
    readonly stream: Record<string, string>;
    readonly metric: Record<string, string>;
    readonly value: readonly [number, string];
    readonly values: readonly (readonly [string, string])[];
  }[];
}

async function lines(served: Served, query: string, tenants?: string): Promise<unknown> {
  const data = (await asked(served, "query_range", { query }, tenants)) as Streams;
  return data.result
    .flatMap(({ stream, values }) => values.map(([, line]) => [stream["__tenant_id__"], line]))
    .sort();
}

test("each line says whose it is, and a selector may ask for that", async () => {
  const served = await given();
  assert.deepEqual(await lines(served, '{app="x"}'), [
    ["a", "one"],
    ["a", "two"],
    ["b", "uno"],
  ]);
  assert.deepEqual(await lines(served, '{app="x", __tenant_id__="b"}'), [["b", "uno"]]);
  assert.deepEqual(await lines(served, '{app="x", __tenant_id__!~"a.*"}'), [["b", "uno"]]);
  assert.deepEqual(await lines(served, '{__tenant_id__="a"}'), [
    ["a", "one"],
    ["a", "two"],
  ]);
  assert.deepEqual(await lines(served, '{app="x", __tenant_id__="c"}'), []);
  assert.deepEqual(await lines(served, '{app="x"}', "b"), [[undefined, "uno"]]);
});

test("a label of that name is kept under another", async () => {
  const served = await given();
  const data = (await asked(served, "query_range", { query: '{app="y"}' })) as Streams;
  assert.deepEqual(data.result[0]!.stream, {
    ...{ __tenant_id__: "b", app: "y", original___tenant_id__: "own" },
  });
});

test("metrics keep tenants apart and add them up", async () => {
  const served = await given();
  const time = String(1_700_000_060n * 10n ** 9n);
  const values = async (query: string) => {
    const data = (await asked(served, "query", { query, time })) as Streams;
    return data.result.map(({ metric, value }) => [metric["__tenant_id__"], value[1]]);
  };
  assert.deepEqual(await values('count_over_time({app="x"}[1m])'), [
    ["a", "2"],
    ["b", "1"],
  ]);
  assert.deepEqual(await values('sum(count_over_time({app="x"}[1m]))'), [[undefined, "3"]]);
});

test("labels, values and series of all tenants", async () => {
  const served = await given();
  assert.deepEqual(await asked(served, "labels", {}), [
    "__tenant_id__",
    "app",
    "original___tenant_id__",
  ]);
  assert.deepEqual(await asked(served, "label/__tenant_id__/values", {}), ["a", "b"]);
  assert.deepEqual(await asked(served, "label/app/values", {}), ["x", "y"]);
  assert.deepEqual(await asked(served, "series", { "match[]": '{app="x"}' }), [
    { __tenant_id__: "a", app: "x" },
    { __tenant_id__: "b", app: "x" },
  ]);
  assert.deepEqual(await asked(served, "labels", {}, "a"), ["app"]);
});

test("the strictest limits of the tenants hold", async () => {
  const served = await given({
    tenants: { a: { maxEntriesLimitPerQuery: 50 }, b: { maxEntriesLimitPerQuery: 10 } },
  });
  assert.deepEqual(await asked(served, "query_range", { query: '{app="x"}', limit: "11" }), [
    400,
    "max entries limit per query exceeded, limit > max_entries_limit (11 > 10)",
  ]);
});
