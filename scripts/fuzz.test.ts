/** A short run of scripts/fuzz.ts: other inputs each day, and the same all day. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzz } from "./fuzz.ts";

test("4,000 queries and other texts are answered or refused", { timeout: 110_000 }, async () => {
  const seed = Math.floor(Date.now() / 86_400_000);
  const { outcomes, crashes, hangs } = await fuzz({ seed, count: 4_000 });
  const inputs = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
  assert.deepEqual([crashes, hangs, inputs], [[], [], 4_000], `seed ${seed}`);
  assert.ok(outcomes["answered"]! > 400, "too few of them are queries");
});
