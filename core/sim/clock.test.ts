import assert from "node:assert/strict";
import { test } from "node:test";
import { SimClock } from "./clock.ts";
import { Random } from "./random.ts";

test("advance() wakes sleepers in the order of their times, each at its own", async () => {
  const clock = new SimClock(5_000_000_000n);
  const seen: string[] = [];
  const sleep = async (name: string, ms: number) => {
    await clock.sleep(ms);
    seen.push(`${name} ${clock.nowMs()}`);
  };
  void sleep("late", 30);
  void sleep("early", 10).then(() => sleep("again", 10));
  await clock.advance(25);
  assert.deepEqual(seen, ["early 5010", "again 5020"]);
  assert.equal(clock.sleepers, 1);
  await clock.advance(5);
  assert.deepEqual(seen, ["early 5010", "again 5020", "late 5030"]);
  assert.equal(clock.now(), 5_030_000_000n);
  assert.equal(clock.ticksMs(), 30);
});

test("sleep() ends when its signal is aborted, and at once when it was", async () => {
  const clock = new SimClock();
  const controller = new AbortController();
  const slept = clock.sleep(1000, controller.signal);
  controller.abort();
  await slept;
  await clock.sleep(1000, controller.signal);
  assert.equal(clock.sleepers, 0);
});

test("Random gives the same run for a seed, evenly spread", () => {
  const run = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 1000 }, () => random.int(0, 10));
  };
  assert.deepEqual(run(7), run(7));
  assert.notDeepEqual(run(7), run(8));
  assert.notDeepEqual(run(1), run(1 + 2 ** 32));
  const counts = new Array<number>(10).fill(0);
  for (const value of run(7)) counts[value]!++;
  assert.ok(Math.min(...counts) > 60, String(counts));
});
