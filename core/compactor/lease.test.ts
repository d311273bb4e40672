/** The lease: who gets it, who loses it, and that two compactors at once do what one does. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Unavailable } from "../model/errors.ts";
import { DAY_MS } from "../model/schema.ts";
import { SimClock, settle } from "../sim/clock.ts";
import { MemoryObjectStore } from "../sim/store.ts";
import { Lease, TERM_MS } from "./lease.ts";
import { runPass } from "./pass.ts";
import { LEASES } from "./places.ts";
import { DAY_0, HOUR_MS, World } from "./testing/world.ts";

async function take(parts: { store: MemoryObjectStore; clock: SimClock }, holder: string) {
  const lease = await Lease.take({ ...parts, holder });
  return lease instanceof Lease ? lease : undefined;
}

function given() {
  return { store: new MemoryObjectStore(), clock: new SimClock() };
}

test("one of two gets the lease, the other is told who has it and gets it when it is given back", async () => {
  const parts = given();
  const [a, b] = await Promise.all([
    Lease.take({ ...parts, holder: "a" }),
    Lease.take({ ...parts, holder: "b" }),
  ]);
  const [lease, other] = a instanceof Lease ? [a, b] : [b, a];
  assert.ok(lease instanceof Lease && !(other instanceof Lease));
  assert.equal(other.holder, lease === a ? "a" : "b");
  lease.check();
  await lease.release();
  const next = await take(parts, "c");
  next!.check();
  await next!.release();
});

test("a holder goes on for as long as it works, and leaves few objects behind", async () => {
  const parts = given();
  const lease = (await take(parts, "a"))!;
  for (let minute = 0; minute < 30; minute++) {
    await parts.clock.advance(60_000);
    lease.check();
    assert.equal(await take(parts, "b"), undefined);
  }
  let terms = 0;
  for await (const _ of parts.store.list(LEASES)) terms++;
  assert.ok(terms <= 10, `${terms} terms`);
  await lease.release();
});

test("a holder that is gone is followed after its end; when it comes back it may not write", async () => {
  const { store, clock } = given();
  // A clock of its own that stands still: a process that was stopped.
  const stopped = new SimClock(clock.now());
  const old = (await take({ store, clock: stopped }, "old"))!;
  const guarded = old.guard(store);
  await clock.advance(TERM_MS - 1000);
  assert.equal(await take({ store, clock }, "new"), undefined);
  await clock.advance(7000);
  const lease = (await take({ store, clock }, "new"))!;
  // It wakes, and its first act is to go on: the number is taken.
  await stopped.advance(16_000);
  await settle();
  await assert.rejects(guarded.put("a", new Uint8Array()), {
    name: "Unavailable",
    message: /lease lost/,
  });
  await assert.rejects(guarded.delete("a"), Unavailable);
  lease.check();
  await old.release();
  lease.check();
  await lease.release();
});

test("a holder that does not reach the store stops before its term ends", async () => {
  const { store, clock } = given();
  const lease = (await take({ store, clock }, "a"))!;
  store.faults.add({ op: "*", path: `${LEASES}*` });
  await clock.advance(TERM_MS - 1);
  lease.check();
  await clock.advance(2);
  assert.throws(() => lease.check(), /lease lost: term 1 has ended/);
  await lease.release();
});

test("two compactors at once: one works, one is refused, and nothing is lost", async () => {
  const world = new World({ nowMs: DAY_0 + 20 * DAY_MS }).limit("t", { retentionPeriodMs: DAY_MS });
  for (let day = 5; day < 20; day++) {
    await world.store([
      {
        tenant: "t",
        labels: { app: "x" },
        lines: [{ timeMs: DAY_0 + day * DAY_MS + HOUR_MS, line: `${day}` }],
      },
      {
        tenant: "u",
        labels: { app: "x" },
        lines: [{ timeMs: DAY_0 + day * DAY_MS + HOUR_MS, line: `${day}` }],
      },
    ]);
  }
  const compactor = async (holder: string): Promise<boolean> => {
    const { objects: store, clock } = world;
    const lease = await Lease.take({ store, clock, holder });
    if (!(lease instanceof Lease)) return false;
    const guarded = lease.guard(store);
    const report = await runPass(world.options({}, { store: guarded }));
    assert.deepEqual(report.compaction.failures, []);
    await lease.release();
    return true;
  };
  const worked = await Promise.all(["a", "b", "c"].map(compactor));
  assert.deepEqual(worked.filter(Boolean).length, 1);
  assert.deepEqual(
    (await world.lines()).filter((line) => line.startsWith("t ")),
    [...[`t {app="x"} ${DAY_0 + 19 * DAY_MS + HOUR_MS} 19`]],
  );
  assert.equal((await world.lines()).filter((line) => line.startsWith("u ")).length, 15);
  assert.equal(await compactor("b"), true);
});
