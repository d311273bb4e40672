/** Runs fixtures/logql/eval: what queries give, as users can read it. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { portableSearch } from "../../bytes/search.ts";
import { sameLabels } from "../../labels/labels.ts";
import { DEFAULT_LIMITS } from "../../model/limits.ts";
import type { QueryResult } from "../../model/result.ts";
import { newScanStats } from "../../model/stats.ts";
import { parseQuery } from "../syntax/parse.ts";
import { evaluate } from "./engine.ts";
import { type Case, EPOCH, readCases, readLabels, readTime } from "./testing/cases.ts";
import { isClose } from "./testing/close.ts";
import { MemoryScanner } from "./testing/memory-scanner.ts";

const FOLDER = new URL("../../../fixtures/logql/eval/", import.meta.url);
const CLOCK = { now: () => 0n, nowMs: () => 0, ticksMs: () => 0, sleep: async () => {} };

for (const file of readdirSync(FOLDER).filter((name) => name.endsWith(".test"))) {
  for (const item of readCases(readFileSync(new URL(file, FOLDER), "utf8"))) {
    test(`${file}:${item.line} ${item.query}`, () => check(item));
  }
}

async function check(item: Case): Promise<void> {
  const failure = item.want.find((line) => line.startsWith("fail "));
  if (failure !== undefined) {
    const [, status, message] = /^fail (?:(\d+) )?(".*")$/.exec(failure)!;
    await assert.rejects(run(item), {
      message: JSON.parse(message!),
      status: Number(status ?? 400),
    });
    return;
  }
  // Block bounds must not matter, so every case runs with large and with small blocks.
  for (const blockRows of [500, 1, 2]) {
    const got = await run(item, blockRows);
    if (item.form === "logs") checkStreams(got, item.want);
    else if (item.form === "range") checkMatrix(got, item.want);
    else checkInstant(got, item.want);
  }
}

async function run({ query, options, form, entries }: Case, blockRows = 500): Promise<QueryResult> {
  const limits = { ...DEFAULT_LIMITS, enableMultiVariantQueries: true };
  return await evaluate(
    parseQuery(query, { approxTopk: true }),
    { ...options, instant: form === "instant", limits },
    {
      scanner: new MemoryScanner(entries, blockRows),
      search: portableSearch,
      clock: CLOCK,
      stats: newScanStats(),
    },
  );
}

/** `{app="x"} 10s "line"`: streams and lines in the order of the answer. */
function checkStreams(got: QueryResult, want: readonly string[]): void {
  assert.equal(got.kind, "streams");
  const lines = got.streams.flatMap(({ labels, entries }) =>
    entries.map(({ time, line }) => ({ labels, time: time - EPOCH, line })),
  );
  const wanted = want.map((text) => {
    const [, labels, time, line] = /^(\{.*\}) (\S+) (".*")$/.exec(text)!;
    return {
      labels: readLabels(labels!),
      time: readTime(time!),
      line: JSON.parse(line!) as string,
    };
  });
  assert.deepEqual(lines, wanted);
}

/** `{app="x"} 0s:1 10s:2.5`: series in the order of the answer. */
function checkMatrix(got: QueryResult, want: readonly string[]): void {
  assert.equal(got.kind, "matrix");
  const texts = got.series.map(
    ({ labels, times, values }) =>
      `${JSON.stringify(labels)} ${times.map((time, index) => `${time - Number(EPOCH / 1_000_000n)}ms:${values[index]}`).join(" ")}`,
  );
  assert.equal(got.series.length, want.length, texts.join("\n"));
  want.forEach((text, index) => {
    const [, labels, points] = /^(\{.*?\}) (.*)$/.exec(text)!;
    const series = got.series[index]!;
    assert.ok(sameLabels(series.labels, readLabels(labels!)), `${texts[index]}, want ${text}`);
    const wanted = points!.split(" ").map((point) => point.split(":") as [string, string]);
    const times = wanted.map(([time]) => Number((EPOCH + readTime(time)) / 1_000_000n));
    assert.deepEqual(series.times, times, `${texts[index]}, want ${text}`);
    wanted.forEach(([, value], at) => {
      assert.ok(isClose(series.values[at], numberOf(value)), `${texts[index]}, want ${text}`);
    });
  });
}

/** `{app="x"} 2` for each sample in the order of the answer, or `scalar 2`. */
function checkInstant(got: QueryResult, want: readonly string[]): void {
  if (got.kind === "scalar") {
    assert.ok(isClose(got.value, numberOf(want[0]!.replace("scalar ", ""))));
    return;
  }
  assert.equal(got.kind, "vector");
  const texts = got.samples.map(({ labels, value }) => `${JSON.stringify(labels)} ${value}`);
  assert.equal(got.samples.length, want.length, texts.join("\n"));
  want.forEach((text, index) => {
    const [, labels, value] = /^(\{.*\}) (\S+)$/.exec(text)!;
    const sample = got.samples[index]!;
    assert.ok(sameLabels(sample.labels, readLabels(labels!)), `${texts[index]}, want ${text}`);
    assert.ok(isClose(sample.value, numberOf(value!)), `${texts[index]}, want ${text}`);
  });
}

/** `Inf` and `-Inf` as Go writes them. */
function numberOf(text: string): number {
  return Number(text.replace("Inf", "Infinity"));
}
