/** Which requests queries look through, and when they know of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { portableSearch } from "../bytes/search.ts";
import type { DeleteRequest } from "../model/delete-request.ts";
import { Unavailable } from "../model/errors.ts";
import { DEFAULT_LIMITS } from "../model/limits.ts";
import type { Tenant } from "../model/tenant.ts";
import { SILENT } from "../ports/journal.ts";
import { UNMETERED } from "../ports/meter.ts";
import { SimClock, settle } from "../sim/clock.ts";
import { ActiveDeletes } from "./active.ts";

const [A, OFF] = ["a", "off"] as [Tenant, Tenant];

function request(tenant: Tenant, own: Partial<DeleteRequest> = {}): DeleteRequest {
  return {
    ...{ tenant, id: "1", part: 0, query: '{a="b"}', startMs: 0, endMs: 9, createdMs: 0 },
    ...{ status: "received", ...own },
  };
}

function given() {
  const clock = new SimClock();
  const state = { list: [] as DeleteRequest[], reads: 0, fails: false };
  const limits = {
    of: (tenant: Tenant) => ({
      ...DEFAULT_LIMITS,
      deletionMode: tenant === OFF ? ("disabled" as const) : ("filter-only" as const),
    }),
  };
  const requests = {
    list: async () => {
      state.reads++;
      if (state.fails) throw new Unavailable("no answer");
      return [...state.list];
    },
  };
  const parts = { requests, limits, clock, journal: SILENT, meter: UNMETERED };
  return { state, clock, active: new ActiveDeletes({ ...parts, search: portableSearch }) };
}

test("of() is undefined for tenants without requests, and for those that may not delete", async () => {
  const { state, active } = given();
  state.list = [request(A), request(OFF)];
  assert.ok((await active.of(A)) !== undefined);
  assert.equal(await active.of("other" as Tenant), undefined);
  assert.equal(await active.of(OFF), undefined);
  assert.equal(state.reads, 1);
});

test("the list is read anew at an interval, and what did not change is not compiled again", async () => {
  const { state, clock, active } = given();
  state.list = [request(A)];
  const filter = await active.of(A);
  await clock.advance(9_000);
  assert.equal(await active.of(A), filter);
  assert.equal(state.reads, 1);
  await clock.advance(2_000);
  // The read goes on beside a query, which may still be answered from the list before.
  state.list = [request(A), request(A, { id: "2" })];
  await active.of(A);
  await settle();
  assert.equal(state.reads, 2);
  const newer = await active.of(A);
  assert.notEqual(newer, filter);
  await clock.advance(11_000);
  await active.of(A);
  await settle();
  assert.equal(await active.of(A), newer);
  // After a long silence the query waits.
  await clock.advance(120_000);
  state.list = [];
  assert.equal(await active.of(A), undefined);
});

test("changed(): the next query waits for a list that was read after the change", async () => {
  const { state, active } = given();
  assert.equal(await active.of(A), undefined);
  const early = active.of(A);
  state.list = [request(A)];
  active.changed();
  const late = active.of(A);
  state.list = [request(A), request(A, { id: "2" })];
  active.changed();
  await early;
  await late;
  assert.equal((await active.listOf(A)).length, 2);
  state.list = [];
  active.changed();
  assert.equal(await active.of(A), undefined);
});

test("a request hides for an hour after its processing, for readers that know the index from before", async () => {
  const { state, clock, active } = given();
  const receipt = {
    ...{ processedMs: clock.nowMs(), linesMatched: 1, linesRemoved: 1 },
    ...{ chunksRemoved: 1, chunksRewritten: 0 },
  };
  state.list = [request(A, { status: "processed", receipt })];
  assert.equal((await active.listOf(A)).length, 1);
  assert.deepEqual(active.pending(), []);
  await clock.advance(3_600_000);
  assert.equal((await active.listOf(A)).length, 0);
});

test("whoever only counts what waits is told anew at the next time", async () => {
  const { state, clock, active } = given();
  state.list = [request(A)];
  assert.deepEqual(active.pending(), []);
  await settle();
  assert.equal(active.pending().length, 1);
  state.list = [];
  await clock.advance(3_600_000);
  active.pending();
  await settle();
  assert.deepEqual(active.pending(), []);
  state.fails = true;
  await clock.advance(3_600_000);
  active.pending();
  await settle();
  assert.deepEqual(active.pending(), []);
});

test("without any list queries fail, with an old one they go on", async () => {
  const { state, clock, active } = given();
  state.fails = true;
  await assert.rejects(active.of(A), { name: "Unavailable" });
  state.fails = false;
  state.list = [request(A)];
  assert.ok((await active.of(A)) !== undefined);
  state.fails = true;
  for (const ms of [11_000, 600_000]) {
    await clock.advance(ms);
    assert.ok((await active.of(A)) !== undefined);
    await settle();
  }
});
