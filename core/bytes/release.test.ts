import assert from "node:assert/strict";
import { test } from "node:test";
import { release } from "./release.ts";

const LARGE = 256 * 1024;

test("release() gives a large buffer back, where the runtime can", () => {
  const bytes = new Uint8Array(LARGE).fill(1);
  release(bytes);
  const can = "transfer" in ArrayBuffer.prototype;
  assert.equal(bytes.length, can ? 0 : LARGE);
});

test("release() leaves a part of a larger buffer and small ones alone", () => {
  const whole = new Uint8Array(2 * LARGE).fill(1);
  for (const part of [whole.subarray(LARGE), whole.subarray(0, LARGE)]) release(part);
  assert.equal(whole.length, 2 * LARGE);
  const small = new Uint8Array(1000);
  release(small);
  assert.equal(small.length, 1000);
});
