/** Files that change under a running server: what is used, what is kept, and what is told. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SimClock } from "../sim/clock.ts";
import { ReloadedFiles, reloadEvery } from "./reload.ts";

const PERIOD_MS = 10_000;

/** A certificate and a key that fit when both say the same. */
async function given() {
  const files = new Map([
    ["cert", "1"],
    ["key", "1"],
  ]);
  const clock = new SimClock(1_000_000_000_000n);
  const lines: string[] = [];
  const gauges = new Map<string, number>();
  let used = "";
  let loads = 0;
  const group = new ReloadedFiles(
    "tls",
    async (read) => {
      loads++;
      const [cert, key] = [await read("cert"), await read("key")];
      if (cert !== key) throw new Error("they do not fit");
      used = cert;
    },
    {
      clock,
      journal: {
        log: (level, message, fields) =>
          lines.push(`${level} ${message} ${fields?.["files"]} ${fields?.["err"] ?? ""}`.trim()),
      },
      meter: {
        count() {},
        observe() {},
        gauge: (name, value, labels) => gauges.set(`${name} ${labels?.["files"]}`, value),
      },
      read: async (path) => {
        const text = files.get(path);
        if (text === undefined) throw new Error(`no file ${path}`);
        return text;
      },
    },
  );
  await group.open();
  return {
    ...{ files, lines, gauges, clock, group },
    used: () => used,
    loads: () => loads,
    pass: async () => {
      await clock.advance(PERIOD_MS);
      await group.poll();
    },
  };
}

const GOOD = "lokits_files_last_reload_successful tls";
const WHEN = "lokits_files_last_reload_success_timestamp_seconds tls";

test("files that stay as they are are not loaded again", async () => {
  const { loads, pass, lines, gauges } = await given();
  await pass();
  await pass();
  assert.equal(loads(), 1);
  assert.deepEqual(lines, []);
  assert.deepEqual([gauges.get(GOOD), gauges.get(WHEN)], [1, 1000]);
});

test("a change is used, told and dated", async () => {
  const { files, used, pass, lines, gauges } = await given();
  files.set("cert", "2").set("key", "2");
  await pass();
  assert.equal(used(), "2");
  assert.deepEqual(lines, ["info files reloaded tls"]);
  assert.equal(gauges.get(WHEN), 1010);
});

test("half of a change keeps what was there, is told once, and is used when it is whole", async () => {
  const { files, used, pass, lines, gauges } = await given();
  files.set("cert", "2");
  await pass();
  await pass();
  assert.equal(used(), "1");
  assert.deepEqual(lines, [
    "warn files not reloaded, what was there stays tls Error: they do not fit",
  ]);
  assert.deepEqual([gauges.get(GOOD), gauges.get(WHEN)], [0, 1000]);
  files.set("key", "2");
  await pass();
  assert.equal(used(), "2");
  assert.deepEqual([gauges.get(GOOD), gauges.get(WHEN)], [1, 1030]);
});

test("a file that goes away and comes back is no end", async () => {
  const { files, used, pass, lines } = await given();
  files.delete("cert");
  await pass();
  await pass();
  assert.equal(lines.length, 1);
  files.set("cert", "2").set("key", "2");
  await pass();
  assert.equal(used(), "2");
});

test("a change of a file that a failed attempt does not come to is one more attempt, not one of each poll", async () => {
  const { files, pass, lines, loads } = await given();
  files.delete("cert");
  await pass();
  files.set("key", "2");
  await pass();
  assert.equal(lines.length, 2);
  await pass();
  await pass();
  assert.equal(lines.length, 2);
  assert.equal(loads(), 3);
});

test("a bad change that is taken back is told as good again", async () => {
  const { files, used, pass, gauges } = await given();
  files.set("key", "x");
  await pass();
  files.set("key", "1");
  await pass();
  assert.deepEqual([used(), gauges.get(GOOD)], ["1", 1]);
});

test("reloadEvery() looks once a period until its end, and a period of 0 never begins", async () => {
  const { clock, group, used, files } = await given();
  const end = new AbortController();
  const polling = reloadEvery([group], { periodMs: PERIOD_MS, clock, signal: end.signal });
  files.set("cert", "2").set("key", "2");
  await clock.advance(PERIOD_MS - 1);
  assert.equal(used(), "1");
  await clock.advance(1);
  // Digests are made outside of the simulated world.
  while (clock.sleepers === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(used(), "2");
  end.abort();
  await polling;
  assert.equal(clock.sleepers, 0);
  await reloadEvery([], { periodMs: 0, clock, signal: new AbortController().signal });
});
