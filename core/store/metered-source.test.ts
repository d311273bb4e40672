import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogSource, Select } from "../ports/log-source.ts";
import { type Meter, UNMETERED } from "../ports/meter.ts";
import { SimClock } from "../sim/clock.ts";
import { MeteredSource } from "./metered-source.ts";

const SELECT = {} as Select;

/** A source that takes 250 ms for everything and fails with what it is given. */
function given(failure?: Error) {
  const seen: string[] = [];
  const clock = new SimClock();
  const answer = async () => {
    await clock.sleep(250);
    if (failure !== undefined) throw failure;
    return [];
  };
  const source: LogSource = {
    ...{ streams: answer, labelNames: answer, labelValues: answer, series: answer, volume: answer },
  };
  const meter: Meter = {
    ...UNMETERED,
    observe: (name, value, labels = {}) =>
      void seen.push([name, value, ...Object.values(labels)].join(" ")),
  };
  const metered = new MeteredSource(source, { meter, clock });
  const after = async (ask: Promise<unknown>) => {
    const ended = ask.catch(() => {});
    await clock.advance(250);
    await ended;
    return seen.pop();
  };
  return { metered, after };
}

test("each question is timed under its name", async () => {
  const { metered, after } = given();
  const want = (operation: string) =>
    `loki_index_request_duration_seconds 0.25 ${operation} 200 index-store`;
  assert.equal(await after(metered.streams(SELECT)), want("chunk_refs"));
  assert.equal(await after(metered.labelNames(SELECT)), want("label_names"));
  assert.equal(await after(metered.labelValues(SELECT, "a")), want("label_values"));
  assert.equal(await after(metered.series(SELECT)), want("series"));
  assert.equal(await after(metered.volume(SELECT)), want("volume"));
});

test("a question that fails or is given up says so", async () => {
  const failed = given(new Error("no disk"));
  assert.match((await failed.after(failed.metered.streams(SELECT)))!, / chunk_refs 500 /);
  const aborted = given(new DOMException("gone", "AbortError"));
  assert.match((await aborted.after(aborted.metered.volume(SELECT)))!, / volume cancel /);
});
