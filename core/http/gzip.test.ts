/** Compressed answers (spec cluster §frontend: `compress_responses`, from 1400 bytes). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { appOf } from "../../fixtures/http/asking.ts";
import { answer, testQuery } from "../../fixtures/http/fakes.ts";
import { Served } from "../../fixtures/http/served.ts";
import { takesGzip } from "./gzip.ts";
import type { HttpSettings } from "./services.ts";

const ON = { compressResponses: true };

async function given(
  lines: readonly string[],
  settings: Partial<HttpSettings> = ON,
  accept = "gzip",
) {
  const entries = lines.map((line, index) => ({ time: BigInt(index), line }));
  const streams = [{ labels: [], entries }];
  const query = testQuery({
    prepare: () => ({ kind: "limited", run: async () => answer({ kind: "streams", streams }) }),
    labelNames: async () => lines,
  });
  const app = appOf({ query }, settings);
  return async (path: string) => {
    const headers: Record<string, string> = accept === "" ? {} : { "Accept-Encoding": accept };
    const response = await app.request(`/loki/api/v1/${path}`, { headers });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const encoding = response.headers.get("content-encoding");
    const text =
      encoding === "gzip" ? gunzipSync(bytes).toString() : new TextDecoder().decode(bytes);
    return {
      encoding,
      size: bytes.length,
      vary: response.headers.get("vary"),
      json: JSON.parse(text),
    };
  };
}

const LONG = Array.from({ length: 200 }, (_, index) => `a line that repeats, ${index}`);

test("long answers are compressed, short ones are not", async () => {
  const long = await (await given(LONG))("labels");
  assert.deepEqual([long.encoding, long.vary, long.json.data], ["gzip", "Accept-Encoding", LONG]);
  assert.ok(long.size < 1400);
  const short = await (await given(["one"]))("labels");
  assert.deepEqual(
    [short.encoding, short.vary, short.json.data],
    [null, "Accept-Encoding", ["one"]],
  );
});

test("an answer of many pieces arrives whole", async () => {
  const lines = Array.from(
    { length: 20_000 },
    (_, index) => `line ${index} of an answer of pieces`,
  );
  const { encoding, json } = await (await given(lines))("query_range?query=x");
  assert.equal(encoding, "gzip");
  const values = json.data.result[0].values as readonly (readonly string[])[];
  assert.deepEqual(
    values.map(([, line]) => line),
    lines,
  );
});

test("only when it is switched on and asked for", async () => {
  assert.equal((await (await given(LONG, {}))("labels")).encoding, null);
  assert.equal((await (await given(LONG, {}))("labels")).vary, null);
  assert.equal((await (await given(LONG, ON, ""))("labels")).encoding, null);
  assert.equal((await (await given(LONG, ON, "gzip;q=0, br"))("labels")).encoding, null);
});

test("/metrics is compressed for who takes it", async () => {
  const app = appOf();
  // The first look counts itself, so that the second is long enough.
  await (await app.request("/metrics")).text();
  const headers = { "Accept-Encoding": "gzip" };
  const packed = await app.request("/metrics", { headers });
  assert.equal(packed.headers.get("content-encoding"), "gzip");
  assert.equal(packed.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const text = gunzipSync(new Uint8Array(await packed.arrayBuffer())).toString();
  assert.match(text, /^# TYPE loki_request_duration_seconds histogram$/m);
  assert.equal((await app.request("/metrics")).headers.get("content-encoding"), null);
});

test("takesGzip() reads weights", () => {
  const takes = (accept: string) =>
    takesGzip(new Request("http://x", { headers: { "Accept-Encoding": accept } }));
  assert.ok(takes("gzip"));
  assert.ok(takes("deflate, GZIP;q=0.5"));
  assert.ok(takes("*"));
  assert.ok(!takes("*;q=0"));
  assert.ok(!takes("gzip;q=0, *"));
  assert.ok(!takes("br, deflate"));
  assert.ok(!takes("gzip;q=x"));
});

test("lines that stream are left as they are", async () => {
  const served = await new Served({ http: ON }).start();
  await served.push(
    { app: "x" },
    Array.from({ length: 100 }, (_, index) => [index, `a line of some length, ${index}`]),
  );
  const params = { query: '{app="x"}', stream: "true", limit: "0" };
  const response = await served.get("query_range", params, { "Accept-Encoding": "gzip" });
  assert.equal(response.headers.get("content-encoding"), null);
  assert.equal((await response.text()).trimEnd().split("\n").length, 100);
});
