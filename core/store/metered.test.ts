import assert from "node:assert/strict";
import { test } from "node:test";
import type { Meter } from "../ports/meter.ts";
import { objectStoreContract } from "../ports/object-store.contract.ts";
import { SimClock } from "../sim/clock.ts";
import { MemoryObjectStore } from "../sim/store.ts";
import { MeteredStore } from "./metered.ts";

function given(store = new MemoryObjectStore()) {
  const seen: string[] = [];
  const meter: Meter = {
    count: () => {},
    gauge: () => {},
    observe: (name, _, labels) =>
      void seen.push(`${name} ${labels?.["operation"]} ${labels?.["status_code"]}`),
  };
  return {
    store,
    seen,
    metered: new MeteredStore(store, { meter, clock: new SimClock(), name: "m" }),
  };
}

objectStoreContract("metered", async () => given().metered);

test("each request is counted by its operation and how it ended", async () => {
  const { store, seen, metered } = given();
  await metered.put("a", new Uint8Array(1));
  await metered.get("a");
  await metered.get("b");
  await metered.folders("");
  await metered.delete("a");
  store.faults.add({ op: "get" });
  await assert.rejects(metered.get("a"));
  await assert.rejects(metered.get("a", { signal: AbortSignal.abort() }));
  assert.deepEqual(seen, [
    ...["m PutObject 200", "m GetObject 200", "m GetObject 404", "m List 200"],
    ...["m DeleteObject 200", "m GetObject 500", "m GetObject cancel"],
  ]);
});
