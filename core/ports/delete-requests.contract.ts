/** What every home of delete requests promises. An adapter's test calls this and adds only what is its own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeleteReceipt, DeleteRequest } from "../model/delete-request.ts";
import type { Tenant } from "../model/tenant.ts";
import type { DeleteRequests } from "./delete-requests.ts";

const [A, B] = ["tenant-a", "tenant-b"] as [Tenant, Tenant];

const RECEIPT: DeleteReceipt = {
  ...{ processedMs: 1_700_000_900_000, linesMatched: 12, linesRemoved: 11 },
  ...{ chunksRemoved: 2, chunksRewritten: 3 },
};

/** An empty home, and the same place opened anew, as after a restart. */
export interface GivenHome {
  readonly home: DeleteRequests;
  again(): Promise<DeleteRequests>;
}

/** Registers the tests. `make` gives a new place each time. */
export function deleteRequestsContract(name: string, make: () => Promise<GivenHome>): void {
  function wish(tenant: Tenant, id: string, parts = 1, createdMs = 1_700_000_000_123) {
    return Array.from({ length: parts }, (_, part): DeleteRequest => {
      const startMs = 1_600_000_000_000 + part * 1000;
      const endMs = startMs + 999;
      const query = `{app="${id}"} |= "é\\"\n"`;
      return { tenant, id, part, query, startMs, endMs, createdMs, status: "received" };
    });
  }

  async function given(...wishes: readonly DeleteRequest[][]): Promise<GivenHome> {
    const made = await make();
    for (const parts of wishes) await made.home.add(parts);
    return made;
  }

  /** `id part status`, in the order of the list. */
  async function shown(home: DeleteRequests, tenant?: Tenant): Promise<string> {
    const list = await home.list(tenant);
    return list.map(({ id, part, status }) => `${id} ${part} ${status}`).join(", ");
  }

  test(`${name}: list() gives what add() kept, oldest first, parts in order`, async () => {
    const { home } = await given();
    assert.deepEqual(await home.list(), []);
    const [young, old, other] = [
      wish(A, "1", 2, 2000),
      wish(A, "2", 1, 1000),
      wish(B, "3", 1, 1500),
    ];
    for (const parts of [young, old, other]) await home.add(parts);
    assert.deepEqual(await home.list(A), [...old, ...young]);
    assert.deepEqual(await home.list(), [...old, ...other, ...young]);
    assert.deepEqual(await home.list("tenant" as Tenant), []);
    await home.close();
  });

  test(`${name}: add() refuses a known id and changes nothing`, async () => {
    const { home } = await given(wish(A, "0000000a", 2));
    const generation = await home.generation(A);
    await assert.rejects(home.add(wish(A, "0000000a", 3, 5)), { name: "BadRequest" });
    assert.deepEqual(await home.list(), wish(A, "0000000a", 2));
    assert.equal(await home.generation(A), generation);
    await home.close();
  });

  test(`${name}: process() keeps the first receipt of a part`, async () => {
    const { home } = await given(wish(A, "a", 3));
    await home.process(A, "a", 1, RECEIPT);
    const [first, second, third] = wish(A, "a", 3);
    const want = [first, { ...second, status: "processed", receipt: RECEIPT }, third];
    assert.deepEqual(await home.list(A), want);
    const generation = await home.generation(A);
    await home.process(A, "a", 1, { ...RECEIPT, linesRemoved: 0 });
    assert.deepEqual(await home.list(A), want);
    assert.equal(await home.generation(A), generation);
    await home.close();
  });

  test(`${name}: process() of what is unknown is no error`, async () => {
    const { home } = await given(wish(A, "a"));
    await home.process(A, "b", 0, RECEIPT);
    await home.process(A, "a", 1, RECEIPT);
    await home.process(B, "a", 0, RECEIPT);
    assert.equal(await shown(home), "a 0 received");
    assert.equal(await home.generation(B), "");
    await home.close();
  });

  test(`${name}: cancel() forgets a wish, once, and no other`, async () => {
    const { home } = await given(wish(A, "a", 2), wish(A, "b"), wish(B, "c"));
    assert.equal(await home.cancel(A, "a"), true);
    assert.equal(await shown(home), "b 0 received, c 0 received");
    assert.equal(await home.cancel(A, "a"), false);
    assert.equal(await home.cancel(A, "c"), false);
    assert.equal(await home.cancel(A, "nothing"), false);
    assert.equal(await shown(home), "b 0 received, c 0 received");
    await home.process(A, "a", 0, RECEIPT);
    assert.equal(await shown(home, A), "b 0 received");
    await home.close();
  });

  test(`${name}: cancel() leaves the parts that are processed`, async () => {
    const { home } = await given(wish(A, "a", 3), wish(A, "b"));
    await home.process(A, "a", 1, RECEIPT);
    assert.equal(await home.cancel(A, "a"), true);
    assert.equal(await shown(home), "a 1 processed, b 0 received");
    assert.equal(await home.cancel(A, "a"), false);
    await home.process(A, "a", 2, RECEIPT);
    assert.equal(await shown(home), "a 1 processed, b 0 received");
    await home.process(A, "b", 0, RECEIPT);
    assert.equal(await home.cancel(A, "b"), false);
    assert.equal(await shown(home), "a 1 processed, b 0 processed");
    await home.close();
  });

  test(`${name}: generation() changes with each change of the tenant's, and with nothing else`, async () => {
    const { home } = await given();
    assert.equal(await home.generation(A), "");
    const seen = new Set<string>();
    for (const change of [
      () => home.add(wish(A, "a", 2)),
      () => home.process(A, "a", 0, RECEIPT),
      () => home.cancel(A, "a"),
      () => home.add(wish(A, "b")),
    ]) {
      await change();
      const generation = await home.generation(A);
      assert.match(generation, /^\d{19}$/);
      assert.ok(!seen.has(generation));
      seen.add(generation);
      assert.equal(await home.generation(B), "");
    }
    await home.add(wish(B, "c"));
    await home.cancel(A, "nothing");
    assert.ok(seen.has(await home.generation(A)));
    await home.close();
  });

  test(`${name}: everything is there after a restart`, async () => {
    const { home, again } = await given(wish(A, "a", 2), wish(A, "b", 2), wish(B, "c"));
    await home.process(A, "a", 0, RECEIPT);
    await home.cancel(A, "b");
    const [list, generation] = [await home.list(), await home.generation(A)];
    await home.close();
    const later = await again();
    assert.deepEqual(await later.list(), list);
    assert.equal(await later.generation(A), generation);
    assert.equal(await later.cancel(A, "b"), false);
    await assert.rejects(later.add(wish(A, "a")), { name: "BadRequest" });
    await later.close();
  });
}
