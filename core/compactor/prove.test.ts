/** A tenant's only index file needs no merging, and is proven all the same when that is asked for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DAY_MS } from "../model/schema.ts";
import type { Journal } from "../ports/journal.ts";
import { runPass } from "./pass.ts";
import { Compactor } from "./service.ts";
import { DAY_0, World } from "./testing/world.ts";

const MINUTE_MS = 60_000;

/** A table with one file for each of two tenants, and that of `t` not as it was written. */
async function given(damage: (bytes: Uint8Array) => Uint8Array) {
  const world = new World({ nowMs: DAY_0 + DAY_MS });
  const chunk = (tenant: string) => ({
    ...{ tenant, labels: { app: "x" }, lines: [{ timeMs: DAY_0, line: "a line" }] },
  });
  await world.store([chunk("t"), chunk("u")]);
  await runPass(world.options());
  const key = (await Array.fromAsync(world.objects.list("index/index_19658/t/")))[0]!.key;
  await world.objects.put(key, damage((await world.objects.get(key))!));
  return { world, key };
}

const damages: Record<string, (bytes: Uint8Array) => Uint8Array> = {
  truncated: (bytes) => bytes.slice(0, 200),
  empty: () => new Uint8Array(0),
  "with a flipped bit": (bytes) => bytes.map((byte, at) => (at === 40 ? byte ^ 4 : byte)),
};

for (const [name, damage] of Object.entries(damages)) {
  test(`a pass names the only index file of a tenant that is ${name}, also when it is dry`, async () => {
    const { world, key } = await given(damage);
    for (const dryRun of [true, false]) {
      const options = world.options({ enabled: false }, { dryRun, provesAll: true });
      const { failures, tables } = (await runPass(options)).compaction;
      assert.equal(tables, 0);
      assert.deepEqual(
        failures.map(({ table }) => table),
        ["index_19658"],
      );
      const { message } = failures[0]!.error as Error;
      assert.ok(message.startsWith(`index file ${key}: `), message);
    }
  });
}

test("a table that the schema does not know is left alone, and named when it is damaged", async () => {
  const { world, key } = await given((bytes) => bytes);
  const bytes = (await world.objects.get(key))!;
  const foreign = key.replace("index_", "other_");
  await world.objects.put(foreign, bytes);
  const options = world.options({ enabled: false }, { provesAll: true });
  assert.deepEqual((await runPass(options)).compaction.failures, []);
  await world.objects.put(foreign, bytes.slice(1));
  const { failures } = (await runPass(options)).compaction;
  assert.deepEqual(
    failures.map(({ table, error }) => [table, (error as Error).message.includes(foreign)]),
    [["other_19658", true]],
  );
});

test("a damaged file keeps what else is in its table from nothing", async () => {
  const { world } = await given(() => new Uint8Array(3));
  const later = { timeMs: DAY_0 + 1, line: "later" };
  await world.store([{ tenant: "u", labels: { app: "x" }, lines: [later] }]);
  const report = await runPass(world.options({ enabled: false }, { provesAll: true }));
  assert.equal(report.compaction.failures.length, 1);
  const { objects, folders } = await world.objects.folders("index/index_19658/");
  assert.deepEqual([objects, folders], [[], ["t", "u"]]);
});

test("a server reads such files once", async () => {
  const { world, key } = await given((bytes) => bytes.slice(0, 200));
  const said: string[] = [];
  const journal: Journal = {
    log: (_, message, fields) => void said.push(`${message} ${String(fields?.err)}`),
  };
  const compactor = new Compactor({
    ...world.options({ enabled: false }, { journal }),
    ...{ holder: "a", compactionIntervalMs: 10 * MINUTE_MS, retentionIntervalMs: 0 },
  });
  compactor.start();
  await world.clock.advance(35 * MINUTE_MS);
  await compactor.stop();
  const failures = said.filter((text) => text.startsWith("failed to compact table"));
  assert.equal(failures.length, 1);
  assert.ok(failures[0]!.includes(key));
});
