/** What plans look like: which streams are read once, what goes down to the index, which steps there are. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_LIMITS, type Limits } from "../../model/limits.ts";
import type { Matcher } from "../../model/matcher.ts";
import { NS_PER_SECOND } from "../../model/time.ts";
import { parseQuery } from "../syntax/parse.ts";
import type { QueryParams } from "./params.ts";
import { pieceOf, spansPieces, stepsSpanPieces } from "./pieces.ts";
import { type MetricPlan, makePlan } from "./plan.ts";
import { stepsOf, stepTimeMs } from "./steps.ts";

const HOUR = 3600n * NS_PER_SECOND;
const START = 472_223n * HOUR;

function paramsOf(change: Partial<QueryParams> = {}): QueryParams {
  return {
    start: START,
    end: START + HOUR,
    step: 60n * NS_PER_SECOND,
    interval: 0n,
    limit: 100,
    direction: "backward",
    instant: false,
    limits: DEFAULT_LIMITS,
    ...change,
  };
}

function metric(query: string, change: Partial<QueryParams> = {}): MetricPlan {
  const plan = makePlan(parseQuery(query), paramsOf(change));
  assert.equal(plan.kind, "metric");
  return plan;
}

function printed(matchers: readonly Matcher[]): string {
  return matchers.map(({ name, op, value }) => `${name}${op}${value}`).join(" ");
}

test("stepsOf() aligns a range to multiples of its step", () => {
  const given = (start: bigint, end: bigint, step: bigint, want: number[]) => {
    const steps = stepsOf(
      paramsOf({
        start: start * NS_PER_SECOND,
        end: end * NS_PER_SECOND,
        step: step * NS_PER_SECOND,
      }),
    );
    assert.deepEqual(
      Array.from({ length: steps.count }, (_, index) => stepTimeMs(steps, index) / 1000),
      want,
    );
  };
  given(3n, 57n, 10n, [0, 10, 20, 30, 40, 50, 60]);
  given(1n, 20n, 7n, [0, 7, 14, 21]);
  given(0n, 10n, 10n, [0, 10]);
  given(7n, 7n, 7n, [7]);
  given(8n, 8n, 7n, [7, 14]);
  given(-3n, 3n, 5n, [-5, 0, 5]);
});

test("an instant query has one step at its time, to the nanosecond", () => {
  const time = START + 123n;
  const { steps, scans } = metric('rate({a="b"}[1m])', { start: time, end: time, instant: true });
  assert.deepEqual([steps.first, steps.count], [time, 1]);
  assert.deepEqual(
    [scans[0]!.from, scans[0]!.through],
    [time - 60n * NS_PER_SECOND + 1n, time + 1n],
  );
});

test("a scan covers the windows of all steps", () => {
  const { scans } = metric('rate({a="b"}[5m] offset 1m)');
  const [from, through] = [
    START - 360n * NS_PER_SECOND + 1n,
    START + HOUR - 60n * NS_PER_SECOND + 1n,
  ];
  assert.deepEqual([scans[0]!.from, scans[0]!.through], [from, through]);
});

test("range aggregations share scans, runs of stages, and themselves", () => {
  const given = (query: string, want: { scans: number; reads: number; leaves: number }) => {
    const { scans, leaves } = metric(query);
    assert.deepEqual(
      {
        scans: scans.length,
        reads: scans.flatMap(({ reads }) => reads).length,
        leaves: leaves.length,
      },
      want,
      query,
    );
  };
  given('rate({a="b"}[5m]) == rate({a="b"}[5m])', { scans: 1, reads: 1, leaves: 1 });
  given('rate({a="b"}[5m]) / count_over_time({a="b"}[5m])', { scans: 1, reads: 1, leaves: 2 });
  given('rate({a="b"}[5m]) / rate({a="b"}[10m])', { scans: 1, reads: 1, leaves: 2 });
  given('rate({a="b"} |= "x" [5m]) / rate({a="b"}[5m])', { scans: 1, reads: 2, leaves: 2 });
  given('rate({a="b"}[5m]) / bytes_rate({a="b"}[5m])', { scans: 1, reads: 2, leaves: 2 });
  given('sum(rate({a="b"}[5m])) / sum by (x) (rate({a="b"}[5m]))', {
    scans: 1,
    reads: 2,
    leaves: 2,
  });
  given('rate({a="b"}[5m]) / rate({a="c"}[5m])', { scans: 2, reads: 2, leaves: 2 });
  // Between the two times lies a week that nobody asks for.
  given('rate({a="b"}[5m]) / rate({a="b"}[5m] offset 1w)', { scans: 2, reads: 2, leaves: 2 });
  given("vector(1) + 1", { scans: 0, reads: 0, leaves: 0 });
});

test("label filters on stream labels narrow the selector", () => {
  const given = (stages: string, want: string) => {
    const plan = makePlan(parseQuery(`{a="b"} ${stages}`), paramsOf());
    assert.equal(plan.kind, "log");
    assert.equal(printed(plan.matchers), want, stages);
  };
  given('| pod="x"', "a=b pod=~x|");
  given('| pod="x.y"', "a=b pod=~x\\.y|");
  given('| pod!="x"', "a=b pod!=x");
  given('| pod=""', "a=b pod=");
  given('| pod="x" and b!="y"', "a=b pod=~x| b!=y");
  given('|= "t" | json | line_format "{{.x}}" | pod="x"', "a=b pod=~x|");
  given('| pod!="x" | pod!="x"', "a=b pod!=x");
  // What these ask, or of what, the index cannot tell.
  given('| pod=~"x.*"', "a=b");
  given('| pod!=""', "a=b");
  given('| pod="x" or b="y"', "a=b");
  given("| pod > 5", "a=b");
  given('| __error__=""', "a=b");
  given('| label_format pod="x" | pod="x"', "a=b");
  given('| drop pod | pod=""', "a=b");
  given('| keep a | pod=""', "a=b");
});

test("a shared scan is narrowed only by what all of its reads ask", () => {
  const { scans } = metric('rate({a="b"} | pod="x" | c!="y" [5m]) / rate({a="b"} | c!="y" [5m])');
  assert.deepEqual(
    scans.map(({ matchers }) => printed(matchers)),
    ["a=b c!=y"],
  );
});

test("a sum around an ungrouped count groups while it extracts", () => {
  const given = (query: string, want: unknown) =>
    assert.deepEqual(metric(query).scans[0]!.reads[0]!.aggregation.grouping, want, query);
  given('sum(rate({a="b"}[5m]))', { without: false, names: [] });
  given('sum by (x) (count_over_time({a="b"}[5m]))', { without: false, names: ["x"] });
  given('sum without (x) (bytes_rate({a="b"}[5m]))', { without: true, names: ["x"] });
  given('sum by (x) (sum_over_time({a="b"} | unwrap y [5m]))', { without: false, names: ["x"] });
  given('max by (x) (rate({a="b"}[5m]))', undefined);
  given('sum by (x) (max_over_time({a="b"} | unwrap y [5m]))', undefined);
  given('sum by (x) (max_over_time({a="b"} | unwrap y [5m]) by (z))', {
    without: false,
    names: ["z"],
  });
});

test("makePlan() refuses what limits and sense forbid", () => {
  const given = (query: string, change: Partial<QueryParams>, message: string) =>
    assert.throws(
      () => makePlan(parseQuery(query), paramsOf(change)),
      { message, status: 400 },
      query,
    );
  const limits = (change: Partial<Limits>) => ({ limits: { ...DEFAULT_LIMITS, ...change } });
  given(
    'rate({a="b"}[2h])',
    limits({ maxQueryRangeMs: 3_600_000 }),
    "[interval] value exceeds limit: [2h] > [1h]",
  );
  given(
    'variants(rate({a="b"}[1m])) of ({a="b"}[1m])',
    {},
    "multi variant queries are disabled for this instance",
  );
  given(
    '{a="b"}',
    { instant: true },
    "log queries are not supported as an instant query type, please change your query to a range query type",
  );
  given(
    'rate({a="b"}[2h])',
    { end: START - 1n },
    "end timestamp must not be before or equal to start time",
  );
  given(
    'rate({a="b"}[2h])',
    { step: 0n },
    "zero or negative query resolution step widths are not accepted. Try a positive integer",
  );
  given(
    'rate({a="b"}[2h])',
    { end: START + 11_001n * NS_PER_SECOND, step: NS_PER_SECOND },
    "exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter",
  );
});

test("pieces lie between multiples of the split since the epoch", () => {
  const half = 1_800_000;
  assert.equal(pieceOf(START, half) + 1n, pieceOf(START + HOUR / 2n, half));
  assert.equal(pieceOf(START, half), pieceOf(START + HOUR / 2n - 1n, half));
  assert.equal(pieceOf(-1n, half), -1n);
  assert.equal(pieceOf(START, 0), 0n);
  const log = { start: START, end: START + HOUR, direction: "forward" } as const;
  assert.equal(spansPieces(log, half), true);
  assert.equal(spansPieces({ ...log, end: START + HOUR / 2n }, half), false);
  assert.equal(spansPieces(log, half, START + 1n), false);
  assert.equal(spansPieces({ ...log, end: START }, half), false);
  const minute = 60n * NS_PER_SECOND;
  assert.equal(stepsSpanPieces({ first: START, step: minute, count: 30 }, half, 0n), false);
  assert.equal(stepsSpanPieces({ first: START, step: minute, count: 32 }, half, 0n), true);
  assert.equal(stepsSpanPieces({ first: START, step: minute, count: 32 }, half, HOUR), false);
  assert.equal(stepsSpanPieces({ first: START, step: HOUR, count: 2 }, half, 0n), false);
  assert.equal(stepsSpanPieces({ first: START, step: HOUR, count: 3 }, half, 0n), true);
});
