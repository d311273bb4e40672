/** What delete requests take away: against the definition, line by line. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { blockOf, streamOf, type TestEntry } from "../logql/stages/testing/blocks.ts";
import type { Block } from "../model/block.ts";
import type { DeleteRequest } from "../model/delete-request.ts";
import type { Tenant } from "../model/tenant.ts";
import { type DeleteCounts, DeleteFilter } from "./filter.ts";

const APP = streamOf({ app: "shop", env: "prod" }).labels;
const MS = 1_000_000n;

function request(query: string, startMs: number, endMs: number, id = "00000001"): DeleteRequest {
  return {
    ...{ tenant: "fake" as Tenant, id, part: 0, query, startMs, endMs },
    ...{ createdMs: 0, status: "received" },
  };
}

/** The lines that stay of lines at 1000 ms, 1001 ms, … */
function given(lines: readonly string[], ...requests: DeleteRequest[]): string {
  const entries = lines.map((line, index) => ({ time: BigInt(1000 + index) * MS, line }));
  const deletes = new DeleteFilter(requests).of(APP, 0n, 10_000n * MS);
  const block = blockOf(entries);
  return linesOf(deletes?.apply(block) ?? block).join(" ");
}

function linesOf({ rows, text, starts, ends }: Block): string[] {
  const decoder = new TextDecoder();
  return Array.from({ length: rows }, (_, row) =>
    decoder.decode(text.subarray(starts[row], ends[row])),
  );
}

test("apply() takes what the request's query yields in its time, bounds included", () => {
  const lines = ["a=1", "b=2", "a=3", "b=4", "a=5"];
  const f = (query: string, startMs: number, endMs: number, want: string) =>
    assert.equal(given(lines, request(query, startMs, endMs)), want, query);
  f('{app="shop"}', 0, 9999, "");
  f('{app="shop"}', 1001, 1003, "a=1 a=5");
  f('{app="shop"}', 1004, 1004, "a=1 b=2 a=3 b=4");
  f('{app="other"}', 0, 9999, "a=1 b=2 a=3 b=4 a=5");
  f('{app=~"sh.*", env!="dev"} |= "a"', 0, 9999, "b=2 b=4");
  f('{app="shop"} != "a"', 0, 9999, "a=1 a=3 a=5");
  f('{app="shop"} | logfmt | a > 1', 0, 1003, "a=1 b=2 b=4 a=5");
  f('{app="shop"} | env="prod" |= "3"', 0, 9999, "a=1 b=2 b=4 a=5");
  f('{app="shop"} | env="dev"', 0, 9999, "a=1 b=2 a=3 b=4 a=5");
  f('{app="shop"} | line_format "x{{.env}}" |= "xprod"', 1000, 1001, "a=3 b=4 a=5");
});

test("apply() takes lines to the end of the last millisecond and none before the first", () => {
  const entries = [999_999_999n, 1_000_000_000n, 1_000_999_999n, 1_001_000_000n].map((time) => ({
    ...{ time, line: String(time) },
  }));
  const deletes = new DeleteFilter([request('{app="shop"}', 1000, 1000)]).of(APP, 0n, 2n ** 62n)!;
  assert.deepEqual(linesOf(deletes.apply(blockOf(entries))), ["999999999", "1001000000"]);
});

test("apply() filters by structured metadata and keeps that of the rows that stay", () => {
  const entries = ["x", "y", "z"].map((id, index) => ({
    ...{ time: BigInt(1000 + index) * MS, line: id, metadata: [["id", id]] as const },
  }));
  const deletes = new DeleteFilter([request('{app="shop"} | id="y"', 0, 9999)]);
  const left = deletes.of(APP, 0n, 2n ** 62n)!.apply(blockOf(entries));
  assert.deepEqual(linesOf(left), ["x", "z"]);
  const { symbols, firsts, pairs } = left.metadata!;
  assert.deepEqual(
    [0, 1].map((row) => symbols[pairs[2 * firsts[row]! + 1]!]),
    ["x", "z"],
  );
});

test("apply() gives the block itself when nothing goes, and counts a line for the first request only", () => {
  const block = blockOf(["a", "b", "ab"].map((line) => ({ time: 1000n * MS, line })));
  const first = request('{app="shop"} |= "a"', 0, 9999, "00000001");
  const second = request('{app="shop"} |= "b"', 0, 9999, "00000002");
  const third = request('{app="shop"} |= "c"', 0, 9999, "00000003");
  const counts: DeleteCounts = new Map();
  const deletes = new DeleteFilter([first, second, third]).of(APP, 0n, 2n ** 62n)!;
  assert.equal(deletes.apply(block, counts).rows, 0);
  assert.deepEqual(
    [...counts],
    [
      [first, 2],
      [second, 1],
    ],
  );
  const none = new DeleteFilter([third]).of(APP, 0n, 2n ** 62n)!;
  assert.equal(none.apply(block), block);
});

test("of() knows the requests that select the stream and overlap the time", () => {
  const filter = new DeleteFilter([
    request('{app="shop"}', 1000, 2000, "00000001"),
    request('{app="shop"} |= "x"', 3000, 4000, "00000002"),
    request('{app="other"}', 0, 9999, "00000003"),
  ]);
  const f = (from: bigint, through: bigint) =>
    filter.of(APP, from * MS, through * MS)?.requests.map(({ id }) => Number(id));
  assert.deepEqual(f(0n, 999n), undefined);
  assert.deepEqual(f(0n, 1000n), [1]);
  assert.deepEqual(f(2000n, 3000n), [1, 2]);
  assert.deepEqual(f(4001n, 9000n), undefined);
  const deletes = filter.of(APP, 0n, 9999n * MS)!;
  assert.equal(deletes.takesAll(1000n * MS, 2000n * MS)?.id, "00000001");
  assert.equal(deletes.takesAll(1000n * MS, 2001n * MS), undefined);
  assert.equal(deletes.takesAll(999n * MS, 1500n * MS), undefined);
  // A filter on lines takes nothing unseen.
  assert.equal(deletes.takesAll(3000n * MS, 3500n * MS), undefined);
  assert.equal(deletes.touches(3000n * MS, 3500n * MS), true);
  assert.equal(deletes.touches(2001n * MS, 2999n * MS), false);
});

test("a request that cannot be read takes nothing and is told", () => {
  const filter = new DeleteFilter([
    request('{app="shop"} | distinct a', 0, 9999),
    request("{", 0, 9999),
  ]);
  assert.equal(filter.of(APP, 0n, 9999n * MS), undefined);
  assert.equal(filter.problems.length, 2);
  assert.match(
    filter.problems[0]!,
    /^delete request 00000001: distinct looks at more than one line$/,
  );
});

test("apply() keeps and counts what the definition says, for random requests over random lines", () => {
  const word = fc.constantFrom("a", "b", "c", "ab", "ca");
  const lineOf = fc.record({ time: fc.integer({ min: 0, max: 50 }), line: word });
  const rule = fc.record({
    needle: fc.option(word, { nil: undefined }),
    app: fc.constantFrom("shop", "other"),
    start: fc.integer({ min: 0, max: 50 }),
    length: fc.integer({ min: 0, max: 30 }),
  });
  fc.assert(
    fc.property(
      fc.array(lineOf, { maxLength: 40 }),
      fc.array(rule, { maxLength: 5 }),
      (lines, rules) => {
        // Half milliseconds: times between the bounds' own.
        const entries: TestEntry[] = lines
          .map(({ time, line }) => ({ time: (BigInt(time) * MS) / 2n, line }))
          .sort((a, b) => Number(a.time - b.time));
        const requests = rules.map(({ needle, app, start, length }, index) =>
          request(
            `{app="${app}"}${needle === undefined ? "" : ` |= "${needle}"`}`,
            ...([start, start + length] as const),
            String(index),
          ),
        );
        const takes = ({ time, line }: TestEntry, index: number) => {
          const { needle, app, start, length } = rules[index]!;
          const ms = Number(time) / 1e6;
          return (
            app === "shop" &&
            ms >= start &&
            ms < start + length + 1 &&
            (needle === undefined || String(line).includes(needle))
          );
        };
        const first = entries.map((entry) => rules.findIndex((_, index) => takes(entry, index)));
        const counts: DeleteCounts = new Map();
        const block = blockOf(entries);
        const left =
          new DeleteFilter(requests).of(APP, 0n, 2n ** 62n)?.apply(block, counts) ?? block;
        assert.deepEqual(
          linesOf(left),
          entries.filter((_, at) => first[at] === -1).map(({ line }) => line),
        );
        for (const [index, each] of requests.entries()) {
          assert.equal(counts.get(each) ?? 0, first.filter((one) => one === index).length);
        }
      },
    ),
    { seed: 5, numRuns: 300 },
  );
});
