/**
 * The 59 pushes recorded from Loki 2.9.1 (fixtures/push). The two that an ingester refuses are its
 * tests' business; here a pusher that refuses stands for it.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { testQuery, testServices } from "../../fixtures/http/fakes.ts";
import { PUSH_LIMITS, pushCases } from "../../fixtures/push/cases.ts";
import { givenRows } from "../../fixtures/push/rows.ts";
import { LimitExceeded, Unavailable } from "../model/errors.ts";
import type { PushStream } from "../model/push.ts";
import { SimClock } from "../sim/clock.ts";
import { makeApp } from "./app.ts";
import { DEFAULT_HTTP_SETTINGS } from "./services.ts";

interface Recorded {
  readonly name: string;
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
}

const RECORDED: readonly Recorded[] = JSON.parse(
  readFileSync(new URL("../../fixtures/push/push-cases.json", import.meta.url), "utf8"),
);

/** Refused by the ingester. */
const INGESTERS = ["per stream rate", "too many streams"];

/** Their texts quote Go's JSON parser or its gzip: the status must agree, the text be ours. */
const OUR_WORDS: Readonly<Record<string, RegExp>> = {
  "empty body": /expected \{ of a push, the body ends there/,
  "deflate with a zlib header": /^deflate body: /,
  "not json": /expected \{ of a push, found "hello"/,
  "cut json": /byte 47: expected the closing "/,
  "wrong types": /expected \[ of the streams/,
  "ts as number": /expected a string for the timestamp, found "1,/,
  "ts not a number": /expected decimal nanoseconds, found "abc/,
  "line as number": /expected a string for the line, found "5/,
};

/** Takes times and the run out of a text, as the recording did. */
function untimed(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| \+0000 UTC)/g, "{{time}}")
    .replaceAll("run", "{{run}}");
}

test("pushes are answered as Loki 2.9.1 answers them", async () => {
  const clock = new SimClock();
  const stored: PushStream[] = [];
  const pusher = {
    push: async (_: unknown, streams: readonly PushStream[]) => void stored.push(...streams),
  };
  const limits = { of: () => PUSH_LIMITS };
  const app = makeApp(testServices({ clock, pusher, limits, query: testQuery() }));
  for (const given of pushCases(clock.now(), "run")) {
    const want = RECORDED.find(({ name }) => name === given.name)!;
    if (INGESTERS.includes(given.name)) continue;
    const { method, headers, body } = given;
    const request = new Request(`http://loki${given.path}`, {
      method,
      headers,
      ...(body && { body }),
    });
    // A body of text would bring a type of its own.
    if (headers["Content-Type"] === undefined) request.headers.delete("Content-Type");
    const response = await app.fetch(request);
    const text = await response.text();
    assert.equal(response.status, want.status, `${given.name}: ${text}`);
    const ours = OUR_WORDS[given.name];
    if (ours === undefined) assert.equal(untimed(text), want.text, given.name);
    else assert.match(text, ours, given.name);
    assert.equal(response.headers.get("content-type"), want.type, given.name);
  }
  const lines = stored.flatMap(givenRows).map(([, line]) => line);
  assert.equal(lines.filter((line) => line === "good").length, 2);
  assert.equal(lines.filter((line) => line === "hello").length, 5);
});

async function push(
  app: ReturnType<typeof makeApp>,
  body: string,
  headers: Record<string, string> = {},
) {
  const all = { "Content-Type": "application/json", "X-Scope-OrgID": "t", ...headers };
  const response = await app.request("/loki/api/v1/push", { method: "POST", headers: all, body });
  return { status: response.status, text: await response.text() };
}

test("what the ingester refuses is the answer, before what validation refused", async () => {
  const clock = new SimClock();
  const body = JSON.stringify({
    streams: [
      {
        stream: { app: "x" },
        values: [
          ["1", "old"],
          [String(clock.now()), "new"],
        ],
      },
    ],
  });
  const app = (error: Error) =>
    makeApp(testServices({ clock, pusher: { push: () => Promise.reject(error) } }));
  const limit = new LimitExceeded("max_global_streams_per_user", "too many", { status: 429 });
  const refused = await push(app(limit), body);
  assert.equal(refused.status, 429);
  assert.match(
    refused.text,
    /^too many\nentry for stream '\{app="x"\}' has timestamp too old: .*\n$/,
  );
  assert.deepEqual(await push(app(new Unavailable("disk is gone")), body), {
    status: 503,
    text: "disk is gone\n",
  });
  assert.deepEqual(await push(app(new Error("password=hunter2")), body), {
    status: 500,
    text: "internal error, see the log of this server\n",
  });
});

test("a push that is too large is refused before it is read, or as soon as it is too long", async () => {
  const settings = { ...DEFAULT_HTTP_SETTINGS, pushBytesMax: 10 };
  const app = makeApp(testServices({ pusher: { push: async () => {} } }), settings);
  const text = "request body too large: 14 bytes, limit 10 (distributor.max_recv_msg_size)\n";
  assert.deepEqual(await push(app, '{"streams":[]}', { "Content-Length": "14" }), {
    status: 413,
    text,
  });
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(7)),
  });
  const headers = { "Content-Type": "application/json", "X-Scope-OrgID": "t" };
  const endless = new Request("http://loki/loki/api/v1/push", {
    method: "POST",
    headers,
    body: stream,
    duplex: "half",
  } as RequestInit);
  const response = await app.fetch(endless);
  assert.deepEqual([response.status, await response.text()], [413, text]);
});

test("a tenant's rate is its burst, then what time brings", async () => {
  const clock = new SimClock();
  const limits = {
    of: () => ({ ...PUSH_LIMITS, ingestionRateBytes: 100, ingestionBurstBytes: 150 }),
  };
  const app = makeApp(testServices({ clock, limits, pusher: { push: async () => {} } }));
  const body = (tenant: string) =>
    push(
      app,
      JSON.stringify({
        streams: [{ stream: { a: "b" }, values: [[String(clock.now()), "x".repeat(100)]] }],
      }),
      {
        "X-Scope-OrgID": tenant,
      },
    );
  assert.equal((await body("a")).status, 204);
  assert.match(
    (await body("a")).text,
    /^Ingestion rate limit exceeded for user a \(limit: 100 bytes\/sec\) .* '1' lines totaling '100' bytes/,
  );
  assert.equal((await body("b")).status, 204);
  await clock.advance(600);
  assert.equal((await body("a")).status, 204);
});
