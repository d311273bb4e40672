/** What `/ready` says in each phase of a process. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { IngesterPhase } from "../../core/ingester/lifecycle.ts";
import { SimClock } from "../../core/sim/clock.ts";
import { readinessOf } from "./readiness.ts";

function given(waitMs: number, first: IngesterPhase = { name: "running" }) {
  const clock = new SimClock();
  const leaving = { now: false };
  const life = { phase: first };
  const ready = readinessOf({ phase: () => life.phase, clock, leaving, waitMs });
  return { clock, leaving, life, ready: () => Object.values(ready()) };
}

const YES = [true, "ready"];
const WAIT = [false, "Ingester not ready: waiting for 15s after being ready"];

test("ready at once where no wait is wanted", () => {
  assert.deepEqual(given(0).ready(), YES);
});

test("the wait begins with the first question that finds everything good", async () => {
  const { clock, life, ready } = given(15_000, { name: "replaying", done: 1, total: 3 });
  assert.deepEqual(ready(), [false, "Ingester not ready: replaying the WAL, 33% of 3 bytes"]);
  life.phase = { name: "running" };
  await clock.advance(60_000);
  assert.deepEqual(ready(), WAIT);
  await clock.advance(14_999);
  assert.deepEqual(ready(), WAIT);
  await clock.advance(1);
  assert.deepEqual(ready(), YES);
});

test("who leaves is not ready, whatever else", () => {
  const { leaving, life, ready } = given(0);
  leaving.now = true;
  assert.deepEqual(ready(), [false, "Application is stopping"]);
  leaving.now = false;
  life.phase = { name: "stopping" };
  assert.deepEqual(ready(), [false, "Ingester not ready: stopping"]);
});
