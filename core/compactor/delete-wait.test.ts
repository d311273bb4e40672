/** Delete requests that select a chunk which cannot be read: they wait, and others do not wait for them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DAY_MS } from "../model/schema.ts";
import type { Journal } from "../ports/journal.ts";
import { runPass } from "./pass.ts";
import { DAY_0, HOUR_MS, World } from "./testing/world.ts";

const NOW = DAY_0 + 3 * DAY_MS;

/** Two chunks of lines that a request takes in part, one of them in two tables, and the request due. */
async function given() {
  const world = new World({ nowMs: NOW });
  const lines = (fromMs: number) =>
    ["secret a", "plain b", "secret c"].map((line, index) => ({ timeMs: fromMs + index, line }));
  const whole = lines(DAY_0 + HOUR_MS);
  const crossing = lines(DAY_0 + DAY_MS - 1);
  await world.store([
    { tenant: "t", labels: { app: "x" }, lines: whole },
    { tenant: "t", labels: { app: "y" }, lines: crossing },
  ]);
  const named = await world.named();
  const { key } = named.find(({ name }) => name.fromMs === crossing[0]!.timeMs)!;
  await ask(world, "00000001", '{app=~"x|y"} |= "secret"');
  await world.clock.advance(25 * HOUR_MS);
  return { world, key, object: (await world.objects.get(key))! };
}

function ask(world: World, id: string, query: string): Promise<void> {
  return world.delete({ tenant: "t", id, query, startMs: 0, endMs: NOW });
}

async function pass(world: World) {
  const said: string[] = [];
  const journal: Journal = {
    log: (level, message, fields) => {
      if (level === "error") said.push(`${message} ${String(fields?.chunk)}`);
    },
  };
  const report = await runPass(world.options({ enabled: false }, { journal }));
  return { said, finished: report.retention!.finished };
}

async function statuses(world: World): Promise<Record<string, string>> {
  return Object.fromEntries((await world.requests.list()).map(({ id, status }) => [id, status]));
}

test("a request stays received while a chunk that it selects is damaged, and its receipt is exact at last", async () => {
  const { world, key, object } = await given();
  await world.objects.put(key, object.slice(0, object.length - 9));
  for (let run = 0; run < 3; run++) {
    const { said, finished } = await pass(world);
    // Once a run, though two tables name it.
    assert.deepEqual(said, [`chunk not searched for deletes ${key}`]);
    assert.deepEqual(finished, []);
    assert.deepEqual(await statuses(world), { "00000001": "received" });
  }

  await ask(world, "00000002", '{app="x"} |= "plain"');
  await world.clock.advance(25 * HOUR_MS);
  const other = await pass(world);
  assert.deepEqual(
    other.finished.map(({ request, receipt }) => [request.id, receipt.linesRemoved]),
    [["00000002", 1]],
  );
  assert.deepEqual(await statuses(world), { "00000001": "received", "00000002": "processed" });

  await world.objects.put(key, object);
  const last = await pass(world);
  assert.deepEqual(last.said, []);
  const [done] = last.finished;
  const { linesRemoved, chunksRewritten } = done!.receipt;
  assert.deepEqual([done!.request.id, linesRemoved, chunksRewritten], ["00000001", 4, 2]);
  assert.deepEqual(await world.lines(), [`t {app="y"} ${DAY_0 + DAY_MS} plain b`]);
  assert.equal((await pass(world)).finished.length, 0);
});

test("a chunk that is gone is no obstacle", async () => {
  const { world, key } = await given();
  await world.objects.delete(key);
  const { said, finished } = await pass(world);
  assert.deepEqual(said, []);
  assert.deepEqual(
    finished.map(({ receipt }) => receipt.linesRemoved),
    [2],
  );
});
