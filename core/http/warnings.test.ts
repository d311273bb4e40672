/**
 * Answers over a bucket with bad objects: the rest is there, the bad ones are named, and `strict=true`
 * makes an error of it. Through a whole server in memory.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Served, START } from "../../fixtures/http/served.ts";
import { Corrupt } from "../model/errors.ts";
import { addWarning } from "../model/stats.ts";
import { refuseWarnings, WARNINGS_HEADER, warningHeaders } from "./warnings.ts";

const LINES = 12;

/** Streams `a` and `b` in the bucket, each of one chunk or more, and what harm is done there. */
async function given(
  harm: (bytes: Uint8Array) => Uint8Array | undefined,
  target: "chunk" | "index",
): Promise<{ served: Served; bad: string }> {
  const served = await new Served({ limits: { volumeEnabled: true } }).start();
  for (const app of ["a", "b"]) {
    const at = (second: number) => [second, `${app} ${second}`] as const;
    await served.push(
      { app },
      Array.from({ length: LINES }, (_, second) => at(second)),
    );
    await served.flush();
  }
  const all = await Array.fromAsync(served.objects.list(""));
  const keys = all.map(({ key }) => key).filter((key) => isIndex(key) === (target === "index"));
  const bad = keys[0]!;
  const bytes = harm((await served.objects.get(bad))!);
  if (bytes === undefined) await served.objects.delete(bad);
  else await served.objects.put(bad, bytes);
  return { served, bad };
}

const isIndex = (key: string) => key.startsWith("index/");

const HARMS: readonly (readonly [string, (bytes: Uint8Array) => Uint8Array | undefined])[] = [
  ["empty", () => new Uint8Array(0)],
  ["cut in half", (bytes) => bytes.slice(0, bytes.length >> 1)],
  ["without its last byte", (bytes) => bytes.slice(0, -1)],
  ["with a flipped bit", (bytes) => flipped(bytes, bytes.length >> 1)],
  ["of other bytes", (bytes) => new Uint8Array(bytes.length).fill(0x61)],
  ["missing", () => undefined],
];

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at]! ^= 4;
  return copy;
}

const RANGE = { query: '{app=~".+"}', limit: "1000" };
const COUNT = 'sum by (app) (count_over_time({app=~".+"}[1h]))';
const INSTANT = { query: COUNT, time: String(START + 3_600_000_000_000n) };

interface Body {
  readonly warnings?: string[];
  readonly data: {
    readonly result: { values: unknown[] }[];
    readonly stats: { readonly warnings?: string[] };
  };
}

for (const [name, harm] of HARMS) {
  test(`a chunk ${name} costs its own lines and is named in header, body and stats`, async () => {
    const { served, bad } = await given(harm, "chunk");
    for (const [path, params] of [
      ["query_range", RANGE],
      ["query", INSTANT],
      ["query_range", { query: COUNT, step: "3600" }],
    ] as const) {
      const response = await served.get(path, params);
      assert.equal(response.status, 200);
      const header = response.headers.get(WARNINGS_HEADER) ?? "";
      assert.match(header, /^\d+; /);
      assert.ok(header.includes(bad), header);
      const { warnings = [], data } = (await response.json()) as Body;
      assert.ok(warnings[0]?.includes(bad), String(warnings));
      assert.deepEqual(data.stats.warnings, warnings);
      assert.equal(Object.keys(data.stats).at(-1), "warnings");
      assert.ok(data.result.length > 0, `${path} gives the rest`);
    }
  });

  test(`strict=true refuses an answer without a chunk ${name}`, async () => {
    const { served, bad } = await given(harm, "chunk");
    for (const [path, params] of [
      ["query_range", RANGE],
      ["query", INSTANT],
      ["query_range", { ...RANGE, limit: "0", stream: "true" }],
    ] as const) {
      const response = await served.get(path, { ...params, strict: "true" });
      const text = await response.text();
      if (response.status === 200) {
        const last = text.trimEnd().split("\n").at(-1)!;
        assert.ok((JSON.parse(last) as { error: string }).error.includes(bad), text);
      } else {
        assert.equal(response.status, 500, text);
        assert.ok(text.includes(bad), text);
      }
    }
  });

  test(`a stream of lines ends with the name of a chunk ${name}`, async () => {
    const { served, bad } = await given(harm, "chunk");
    const response = await served.get("query_range", { ...RANGE, limit: "0", stream: "true" });
    const lines = (await response.text()).trimEnd().split("\n");
    const last = JSON.parse(lines.at(-1)!) as { warnings: string[] };
    assert.ok(last.warnings[0]?.includes(bad));
    assert.ok(lines.length > LINES, "the other stream is whole");
  });
}

for (const [name, harm] of HARMS.filter(([name]) => name !== "missing")) {
  test(`an index file ${name} is named by every endpoint that reads it`, async () => {
    const { served, bad } = await given(harm, "index");
    for (const [path, params] of [
      ["query_range", RANGE],
      ["query", INSTANT],
      ["labels", {}],
      ["label/app/values", {}],
      ["series", { match: RANGE.query }],
      ["index/stats", RANGE],
      ["index/volume", RANGE],
    ] as const) {
      const response = await served.get(path, params);
      assert.equal(response.status, 200, path);
      const header = response.headers.get(WARNINGS_HEADER) ?? "";
      assert.ok(header.startsWith(`1; index ${bad}: `), `${path}: ${header}`);
      const text = await response.text();
      // Statistics of the index have no place for words.
      if (path !== "index/stats") assert.ok(text.includes(`"warnings":["index ${bad}`), text);
      const strict = await served.get(path, { ...params, strict: "true" });
      assert.equal(strict.status, 500, path);
      assert.ok((await strict.text()).includes(bad), path);
    }
  });
}

test("a whole answer says nothing of warnings, strict or not", async () => {
  const { served } = await given((bytes) => bytes, "chunk");
  for (const strict of ["", "true"]) {
    const response = await served.get("query_range", { ...RANGE, strict });
    assert.equal(response.headers.get(WARNINGS_HEADER), null);
    const text = await response.text();
    assert.ok(!text.includes("warnings"), text);
    const { data } = JSON.parse(text) as Body;
    const count = data.result.reduce((sum, { values }) => sum + values.length, 0);
    assert.equal(count, 2 * LINES);
  }
});

test("the header is printable ASCII and stays under 4 KB however many objects are bad", () => {
  const of = (...texts: string[]) => warningHeaders(texts)[WARNINGS_HEADER];
  assert.equal(of(), undefined);
  assert.equal(of("chunk a: gone"), "1; chunk a: gone");
  assert.equal(of("a;b%\r\nü", "c"), "2; a%3Bb%25%0D%0A%C3%BC; c");
  const many = of(
    ...Array.from({ length: 900 }, (_, index) => `chunk ${index}: ${"x".repeat(90)}`),
  );
  assert.match(many!, /^900; chunk 0: .*; \.\.\.$/);
  assert.ok(many!.length <= 4096);
  const long = of("ü".repeat(10_000))!;
  assert.ok(long.length <= 4096);
  assert.match(long, /^1; (%C3%BC)+(%C3)?\.\.\.$/);
});

test("warnings are kept once and bounded, and an error names the first of them", () => {
  const told = { warnings: [] as string[] };
  for (let index = 0; index < 3000; index++) addWarning(told, `chunk ${index >> 1}`);
  assert.equal(told.warnings.length, 1001);
  assert.equal(told.warnings.at(-1), "more objects could not be read");
  assert.throws(
    () => refuseWarnings(told.warnings),
    (error) =>
      error instanceof Corrupt && /^strict: 1001 .*chunk 19; and 981 more$/.test(error.message),
  );
  refuseWarnings([]);
});
