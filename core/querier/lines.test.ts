/**
 * Lines one by one against plain lists: random entries of a few streams with many at one moment, cut
 * into blocks of any size, must come in the one order there is, whole, by pages, and with neighbours.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { portableSearch } from "../bytes/search.ts";
import { fingerprint } from "../labels/fingerprint.ts";
import { labelsOf, labelValue } from "../labels/labels.ts";
import type { QueryContext } from "../logql/exec/context.ts";
import { MemoryScanner, type TestEntry } from "../logql/exec/testing/memory-scanner.ts";
import type { QueryParams } from "../logql/plan/params.ts";
import { parseLogQuery } from "../logql/syntax/parse.ts";
import { BadRequest } from "../model/errors.ts";
import { DEFAULT_LIMITS } from "../model/limits.ts";
import { newScanStats } from "../model/stats.ts";
import type { LineEntry } from "../ports/query-service.ts";
import { SimClock } from "../sim/clock.ts";
import { Random } from "../sim/random.ts";
import { linesAround } from "./around.ts";
import { type Position, parseCursor, printCursor } from "./cursor.ts";
import { LineRun } from "./lines.ts";

const BASE = 1_700_000_000_000_000_000n;
const RUNS = 150;

interface Case {
  readonly entries: readonly TestEntry[];
  readonly params: QueryParams;
  readonly context: () => QueryContext;
  readonly random: Random;
}

/** Entries in the order in which they came in; `moments` of them bound how many share a time. */
function given(seed: number, moments: number): Case {
  const random = new Random(seed);
  const streams = Array.from({ length: random.int(1, 5) }, (_, app) => labelsOf({ app: `${app}` }));
  const times = Array.from({ length: random.int(0, 120) }, (_, index) =>
    moments === 0 ? index : random.int(0, moments),
  );
  const entries = times.map((time, index) => ({
    labels: random.pick(streams),
    time: BASE + BigInt(time) * 1_000_000n,
    line: `${index} ${random.chance(0.15) ? "hit" : "miss"}`,
    metadata: [],
  }));
  const params: QueryParams = {
    start: BASE + BigInt(random.int(-5, 20)) * 1_000_000n,
    end: BASE + BigInt(random.int(20, 130)) * 1_000_000n,
    ...{ step: 1n, interval: 0n, limit: Number.POSITIVE_INFINITY, instant: false },
    direction: random.pick(["forward", "backward"] as const),
    limits: DEFAULT_LIMITS,
  };
  const clock = new SimClock();
  const context = () => ({
    scanner: new MemoryScanner(entries, () => random.int(1, 12)),
    ...{ search: portableSearch, clock, stats: newScanStats() },
  });
  return { entries, params, context, random };
}

/** The entries of the time asked for, in the order of an answer. */
function inOrder({ entries, params }: Case): TestEntry[] {
  const { start, end, direction } = params;
  const wanted = entries.filter(({ time }) => time >= start && time < end);
  const sign = direction === "forward" ? 1 : -1;
  // Of one stream the later of equal times comes first when going back.
  const arrived = direction === "forward" ? wanted : wanted.toReversed();
  const hash = ({ labels }: TestEntry) => fingerprint(labels);
  return arrived.toSorted((a, b) => {
    if (a.time !== b.time) return a.time < b.time ? -sign : sign;
    return hash(a) < hash(b) ? -1 : hash(a) > hash(b) ? 1 : 0;
  });
}

async function all<T>(batches: AsyncIterable<readonly T[]>): Promise<T[]> {
  const items: T[] = [];
  for await (const batch of batches) items.push(...batch);
  return items;
}

const textsOf = (lines: readonly { readonly line: string }[]) => lines.map(({ line }) => line);
const ALL = parseLogQuery('{app=~".+"}');
const HITS = parseLogQuery('{app=~".+"} |= "hit"');

test("lines come in the order of time, hash and arrival, and up to the limit", async () => {
  for (let seed = 1; seed <= RUNS; seed++) {
    const one = given(seed, 15);
    const wanted = inOrder(one);
    const run = new LineRun(ALL, one.params, one.context());
    assert.deepEqual(textsOf(await all(run.lines())), textsOf(wanted), `seed ${seed}`);
    assert.equal(run.rest, undefined);
    const limit = one.random.int(1, 40);
    const hits = wanted.filter(({ line }) => line.endsWith("hit"));
    const few = new LineRun(HITS, { ...one.params, limit }, one.context());
    assert.deepEqual(
      textsOf(await all(few.lines())),
      textsOf(hits.slice(0, limit)),
      `seed ${seed}, limit ${limit}`,
    );
    assert.equal(few.rest !== undefined, hits.length > limit, `seed ${seed}`);
  }
});

test("pages from position to position are the whole, however many lines share a moment", async () => {
  for (let seed = 1; seed <= RUNS; seed++) {
    const one = given(seed, 6);
    const limit = one.random.int(1, 9);
    const found: LineEntry[] = [];
    let after: Position | undefined;
    do {
      const run = new LineRun(HITS, { ...one.params, limit }, one.context(), after);
      found.push(...(await all(run.lines())));
      after = run.rest;
    } while (after !== undefined);
    const wanted = inOrder(one).filter(({ line }) => line.endsWith("hit"));
    assert.deepEqual(textsOf(found), textsOf(wanted), `seed ${seed}, ${limit} a page`);
  }
});

test("neighbours are those that grep would show, stream by stream", async () => {
  for (let seed = 1; seed <= RUNS; seed++) {
    const one = given(seed, 15);
    const around = { before: one.random.int(0, 4), after: one.random.int(0, 4) };
    const parts = { expr: HITS, params: one.params, context: one.context(), around };
    const found = await all(linesAround(parts));
    const forward = one.params.direction === "forward";
    for (const app of ["0", "1", "2", "3", "4"]) {
      const own = inOrder(one).filter(({ labels }) => labelValue(labels, "app") === app);
      const wanted = grep(
        textsOf(own),
        forward ? around : { before: around.after, after: around.before },
      );
      const got = groupsOf(found.filter(({ labels }) => labelValue(labels.labels, "app") === app));
      assert.deepEqual(got, wanted, `seed ${seed}, stream ${app}`);
    }
  }
});

test("with a limit they are those of the first lines in time", async () => {
  for (let seed = 1; seed <= RUNS; seed++) {
    const one = given(seed, 0);
    const hits = inOrder(one).filter(({ line }) => line.endsWith("hit"));
    const limit = one.random.int(1, 8);
    const last = hits.slice(0, limit).at(-1);
    if (last === undefined) continue;
    const parts = { expr: HITS, params: one.params, context: one.context() };
    const found = await all(
      linesAround({
        ...{ ...parts, around: { before: 2, after: 2 } },
        last: { time: last.time, count: 1 },
      }),
    );
    assert.deepEqual(
      textsOf(found.filter(({ match }) => match)).toSorted(),
      textsOf(hits.slice(0, limit)).toSorted(),
      `seed ${seed}, limit ${limit}`,
    );
  }
});

/** Groups of neighbouring lines, `:` before those that match and `-` before others. */
function grep(lines: readonly string[], { before, after }: { before: number; after: number }) {
  const shown = lines.map((_, index) =>
    lines
      .slice(Math.max(0, index - after), index + before + 1)
      .some((line) => line.endsWith("hit")),
  );
  const groups: string[][] = [];
  for (const [index, line] of lines.entries()) {
    if (!shown[index]) continue;
    if (!shown[index - 1]) groups.push([]);
    groups.at(-1)!.push(`${line.endsWith("hit") ? ":" : "-"}${line}`);
  }
  return groups;
}

function groupsOf(lines: readonly LineEntry[]): string[][] {
  const groups = new Map<number, string[]>();
  for (const { group, match, line } of lines) {
    groups.set(group!, [...(groups.get(group!) ?? []), `${match ? ":" : "-"}${line}`]);
  }
  return [...groups.values()];
}

test("a cursor is read back as it was printed, and nothing else is one", () => {
  const random = new Random(1);
  const of = { query: '{a="b"}', direction: "forward" } as const;
  for (let run = 0; run < 500; run++) {
    const time = BigInt(random.int(-(2 ** 31), 2 ** 31)) * 1_000_000_007n;
    const position = { time, count: random.int(0, 2 ** 31) };
    const token = printCursor(position, of);
    assert.match(token, /^[A-Za-z0-9_-]{1,128}$/);
    assert.deepEqual(parseCursor(token, of), position);
    const at = random.int(0, token.length);
    const damaged =
      token.slice(0, at) + String.fromCharCode(random.int(32, 127)) + token.slice(at + 1);
    try {
      parseCursor(damaged, of);
    } catch (error) {
      assert.ok(error instanceof BadRequest, String(error));
    }
  }
});
