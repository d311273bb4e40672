/** pooled(): how many at a time, in which order, and what a failure does to the rest. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pooled } from "./pool.ts";

test("pooled() gives results in order and never has more than its width under way", async () => {
  let underWay = 0;
  let most = 0;
  const results = await pooled([5, 1, 4, 2, 3], 2, async (turns) => {
    most = Math.max(most, ++underWay);
    for (let turn = 0; turn < turns; turn++) await undefined;
    underWay--;
    return turns * 10;
  });
  assert.deepEqual(results, [50, 10, 40, 20, 30]);
  assert.equal(most, 2);
  assert.deepEqual(await pooled([], 2, async () => 1), []);
});

test("pooled() begins nothing after a failure, and waits for what has begun", async () => {
  const ended: number[] = [];
  const work = async (item: number) => {
    for (let turn = 0; turn < 3 * item; turn++) await undefined;
    if (item === 1) throw new Error("one");
    ended.push(item);
  };
  await assert.rejects(pooled([1, 2, 3], 2, work), /one/);
  assert.deepEqual(ended, [2]);
});
