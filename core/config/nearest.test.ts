import assert from "node:assert/strict";
import { test } from "node:test";
import { nearest } from "./nearest.ts";

const KNOWN = ["chunk_idle_period", "chunk_target_size", "max_chunk_age", "wal", "lifecycler"];

function given(name: string, wanted: string | undefined): void {
  test(`nearest(${name}) is ${wanted}`, () => {
    assert.equal(nearest(name, KNOWN), wanted);
  });
}

given("chunk_idle_perod", "chunk_idle_period");
given("chunk_idel_period", "chunk_idle_period");
given("chunkIdlePeriod", "chunk_idle_period");
given("chunk-target-size", "chunk_target_size");
given("WAL", "wal");
given("lifecycle", "lifecycler");
given("completely_else", undefined);
given("", undefined);
