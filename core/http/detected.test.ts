/** Detected labels and fields, through a whole server in memory (spec http-api §4.7, query-evaluation §10). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Served, type TestLine } from "../../fixtures/http/served.ts";
import type { Limits } from "../model/limits.ts";

async function given(lines: readonly TestLine[], limits: Partial<Limits> = {}): Promise<Served> {
  const served = await new Served({ limits }).start();
  await served.push({ app: "x", pod: "p1" }, lines);
  await served.push({ app: "x", pod: "p2" }, [[1, "plain"]]);
  await served.push({ app: "y", env: "prod" }, [[1, "plain"]]);
  return served;
}

interface Field {
  readonly label: string;
  readonly type: string;
  readonly cardinality: number;
  readonly parsers: readonly string[] | null;
  readonly jsonPath?: readonly string[];
}

async function fields(served: Served, params: Record<string, string>): Promise<Field[]> {
  const response = await served.get("detected_fields", params);
  assert.equal(response.status, 200, await response.clone().text());
  return ((await response.json()) as { fields: Field[] }).fields;
}

/** A field in few words: `took:duration:2:logfmt`. */
function short({ label, type, cardinality, parsers, jsonPath }: Field): string {
  const path = jsonPath === undefined ? [] : [jsonPath.join("/")];
  return [label, type, cardinality, parsers?.join("+") ?? "null", ...path].join(":");
}

test("detected_labels counts the values of each label", async () => {
  const served = await given([[1, "a"]]);
  const labels = async (params: Record<string, string>) =>
    await (await served.get("detected_labels", params)).text();
  assert.equal(
    await labels({}),
    '{"detectedLabels":[{"label":"app","cardinality":2},{"label":"env","cardinality":1},{"label":"pod","cardinality":2}]}\n',
  );
  assert.equal(
    await labels({ query: '{app="y"}' }),
    '{"detectedLabels":[{"label":"app","cardinality":1},{"label":"env","cardinality":1}]}\n',
  );
  assert.equal(await labels({ query: "{}" }), await labels({}));
  assert.equal(await labels({ start: "1", end: "2" }), '{"detectedLabels":[]}\n');
  const bad = await served.get("detected_labels", { query: "{" });
  assert.equal(bad.status, 400);
});

test("fields of JSON have their paths, those of logfmt do not", async () => {
  const served = await given([
    [1, '{"level":"info","http":{"status":200,"took":"15ms"},"size":"1.5MB","ok":true,"v":0.5}'],
    [2, '{"level":"error","http":{"status":500},"list":[1],"none":null,"ok":false,"v":1}'],
    [3, 'caller=main.go msg="a b" took=1s'],
    [4, "GET /a?b=c HTTP/1.1"],
  ]);
  const found = await fields(served, { query: '{pod="p1"}' });
  assert.deepEqual(found.map(short), [
    "caller:string:1:logfmt",
    "http_status:int:2:json:http/status",
    "http_took:duration:1:json:http/took",
    "level:string:2:json:level",
    "msg:string:1:logfmt",
    "ok:boolean:2:json:ok",
    "size:bytes:1:json:size",
    "took:duration:1:logfmt",
    "v:float:2:json:v",
  ]);
});

test("the answer is Loki's, letter for letter", async () => {
  const served = await given([[1, "d=5s", { trace: "t" }]]);
  const response = await served.get("detected_fields", { query: '{pod="p1"}' });
  assert.equal(response.headers.get("content-type"), "application/json; charset=UTF-8");
  assert.equal(
    await response.text(),
    '{"fields":[{"label":"d","type":"duration","cardinality":1,"parsers":["logfmt"]},' +
      '{"label":"trace","type":"string","cardinality":1,"parsers":null}],"limit":1000}\n',
  );
});

test("metadata has no parsers, and names that streams have are marked", async () => {
  const served = await given([
    [1, '{"app":"inner","trace":"x"}', { trace: "t1" }],
    [2, "plain", { trace: "t2", span: "7" }],
  ]);
  const found = await fields(served, { query: '{pod="p1"}' });
  assert.deepEqual(found.map(short), [
    "app_extracted:string:1:json:app",
    "span:int:1:null",
    "trace:string:2:null",
    "trace_extracted:string:1:json:trace",
  ]);
});

test("a query that parses says which fields there are, and whose they are", async () => {
  const served = await given([
    [1, '{"a":"1","b":"2"}'],
    [2, "a=3 c=4"],
    [3, "took 15ms"],
  ]);
  const of = async (query: string) => (await fields(served, { query })).map(short);
  assert.deepEqual(await of('{pod="p1"} | json | a="1"'), ["a:int:1:json:a", "b:int:1:json:b"]);
  assert.deepEqual(await of('{pod="p1"} | json | logfmt | drop __error__, __error_details__'), [
    "a:int:2:json+logfmt:a",
    "b:int:1:json:b",
    "c:int:1:logfmt",
  ]);
  assert.deepEqual(await of('{pod="p1"} | pattern "took <d>"'), ["d:duration:1:pattern"]);
  assert.deepEqual(await of('{pod="p1"} |= "a=3" | label_format z="{{.pod}}"'), [
    "a:int:1:logfmt",
    "c:int:1:logfmt",
    "z:string:1:",
  ]);
});

test("a named field leads to the lines that it was named for", async () => {
  const served = await given([
    [1, '{"http":{"status":200},"u":"a b"}'],
    [2, "status=5 took=3ms"],
  ]);
  const all = await fields(served, { query: '{pod="p1"}' });
  assert.equal(all.length, 4);
  for (const { label, parsers, cardinality } of all) {
    const query = `{pod="p1"} | ${parsers![0]} | ${label}!=""`;
    const response = await served.get("query_range", { query });
    const { data } = (await response.json()) as { data: { result: { values: unknown[] }[] } };
    assert.equal(data.result.flatMap(({ values }) => values).length, cardinality, query);
  }
});

test("a field's values are sorted and within the limit", async () => {
  const served = await given([
    [1, "a=3"],
    [2, "a=1"],
    [3, "a=2"],
    [4, "a=1"],
  ]);
  const values = async (name: string, params: Record<string, string> = {}) => {
    const query = { query: '{pod="p1"}', ...params };
    return await (await served.get(`detected_field/${name}/values`, query)).text();
  };
  assert.equal(await values("a"), '{"values":["1","2","3"],"limit":1000}\n');
  assert.equal(await values("a", { limit: "2" }), '{"values":["1","2"],"limit":2}\n');
  assert.equal(await values("a", { line_limit: "1" }), '{"values":["1"],"limit":1000}\n');
  assert.equal(await values("b"), '{"values":[],"limit":1000}\n');
});

test("limits: of fields, of lines, and those of queries", async () => {
  const served = await given([[1, "a=1 b=2 c=3"]], {
    maxEntriesLimitPerQuery: 10,
    requiredLabels: ["app"],
  });
  const of = async (params: Record<string, string>) => {
    const response = await served.get("detected_fields", params);
    return [response.status, await response.text()];
  };
  const query = '{app="x", pod="p1"}';
  const two = await fields(served, { query, line_limit: "5", limit: "2" });
  assert.deepEqual(
    two.map(({ label }) => label),
    ["a", "b"],
  );
  const one = await fields(served, { query, line_limit: "5", field_limit: "1" });
  assert.equal(one.length, 1);
  assert.deepEqual(await of({ query, line_limit: "11" }), [
    400,
    "max entries limit per query exceeded, limit > max_entries_limit (11 > 10)",
  ]);
  assert.deepEqual(await of({ query: '{pod="p1"}', line_limit: "5" }), [
    400,
    "stream selector is missing required matchers [app], labels present in the query were [pod]",
  ]);
  assert.deepEqual(await of({ query: `rate(${query}[1m])`, line_limit: "5" }), [
    400,
    "only log selector is supported",
  ]);
  assert.deepEqual(await of({ query, line_limit: "0" }), [400, "limit must be a positive value"]);
  assert.deepEqual(await of({ query, start: "9", end: "1" }), [
    400,
    "end timestamp must not be before or equal to start time",
  ]);
});

test("lines that are nearly JSON cost nothing but their fields", async () => {
  const served = await given([
    [1, '{"a":1'],
    [2, `{"a":${"[".repeat(5000)}`],
    [3, "{}"],
    [4, '{"":1,"__proto__":{"x":1},"constructor":"c"}'],
  ]);
  const found = await fields(served, { query: '{pod="p1"}' });
  assert.deepEqual(found.map(short), [
    "__proto___x:int:1:json:__proto__/x",
    "constructor:string:1:json:constructor",
  ]);
});
