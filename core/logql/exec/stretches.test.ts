/**
 * Blocks cut into stretches give what whole blocks give, and between stretches others have their turn.
 * Time is a clock that the work itself moves, so nothing depends on the machine.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { portableSearch } from "../../bytes/search.ts";
import { labelsOf } from "../../labels/labels.ts";
import type { Block } from "../../model/block.ts";
import { DEFAULT_LIMITS } from "../../model/limits.ts";
import { newScanStats } from "../../model/stats.ts";
import type { Clock } from "../../ports/clock.ts";
import type { QueryParams } from "../plan/params.ts";
import type { RowRange } from "../stages/machine.ts";
import type { RunOptions } from "../stages/pipeline.ts";
import { Survivors } from "../stages/survivors.ts";
import { blockOf } from "../stages/testing/blocks.ts";
import { parseQuery } from "../syntax/parse.ts";
import { evaluate } from "./engine.ts";
import { Pacer } from "./pacer.ts";
import { Stretches } from "./stretches.ts";
import { MemoryScanner } from "./testing/memory-scanner.ts";

const BASE = 1_700_002_800_000_000_000n;

/** Time passes when somebody says so. Notes how long others waited each time. */
class WorkClock implements Clock {
  ms = 0;
  readonly waits: number[] = [];
  #turnMs = 0;

  now = () => BASE;
  nowMs = () => this.ms;
  ticksMs = () => this.ms;
  async sleep(): Promise<void> {
    this.waits.push(this.ms - this.#turnMs);
    this.#turnMs = this.ms;
  }
}

/** Stages of which each row takes so long. */
class SlowStages {
  readonly steps: number;
  readonly ranges: RowRange[] = [];
  readonly #clock: WorkClock;
  readonly #msOf: (row: number) => number;

  constructor(clock: WorkClock, options: { msOf: (row: number) => number; steps?: number }) {
    this.steps = options.steps ?? 1;
    this.#clock = clock;
    this.#msOf = options.msOf;
  }

  run(block: Block, rows: RowRange, { limit, backward = false }: RunOptions): Survivors {
    this.ranges.push(rows);
    for (let row = rows.first; row < rows.end; row++) this.#clock.ms += this.#msOf(row);
    const all = Uint32Array.from(
      { length: rows.end - rows.first },
      (_, index) => rows.first + index,
    );
    const kept = backward ? all.slice(-limit!) : all.slice(0, limit);
    return new Survivors(block, kept, []);
  }
}

function linesOf(count: number, size = 10): Block {
  const entry = (_: unknown, row: number) => ({ time: BASE + BigInt(row), line: "x".repeat(size) });
  return blockOf(Array.from({ length: count }, entry));
}

function stretchesOn(clock: WorkClock): Stretches {
  return new Stretches({ clock, pacer: new Pacer(clock) });
}

test("quick work on a block is one stretch", async () => {
  const clock = new WorkClock();
  const stretches = stretchesOn(clock);
  const stages = new SlowStages(clock, { msOf: () => 0 });
  for (let round = 0; round < 5; round++) {
    await stretches.survivors(stages, linesOf(5000), { first: 0, end: 5000 });
  }
  assert.deepEqual(stages.ranges.at(-1), { first: 0, end: 5000 });
  assert.ok(stages.ranges.length < 20);
  assert.deepEqual(clock.waits, []);
});

test("others wait no longer than 50 ms, however long rows take, once it is learnt", async () => {
  // Of rows that take so long, the stages are many, and nobody begins with a whole block of those.
  for (const [msOfRow, steps, learning] of [
    [0.01, 1, 75],
    [0.1, 100, 60],
    [1, 1000, 60],
    [5, 1000, 300],
  ] as const) {
    const clock = new WorkClock();
    const stages = new SlowStages(clock, { msOf: () => msOfRow, steps });
    const stretches = stretchesOn(clock);
    for (const backward of [false, true]) {
      const rows = { first: 100, end: 5000 };
      const found = await stretches.survivors(stages, linesOf(5000), rows, { backward });
      assert.equal(found.count, 4900);
      assert.ok(found.rows.every((row, index) => row === 100 + index));
    }
    const [first, ...others] = clock.waits;
    assert.ok(first! <= learning, `${first} ms at first, ${msOfRow} ms a row`);
    assert.ok(Math.max(...others) <= 50, `${Math.max(...others)} ms, ${msOfRow} ms a row`);
  }
});

test("many stages begin with short stretches, and nothing learnt makes them long", async () => {
  const clock = new WorkClock();
  const stretches = stretchesOn(clock);
  // The first blocks take no time: a filter drops all. Then each row takes 0.2 ms, as 1000 stages may.
  const idle = new SlowStages(clock, { msOf: () => 0, steps: 1000 });
  for (let round = 0; round < 20; round++) {
    await stretches.survivors(idle, linesOf(5000, 200), { first: 0, end: 5000 });
  }
  const busy = new SlowStages(clock, { msOf: () => 0.2, steps: 1000 });
  await stretches.survivors(busy, linesOf(5000, 200), { first: 0, end: 5000 });
  assert.ok(Math.max(...clock.waits) <= 50, `${Math.max(...clock.waits)} ms`);
});

test("a limit counts over all stretches", async () => {
  const clock = new WorkClock();
  const rows = { first: 0, end: 3000 };
  const given = async (limit: number, backward: boolean, first: number) => {
    const stages = new SlowStages(clock, { msOf: () => 1 });
    const stretches = stretchesOn(clock);
    await stretches.survivors(stages, linesOf(3000), rows);
    const before = stages.ranges.length;
    const found = await stretches.survivors(stages, linesOf(3000), rows, { limit, backward });
    assert.equal(found.count, limit);
    assert.deepEqual([found.rows[0], found.rows[limit - 1]], [first, first + limit - 1]);
    assert.ok(stages.ranges.length - before < limit, "it stops when there are enough");
  };
  await given(100, false, 0);
  await given(100, true, 2900);
});

const PARAMS: QueryParams = {
  start: BASE,
  end: BASE + 10_000n,
  step: 1_000_000_000n,
  interval: 0n,
  limit: 50,
  direction: "forward",
  instant: false,
  limits: { ...DEFAULT_LIMITS, splitQueriesByIntervalMs: 0 },
};

test("a query over stretches gives what it gives over whole blocks", async () => {
  const line = fc.constantFrom(
    "a=1 b=x",
    "a=2.5 b=y",
    "",
    "a=0.1",
    "b=z c=é",
    'a="3"',
    "x".repeat(2000),
  );
  const queries = [
    '{app="x"}',
    '{app="x"} |= "b" | logfmt | line_format "{{.a}}-{{.b}}"',
    '{app="x"} | logfmt | a > 1',
    '{app="x"} | app="x"',
    'sum by (b) (count_over_time({app="x"} | logfmt [1m]))',
    'sum_over_time({app="x"} | logfmt | unwrap a | __error__="" [1m])',
    'bytes_over_time({app="x"} [1m])',
    'quantile_over_time(0.5, {app="x"} | logfmt | unwrap a | __error__="" [1m]) by (b)',
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { minLength: 1, maxLength: 400 }),
      fc.constantFrom(...queries),
      fc.constantFrom("forward" as const, "backward" as const),
      fc.constantFrom(3, 50, 5000),
      async (lines, query, direction, limit) => {
        const entries = lines.map((text, index) => ({
          labels: labelsOf({ app: "x" }),
          time: BASE + BigInt(Math.floor(index / 3)),
          line: text,
          metadata: index % 5 === 0 ? labelsOf({ trace: "t" }) : [],
        }));
        const ask = (clock: Clock) =>
          evaluate(
            parseQuery(query),
            { ...PARAMS, direction, limit },
            {
              scanner: new MemoryScanner(entries, 150),
              search: portableSearch,
              clock,
              stats: newScanStats(),
            },
          );
        // Each look at this clock finds a second gone: every stretch is as short as can be.
        let ms = 0;
        const late = { ...STILL, ticksMs: () => (ms += 1000) };
        assert.deepEqual(await ask(late), await ask(STILL), query);
      },
    ),
    { seed: 61, numRuns: 150 },
  );
});

const STILL: Clock = { now: () => BASE, nowMs: () => 0, ticksMs: () => 0, sleep: async () => {} };

test("a query is stopped within a block", async () => {
  const lines = Array.from({ length: 20_000 }, (_, index) => ({
    labels: labelsOf({ app: "x" }),
    time: BASE + BigInt(index % 10_000),
    line: "x".repeat(100),
    metadata: [],
  }));
  for (const query of ['{app="x"}', 'count_over_time({app="x"} | regexp "(?P<a>x+)" [1m])']) {
    const controller = new AbortController();
    let ms = 0;
    let turns = 0;
    const clock = {
      ...STILL,
      ticksMs: () => (ms += 20),
      sleep: async () => {
        if (++turns === 5) controller.abort(new Error("stopped"));
      },
    };
    const stats = newScanStats();
    const scanner = new MemoryScanner(lines, 20_000);
    const context = { scanner, search: portableSearch, clock, stats, signal: controller.signal };
    const params = { ...PARAMS, limit: 100_000 };
    await assert.rejects(evaluate(parseQuery(query), params, context), /stopped/);
    assert.equal(turns, 5);
    assert.equal(scanner.handedOut, 1);
  }
});
