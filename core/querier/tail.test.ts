/** The beginning of a tail: the past in order, and what comes in meanwhile once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { blockOf } from "../../fixtures/chunk/rows.ts";
import { portableSearch } from "../bytes/search.ts";
import { fingerprint } from "../labels/fingerprint.ts";
import { labelsOf } from "../labels/labels.ts";
import type { LogExpr } from "../logql/syntax/ast.ts";
import { parseQuery } from "../logql/syntax/parse.ts";
import type { ResultStream } from "../model/result.ts";
import { checkTenant } from "../model/tenant.ts";
import { SimClock } from "../sim/clock.ts";
import { type Follower, tail } from "./tail.ts";

const A = labelsOf({ app: "a" });
const B = labelsOf({ app: "b" });

/** A stream of a backward query's answer. */
const past = (labels: typeof A, ...lines: [bigint, string][]): ResultStream => ({
  labels,
  entries: lines.map(([time, line]) => ({ time, line })),
});

const live = (labels: typeof A, time: bigint, line: string) => ({
  stream: { labels, fingerprint: fingerprint(labels) },
  block: blockOf([[time, line]]),
});

/** What a tail shows of a past, and of one round of lines that came in while it was read. */
async function shown(streams: ResultStream[], rows: ReturnType<typeof live>[]): Promise<string[]> {
  const over = new AbortController();
  let rounds = 0;
  const follower: Follower = {
    take: () => ({ rows, dropped: [] }),
    wait: async () => {
      if (++rounds > 1) over.abort();
    },
    close: () => {},
  };
  const batches = tail({
    tenant: checkTenant("t"),
    expr: parseQuery('{app=~".+"}') as LogExpr,
    request: { query: "", start: 0n, limit: 100, delayMs: 0 },
    follow: () => follower,
    history: async () => ({ kind: "streams", streams }),
    search: portableSearch,
    clock: new SimClock(),
    signal: over.signal,
  });
  const lines: string[] = [];
  for await (const { entries } of batches)
    for (const { labels, line } of entries) lines.push(`${labels[0]![1]} ${line}`);
  return lines;
}

test("the past is oldest first, lines of one moment as they came in", async () => {
  // A backward answer has a stream's lines of equal time in exactly the reverse order.
  const answer = [past(A, [3n, "last"], [2n, "two"], [2n, "one"]), past(B, [1n, "first"])];
  assert.deepEqual(await shown(answer, []), ["b first", "a one", "a two", "a last"]);
});

test("what the past had comes once, the same text of another stream all the same", async () => {
  const rows = [live(A, 2n, "x"), live(B, 2n, "x")];
  assert.deepEqual(await shown([past(A, [2n, "x"])], rows), ["a x", "b x"]);
});
