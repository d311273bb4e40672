/** The kill test in small, for every run of the suite; `scripts/kill-test.ts --rounds 100` is the long one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { killTest } from "./kill-test.ts";

test("no acknowledged line is lost and none is invented when the server is killed", async () => {
  const report = await killTest({ rounds: 8, seed: 20261123, port: 39_201, say: () => {} });
  assert.ok(report.acknowledged > 100, `${report.acknowledged} acknowledged`);
  assert.deepEqual({ lost: report.lost, invented: report.invented }, { lost: 0, invented: 0 });
});
