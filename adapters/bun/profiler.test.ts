/** Bun's own profiler: that it sees what runs, and what is there. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Unavailable } from "../../core/model/errors.ts";
import { systemClock } from "./clock.ts";
import { bunProfiler, stacksOf } from "./profiler.ts";

const NEVER = new AbortController().signal;

/** Holds the thread until told to let go. */
async function burnUntil(done: Promise<unknown>): Promise<number> {
  let ended = false;
  void done.then(() => {
    ended = true;
  });
  let sum = 0;
  while (!ended) {
    for (let round = 0; round < 200_000; round++) sum += Math.sqrt(sum + round);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return sum;
}

test("cpu() sees the function that runs, with its file and line", async () => {
  const taken = bunProfiler(systemClock).cpu(400, NEVER);
  await burnUntil(taken);
  const { periodUs, stacks } = await taken;
  assert.equal(periodUs, 10_000);
  const frames = stacks.flatMap(({ frames }) => frames);
  const own = frames.find(({ name }) => name === "burnUntil");
  assert.ok(own !== undefined, JSON.stringify(frames));
  assert.match(own.file, /\/adapters\/bun\/profiler\.test\.ts$/);
  assert.ok(own.line > 0 && own.line < 40, String(own.line));
});

test("cpu() ends with its caller, and is one at a time", async () => {
  const profiler = bunProfiler(systemClock);
  const leaving = new AbortController();
  const first = profiler.cpu(3_600_000, leaving.signal);
  await assert.rejects(profiler.cpu(1, NEVER), Unavailable);
  leaving.abort();
  await first;
  await profiler.cpu(1, NEVER);
});

test("heap() counts objects by kind", async () => {
  const kept = Array.from({ length: 5000 }, (_, index) => new Map([[index, index]]));
  const { sizes, objects } = await bunProfiler(systemClock).heap({ collect: true });
  assert.ok(sizes["heapSize"]! > 100_000);
  const maps = objects.find(([kind]) => kind === "Map")?.[1] ?? 0;
  assert.ok(maps >= kept.length, String(maps));
});

test("stacksOf() gives each place where something was seen, the innermost frame first", () => {
  const node = (id: number, functionName: string, hitCount: number, children: number[]) => ({
    ...{ id, hitCount, children },
    callFrame: {
      ...{ functionName, scriptId: "1", columnNumber: 0, lineNumber: id - 1 },
      url: `file:///x/${functionName}.ts`,
    },
  });
  const frame = (name: string, line: number) => ({
    ...{ name: name || "(anonymous)", line },
    file: `/x/${name}.ts`,
  });
  const tree = [node(1, "(root)", 4, [2]), node(2, "a", 1, [3, 4]), node(3, "", 2, [])];
  assert.deepEqual(stacksOf([...tree, node(4, "c", 0, [])]), [
    { frames: [frame("a", 2)], count: 1 },
    { frames: [frame("", 3), frame("a", 2)], count: 2 },
  ]);
  assert.deepEqual(stacksOf([]), []);
});
