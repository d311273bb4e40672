/** Time stands still in these tests but for `run`, which moves it until the work is done. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Corrupt, Unavailable } from "../model/errors.ts";
import { SimClock } from "../sim/clock.ts";
import { Random } from "../sim/random.ts";
import { Caller, explain } from "./caller.ts";
import { DAMAGED, NO_ANSWER, S3Failure } from "./s3-failure.ts";
import type { Attempt } from "./s3-wire.ts";

const PLACE = { bucket: "logs", key: "fake/a" };
const POLICY = {
  requestsMax: 4,
  delayMinMs: 100,
  delayMaxMs: 3000,
  triesMax: 5,
  patience: { silenceMs: 10_000, totalMs: 60_000 },
};

function given(policy: Partial<typeof POLICY> = {}) {
  const clock = new SimClock();
  const seen: [number, number][] = [];
  const caller = new Caller({
    clock,
    random: new Random(1),
    policy: { ...POLICY, ...policy },
    observe: (_, status) => seen.push([Math.round(clock.ticksMs()), status]),
  });
  const run = async <T>(work: Promise<T>): Promise<T> => {
    let done = false;
    const end = work.finally(() => {
      done = true;
    });
    end.catch(() => undefined);
    while (!done) await clock.advance(10);
    return end;
  };
  const call = <T>(request: (attempt: Attempt) => Promise<T>, signal?: AbortSignal) =>
    caller.call("S3.GetObject", PLACE, request, { signal });
  return { clock, caller, call, run, seen };
}

const slowDown = () => new S3Failure("SlowDown", 503, "Please reduce your request rate.");

test("call() tries again after pauses that double, with jitter", async () => {
  const { call, run, seen } = given();
  const result = await run(
    call(async ({ number }) => {
      if (number < 5) throw new S3Failure("InternalError", 500);
      return number;
    }),
  );
  assert.equal(result, 5);
  assert.deepEqual(
    seen.map(([, status]) => status),
    [500, 500, 500, 500, 200],
  );
  const pauses = seen.slice(1).map(([ms], index) => ms - seen[index]![0]);
  for (const [index, pause] of pauses.entries()) {
    const fullMs = 100 * 2 ** index;
    assert.ok(pause >= fullMs / 2 && pause <= fullMs + 10, `pause ${index} of ${pause} ms`);
  }
});

test("call() gives up after so many tries, and at once where no try helps", async () => {
  const tries = async (code: string, status: number) => {
    const { call, run, seen } = given();
    const failure = new S3Failure(code, status);
    await assert.rejects(run(call(async () => Promise.reject(failure))), failure);
    return seen.length;
  };
  assert.equal(await tries("InternalError", 500), 5);
  assert.equal(await tries("ECONNRESET", NO_ANSWER), 5);
  assert.equal(await tries("RequestTimeTooSkewed", 403), 5);
  assert.equal(await tries("ExpiredToken", 400), 5);
  assert.equal(await tries("AccessDenied", 403), 1);
  assert.equal(await tries("NoSuchKey", 404), 1);
  assert.equal(await tries("PreconditionFailed", 412), 1);
});

test("call() bears many a SlowDown, and the rate of the prefix falls", async () => {
  const { caller, clock, run } = given({ requestsMax: 100 });
  const random = new Random(7);
  const times: number[] = [];
  const request = async () => {
    times.push(clock.ticksMs());
    if (random.int(0, 10) < 3) throw slowDown();
  };
  // They would like to go at a thousand a second.
  const work = Array.from({ length: 800 }, async (_, index) => {
    await clock.sleep(index);
    await caller.call("S3.GetObject", PLACE, request);
  });
  await run(Promise.all(work));
  const inSecond = (second: number) =>
    times.filter((ms) => ms >= 1000 * second && ms < 1000 * (second + 1)).length;
  assert.ok(inSecond(0) > 150, `${inSecond(0)} requests in the first second`);
  assert.ok(inSecond(5) < inSecond(0) / 2, `${inSecond(5)} requests in the sixth second`);
  assert.ok(caller.pace.rateOf("logs/fake") < 150);
  assert.equal(caller.pace.rateOf("logs/other"), Number.POSITIVE_INFINITY);
});

test("a prefix without SlowDown is free again in time", async () => {
  const { caller, clock, call, run } = given();
  await run(call(async ({ number }) => (number === 1 ? Promise.reject(slowDown()) : number)));
  assert.ok(Number.isFinite(caller.pace.rateOf("logs/fake")));
  await clock.advance(600_000);
  await run(call(async () => undefined));
  assert.equal(caller.pace.rateOf("logs/fake"), Number.POSITIVE_INFINITY);
});

test("call() leaves a silent server, and stays with one that sends slowly", async () => {
  const { clock, call, run, seen } = given({ triesMax: 2 });
  await assert.rejects(run(call(() => new Promise(() => {}))), { code: "Timeout" });
  assert.deepEqual(
    seen.map(([, status]) => status),
    [NO_ANSWER, NO_ANSWER],
  );
  const slow = async ({ progress }: Attempt) => {
    for (let second = 0; second < 30; second++) {
      await clock.sleep(1000);
      progress();
    }
    return "whole";
  };
  assert.equal(await run(call(slow)), "whole");
});

test("call() ends with its signal, waiting or not", async () => {
  const { clock, call, run } = given();
  const stop = new AbortController();
  const work = call(() => new Promise(() => {}), stop.signal);
  const pausing = call(async () => Promise.reject(new S3Failure("x", 500)), stop.signal);
  const reason = new Error("enough");
  void clock.sleep(120).then(() => stop.abort(reason));
  await Promise.all([assert.rejects(run(work), reason), assert.rejects(run(pausing), reason)]);
});

test("call() lets so many through at once", async () => {
  const { clock, caller, run } = given();
  let inside = 0;
  let most = 0;
  const request = async () => {
    most = Math.max(most, ++inside);
    await clock.sleep(10);
    inside--;
  };
  const calls = Array.from({ length: 40 }, () => caller.call("S3.List", PLACE, request));
  await run(Promise.all(calls));
  assert.equal(most, 4);
});

test("explain() names key, bucket, code and status", () => {
  const { message, name } = explain(slowDown(), "get", PLACE) as Error;
  assert.equal(name, "Unavailable");
  assert.equal(
    message,
    "get fake/a in bucket logs: SlowDown: Please reduce your request rate. (status 503)",
  );
  assert.ok(explain(new S3Failure("ECONNRESET", NO_ANSWER), "put", PLACE) instanceof Unavailable);
  assert.ok(explain(new S3Failure(DAMAGED, NO_ANSWER, "x"), "get", PLACE) instanceof Corrupt);
});
