/** Random rules of retention and random delete requests over 10,000 lines, against their definitions. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { RetentionRule } from "../model/limits.ts";
import type { Matcher } from "../model/matcher.ts";
import { DAY_MS } from "../model/schema.ts";
import { Random } from "../sim/random.ts";
import { runPass } from "./pass.ts";
import { DAY_0, HOUR_MS, World } from "./testing/world.ts";

const NOW = DAY_0 + 30 * DAY_MS;
const LINES = 10_000;
const APPS = ["api", "db", "web"];
const ENVS = ["prod", "dev"];
const TENANTS = ["t", "u"];

interface TestLine {
  readonly tenant: string;
  readonly app: string;
  readonly env: string;
  readonly timeMs: number;
  readonly line: string;
  /** Last moment of the chunk that it is in. */
  readonly throughMs: number;
}

interface TestDelete {
  readonly tenant: string;
  readonly id: string;
  readonly app: string;
  /** Lines that hold it; all when it is "". */
  readonly needle: string;
  readonly startMs: number;
  readonly endMs: number;
}

for (const seed of [20261123, 7]) {
  test(`what rules and requests match is gone and all else is there, seed ${seed}`, () =>
    given(seed));
}

async function given(seed: number): Promise<void> {
  const random = new Random(seed);
  const world = new World({ nowMs: NOW - 25 * HOUR_MS });
  const all = await fill(world, random);
  const rules = new Map(TENANTS.map((tenant) => [tenant, rulesFor(random)]));
  for (const [tenant, { periodMs, streams }] of rules) {
    world.limit(tenant, { retentionPeriodMs: periodMs, retentionStream: streams });
  }
  const deletes = Array.from({ length: 6 }, (_, index) => deleteOf(random, index));
  for (const { tenant, id, app, needle, startMs, endMs } of deletes) {
    const query = `{app="${app}"}${needle === "" ? "" : ` |= "${needle}"`}`;
    await world.delete({ tenant, id, query, startMs, endMs });
  }
  await world.clock.advance(25 * HOUR_MS);
  assert.equal((await world.lines()).length, LINES);
  const report = await runPass(world.options());
  assert.deepEqual([...report.compaction.failures, ...report.retention!.failures], []);

  const unexpired = all.filter((each) => !isExpired(each, rules.get(each.tenant)!));
  const kept = unexpired.filter((each) => !deletes.some((request) => matches(request, each)));
  assert.deepEqual(await world.lines(), kept.map(textOf).sort());
  const receipts = report.retention!.finished.map(({ request, receipt }) => ({ request, receipt }));
  assert.equal(receipts.length, deletes.length);
  const removed = receipts.reduce((sum, { receipt }) => sum + receipt.linesRemoved, 0);
  assert.equal(removed, unexpired.length - kept.length);
  for (const { request, receipt } of receipts) {
    // A line that several requests match counts for one of them.
    const own = deletes.find(({ id, tenant }) => id === request.id && tenant === request.tenant)!;
    const matched = unexpired.filter((each) => matches(own, each));
    const alone = matched.filter(
      (each) => !deletes.some((other) => other !== own && matches(other, each)),
    );
    assert.ok(receipt.linesMatched >= alone.length && receipt.linesMatched <= matched.length);
    assert.equal(receipt.linesMatched, receipt.linesRemoved);
  }
  // The sweep came after, with no delay: what is not named is not there.
  await runPass(world.options());
  assert.equal((await world.chunkKeys()).length, (await world.named()).length);
}

async function fill(world: World, random: Random): Promise<TestLine[]> {
  const all: TestLine[] = [];
  let batch: Parameters<World["store"]>[0][number][] = [];
  while (all.length < LINES) {
    const [tenant, app, env] = [random.pick(TENANTS), random.pick(APPS), random.pick(ENVS)];
    const count = Math.min(random.int(1, 120), LINES - all.length);
    let timeMs = DAY_0 + random.int(0, 29 * DAY_MS);
    const lines = Array.from({ length: count }, (_, index) => {
      timeMs += index === 0 ? 0 : random.int(1, 120_000);
      return {
        timeMs,
        line: `${all.length + index} level=${random.pick(["info", "warn", "error"])}`,
      };
    });
    batch.push({ tenant, labels: { app, env }, lines });
    all.push(...lines.map((line) => ({ tenant, app, env, throughMs: timeMs, ...line })));
    if (batch.length < 40 && all.length < LINES) continue;
    await world.store(batch);
    batch = [];
  }
  return all;
}

function rulesFor(random: Random): { periodMs: number; streams: RetentionRule[] } {
  const periods = [0, 1, 5, 12, 20, 40].map((days) => days * DAY_MS);
  const streams = Array.from({ length: random.int(0, 5) }, () => ({
    selector: [
      random.chance(0.5)
        ? ({ name: "app", op: "=~", value: random.pick(["api|db", "w.*", ".+"]) } as const)
        : ({
            name: "env",
            op: random.pick(["=", "!="] as const),
            value: random.pick(ENVS),
          } as const),
    ],
    priority: random.int(0, 3),
    periodMs: random.pick(periods.slice(1)),
  }));
  return { periodMs: random.pick(periods), streams };
}

function isExpired(line: TestLine, rules: ReturnType<typeof rulesFor>): boolean {
  const fits = rules.streams.filter(({ selector }) =>
    selector.every((each) => fitsLabel(each, line)),
  );
  const highest = Math.max(...fits.map(({ priority }) => priority));
  const periods = fits.filter(({ priority }) => priority === highest).map((rule) => rule.periodMs);
  const periodMs = fits.length === 0 ? rules.periodMs : Math.min(...periods);
  return periodMs > 0 && NOW - line.throughMs > periodMs;
}

function fitsLabel({ name, op, value }: Matcher, line: TestLine): boolean {
  const own = name === "app" ? line.app : line.env;
  if (op === "=") return own === value;
  if (op === "!=") return own !== value;
  return new RegExp(`^(?:${value})$`).test(own);
}

function deleteOf(random: Random, index: number): TestDelete {
  const startMs = DAY_0 + random.int(0, 28 * DAY_MS);
  return {
    ...{ tenant: random.pick(TENANTS), id: `0000000${index}`, app: random.pick(APPS) },
    needle: random.pick(["", "error", "7 level", "warn"]),
    ...{ startMs, endMs: startMs + random.int(HOUR_MS, 15 * DAY_MS) },
  };
}

function matches(request: TestDelete, line: TestLine): boolean {
  return (
    request.tenant === line.tenant &&
    request.app === line.app &&
    line.timeMs >= request.startMs &&
    line.timeMs <= request.endMs &&
    line.line.includes(request.needle)
  );
}

function textOf({ tenant, app, env, timeMs, line }: TestLine): string {
  return `${tenant} {app="${app}", env="${env}"} ${timeMs} ${line}`;
}
