/** New delete requests: the table of spec http-api §5, and how they are split. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Tenant } from "../model/tenant.ts";
import { type DeleteParams, newRequest, requestId } from "./request.ts";

const NOW_SECONDS = 1_700_000_000;
const DAY_MS = 86_400_000;

function given(params: Partial<DeleteParams>, intervalMaxMs = 0) {
  const all = { query: '{app="x"}', start: "1699990000", end: "", maxInterval: "", ...params };
  const now = BigInt(NOW_SECONDS) * 1_000_000_000n + 815_000_001n;
  return newRequest(all, { tenant: "fake" as Tenant, now, intervalMaxMs });
}

test("newRequest() takes seconds of ten digits and RFC 3339; the end is now unless it is said", () => {
  const f = (params: Partial<DeleteParams>, startMs: number, endMs: number) => {
    const [part, ...others] = given(params);
    assert.deepEqual([part?.startMs, part?.endMs, others], [startMs, endMs, []]);
  };
  f({}, 1_699_990_000_000, 1_700_000_000_815);
  f({ end: "1699999999" }, 1_699_990_000_000, 1_699_999_999_000);
  f({ end: "1699990000" }, 1_699_990_000_000, 1_699_990_000_000);
  f(
    { start: "2023-11-14T22:00:00Z", end: "2023-11-14T23:00:00.250+01:00" },
    1_699_999_200_000,
    1_699_999_200_250,
  );
});

test("newRequest() keeps what was asked and when", () => {
  const [part] = given({ query: '{app="x"} |= "secret"' });
  assert.equal(part?.query, '{app="x"} |= "secret"');
  assert.equal(part?.createdMs, 1_700_000_000_815);
  assert.equal(part?.status, "received");
  assert.equal(part?.part, 0);
  assert.match(part!.id, /^[0-9a-f]{8}$/);
});

test("newRequest() refuses in Loki's words", () => {
  const f = (params: Partial<DeleteParams>, message: string, intervalMaxMs = 0) =>
    assert.throws(() => given(params, intervalMaxMs), { name: "BadRequest", status: 400, message });
  f({ query: "" }, "query not set");
  f({ query: "{" }, "invalid query expression");
  f({ query: 'rate({app="x"}[1m])' }, "invalid query expression");
  f({ query: '{app="x"} | distinct a' }, "invalid query expression");
  f({ query: '{app="x"} |~ "("' }, "invalid query expression");
  f({ start: "" }, "start time not set");
  const start = "invalid start time: require unix seconds or RFC3339 format";
  for (const bad of ["yesterday", "169999000", "1699990000000", "1699990000.5", "-169999000"]) {
    f({ start: bad }, start);
  }
  f({ end: "later" }, "invalid end time: require unix seconds or RFC3339 format");
  f({ end: "1700000001" }, "deletes in the future are not allowed");
  f({ end: "1699980000" }, "start time can't be greater than end time");
  const units = "invalid max_interval: valid time units are 's', 'm', 'h'";
  for (const bad of ["1d", "x", "500ms", "0s", "-1h"]) f({ maxInterval: bad }, units);
  f({ maxInterval: "2h" }, "max_interval can't be greater than 1h0m0s", 3_600_000);
  f(
    { maxInterval: "3h", end: "1700000000" },
    "max_interval can't be greater than the interval to be deleted (2h46m40s)",
  );
  f(
    { maxInterval: "1s", end: "1699990000" },
    "difference between start time and end time must be at least one second",
  );
  f(
    { maxInterval: "1s", end: "1699991000" },
    "max_interval 1s makes 1001 parts of 16m40s, at most 1000 are allowed",
  );
});

test("newRequest() splits by max_interval, else by the setting, without a gap or an overlap", () => {
  const f = (params: Partial<DeleteParams>, intervalMaxMs: number, count: number) => {
    const parts = given(params, intervalMaxMs);
    assert.equal(parts.length, count);
    assert.equal(new Set(parts.map(({ id }) => id)).size, 1);
    assert.deepEqual(
      parts.map(({ part }) => part),
      parts.map((_, index) => index),
    );
    for (const [index, { startMs, endMs }] of parts.entries()) {
      assert.ok(endMs >= startMs);
      if (index > 0) assert.equal(startMs, parts[index - 1]!.endMs + 1);
    }
    return [parts[0]!.startMs, parts.at(-1)!.endMs];
  };
  const end = { end: "1700000000" };
  const bounds = [1_699_990_000_000, 1_700_000_000_000];
  assert.deepEqual(f({ ...end, maxInterval: "1h" }, 0, 3), bounds);
  assert.deepEqual(f({ ...end, maxInterval: "30m" }, DAY_MS, 6), bounds);
  assert.deepEqual(f(end, 3_600_000, 3), bounds);
  assert.deepEqual(f(end, DAY_MS, 1), bounds);
  // Since the epoch, by the day: more parts than are allowed, so they are longer.
  assert.deepEqual(f({ ...end, start: "0000000000" }, DAY_MS, 1000), [0, 1_700_000_000_000]);
});

test("requestId() is FNV-1 over tenant, little-endian nanoseconds and query", () => {
  // The definition, spelled out with BigInt.
  const bytes = [...new TextEncoder().encode("fake"), 1, 2, 3, 4, 5, 6, 7, 8, 0x7b, 0x7d];
  let want = 2166136261n;
  for (const byte of bytes) want = ((want * 16777619n) % 2n ** 32n) ^ BigInt(byte);
  assert.equal(requestId("fake", 0x0807060504030201n, "{}"), want.toString(16).padStart(8, "0"));
});
