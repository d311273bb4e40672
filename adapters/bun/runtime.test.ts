/** Byte search, clock and chance of the runtime. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { test } from "node:test";
import { portableSearch } from "../../core/bytes/search.ts";
import { utf8 } from "../../core/bytes/text.ts";
import { bunSearch } from "./byte-search.ts";
import { systemClock } from "./clock.ts";
import { systemRandom } from "./random.ts";

test("bunSearch finds what portableSearch finds", () => {
  const text = utf8("abcabcabdabcabcabe trace_id=00ff trace_id=00fe");
  for (const needle of ["", "a", "abcabe", "trace_id=00fe", "zzz", "e", "00fe"]) {
    for (let from = 0; from <= text.length + 1; from++) {
      const [got, want] = [bunSearch, portableSearch].map((search) =>
        search.indexOf(text, utf8(needle), from),
      );
      assert.equal(got, want, `${needle} from ${from}`);
    }
  }
});

test("systemClock rises and stands near the wall clock", () => {
  let before = 0n;
  for (let turn = 0; turn < 1000; turn++) {
    const now = systemClock.now();
    assert.ok(now > before);
    before = now;
  }
  assert.ok(Math.abs(Number(before / 1_000_000n) - systemClock.nowMs()) < 1000);
});

test("systemClock.sleep() ends early on abort, and at once when aborted before", async () => {
  const controller = new AbortController();
  const sleeping = systemClock.sleep(3_000_000_000, controller.signal);
  controller.abort();
  await sleeping;
  await systemClock.sleep(3_000_000_000, controller.signal);
  await systemClock.sleep(1);
});

test("systemRandom stays within its bounds and fills any size", () => {
  for (let turn = 0; turn < 1000; turn++) {
    const value = systemRandom.int(3, 5);
    assert.ok(value === 3 || value === 4);
  }
  assert.equal(systemRandom.bytes(0).length, 0);
  const many = systemRandom.bytes(100_000);
  assert.equal(many.length, 100_000);
  assert.ok(new Set(many.subarray(90_000)).size > 200);
});

test("systemClock.sleep(0) gives timers and sockets their turn", async () => {
  let timer = false;
  setTimeout(() => {
    timer = true;
  }, 5);
  const server = createServer((socket) => socket.end("hello")).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  let text = "";
  connect(port, "127.0.0.1").on("data", (part) => {
    text += part;
  });
  // Work without an end in promises only: were there no turn, this would not come to one.
  for (let turns = 0; !timer || text === ""; turns++) {
    assert.ok(turns < 1_000_000, `${turns} turns`);
    await systemClock.sleep(0);
  }
  server.close();
});
