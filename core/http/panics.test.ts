/** `loki_panic_total` wakes people up, so it counts mistakes of this program and nothing else. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { appOf } from "../../fixtures/http/asking.ts";
import { testQuery } from "../../fixtures/http/fakes.ts";
import { BadRequest, Bug, Corrupt, LimitExceeded, Unavailable } from "../model/errors.ts";
import { Metrics } from "./metrics.ts";

/** Status of a request that fails so, and the panics that were counted. */
async function given(error: Error): Promise<readonly [status: number, panics: string]> {
  const metrics = new Metrics();
  metrics.count("loki_panic_total", 0);
  const query = testQuery({ labelNames: () => Promise.reject(error) });
  const response = await appOf({ metrics, query }).request("/loki/api/v1/labels");
  return [response.status, /^loki_panic_total (.*)$/m.exec(metrics.print())![1]!];
}

test("mistakes of ours count", async () => {
  assert.deepEqual(await given(new Bug("x")), [500, "1"]);
  assert.deepEqual(await given(new TypeError("x")), [500, "1"]);
});

test("what users, limits, disks and stores do wrong does not, whatever its status", async () => {
  assert.deepEqual(await given(new BadRequest("x")), [400, "0"]);
  assert.deepEqual(await given(new LimitExceeded("l", "x", { status: 500 })), [500, "0"]);
  assert.deepEqual(await given(new Corrupt("x")), [500, "0"]);
  assert.deepEqual(await given(new Unavailable("x")), [503, "0"]);
});

test("an answer of 500 that is meant does not", async () => {
  const metrics = new Metrics();
  metrics.count("loki_panic_total", 0);
  const ingester = { flush: () => {}, shutdown: async () => true };
  const app = appOf({ metrics, ingester });
  assert.equal((await app.request("/ingester/prepare_shutdown")).status, 500);
  assert.match(metrics.print(), /^loki_panic_total 0$/m);
});
