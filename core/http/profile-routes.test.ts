/** Profiles at Go's paths: what there is in pprof's format, and plain words for what there is not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { appOf, ask, TEXT } from "../../fixtures/http/asking.ts";
import { ByteCursor } from "../bytes/cursor.ts";
import { ProtoReader } from "../bytes/proto.ts";
import type { CpuProfile, Profiler } from "../ports/profiler.ts";
import { SimClock } from "../sim/clock.ts";
import { encodePprof } from "./pprof.ts";

const INNER = { name: "parse", file: "/x/parse.ts", line: 12 };
const OTHER = { name: "parse", file: "/x/parse.ts", line: 14 };
const OUTER = { name: "serve", file: "/x/serve.ts", line: 3 };
const STACKS = [
  { frames: [INNER, OUTER], count: 2 },
  { frames: [OTHER, OUTER], count: 300 },
];

function given(own: Partial<Profiler> = {}) {
  const clock = new SimClock(5_000_000_000n);
  const asked: unknown[] = [];
  const profiler: Profiler = {
    async cpu(ms) {
      asked.push(ms);
      await clock.advance(ms);
      return { periodUs: 10_000, stacks: STACKS };
    },
    async heap(options) {
      asked.push(options);
      return {
        sizes: { heapSize: 4096, objectCount: 9 },
        objects: [
          ["Array", 2],
          ["string", 7],
        ],
      };
    },
    ...own,
  };
  const commandLine = ["lokits", "serve", "-target=all"];
  return { app: appOf({ profiler, commandLine, clock }), asked };
}

/** Values of a message's fields by number: numbers, texts and messages are left to the reader. */
function fieldsOf(bytes: Uint8Array): Map<number, (number | Uint8Array)[]> {
  const fields = new Map<number, (number | Uint8Array)[]>();
  const reader = new ProtoReader(bytes);
  while (reader.next()) {
    const values = fields.get(reader.number) ?? [];
    values.push(reader.wire === 0 ? reader.uint() : reader.bytes());
    fields.set(reader.number, values);
  }
  return fields;
}

function numbersOf(packed: number | Uint8Array | undefined): number[] {
  const numbers: number[] = [];
  const cursor = new ByteCursor(packed as Uint8Array);
  while (cursor.left > 0) numbers.push(cursor.uvarint());
  return numbers;
}

/** A profile as a reader of pprof's sees it: `parse /x/parse.ts:12` with the values of its stack. */
function read(bytes: Uint8Array) {
  const profile = fieldsOf(bytes);
  const strings = profile.get(6)!.map((text) => new TextDecoder().decode(text as Uint8Array));
  const all = (field: number) =>
    (profile.get(field) ?? []).map((message) => fieldsOf(message as Uint8Array));
  const at = (fields: ReturnType<typeof fieldsOf>, field: number) => Number(fields.get(field)?.[0]);
  const functions = new Map(all(5).map((fields) => [at(fields, 1), fields]));
  const locations = new Map(all(4).map((fields) => [at(fields, 1), fields]));
  const place = (id: number) => {
    const line = fieldsOf(locations.get(id)!.get(4)![0] as Uint8Array);
    const own = functions.get(at(line, 1))!;
    assert.equal(at(own, 2), at(own, 3));
    return `${strings[at(own, 2)]} ${strings[at(own, 4)]}:${at(line, 2)}`;
  };
  const valueType = (fields: ReturnType<typeof fieldsOf>) =>
    `${strings[at(fields, 1)]}/${strings[at(fields, 2)]}`;
  assert.equal(strings[0], "");
  return {
    types: all(1).map(valueType),
    samples: all(2).map((fields) => ({
      stack: numbersOf(fields.get(1)?.[0]).map(place),
      values: numbersOf(fields.get(2)?.[0]),
    })),
    functions: functions.size,
    time: at(profile, 9),
    duration: at(profile, 10),
    periodType: all(11).map(valueType),
    period: at(profile, 12),
  };
}

async function profileOf(app: ReturnType<typeof appOf>, path: string) {
  const response = await app.request(path);
  assert.equal(response.status, 200, path);
  assert.equal(response.headers.get("content-type"), "application/octet-stream");
  assert.equal(response.headers.get("x-content-type-options"), "nosniff");
  return read(new Uint8Array(gunzipSync(new Uint8Array(await response.arrayBuffer()))));
}

test("profile tells in which stacks the time went", async () => {
  const { app, asked } = given();
  assert.deepEqual(await profileOf(app, "/debug/pprof/profile?seconds=2"), {
    types: ["samples/count", "cpu/nanoseconds"],
    samples: [
      { stack: ["parse /x/parse.ts:12", "serve /x/serve.ts:3"], values: [2, 20_000_000] },
      { stack: ["parse /x/parse.ts:14", "serve /x/serve.ts:3"], values: [300, 3_000_000_000] },
    ],
    functions: 2,
    time: 5_000_000_000,
    duration: 2_000_000_000,
    periodType: ["cpu/nanoseconds"],
    period: 10_000_000,
  });
  assert.deepEqual(asked, [2000]);
});

test("profile takes 30 seconds unless a whole number of them is given, and at most 600", async () => {
  const { app, asked } = given();
  for (const query of [
    "",
    "?seconds=",
    "?seconds=x",
    "?seconds=0",
    "?seconds=-1",
    "?seconds=1.5",
  ]) {
    await profileOf(app, `/debug/pprof/profile${query}`);
  }
  assert.deepEqual(asked, Array(6).fill(30_000));
  await profileOf(app, "/debug/pprof/profile?seconds=600");
  const text = "seconds must be at most 600, got 601\n";
  assert.deepEqual(await ask(app, "/debug/pprof/profile?seconds=601"), [400, TEXT, text]);
});

test("one profile at a time, and the next one after it, also when it failed", async () => {
  const runs: { finish(profile: CpuProfile): void; fail(error: Error): void }[] = [];
  const cpu = () =>
    new Promise<CpuProfile>((finish, fail) => {
      runs.push({ finish, fail });
    });
  const begun = async (count: number) => {
    while (runs.length < count) await new Promise((resolve) => setTimeout(resolve));
  };
  const { app } = given({ cpu });
  const first = ask(app, "/debug/pprof/profile");
  await begun(1);
  const text = "Could not enable CPU profiling: cpu profiling already in use\n";
  assert.deepEqual(await ask(app, "/debug/pprof/profile"), [500, TEXT, text]);
  runs[0]!.fail(new Error("no"));
  assert.equal((await first)[0], 500);
  const second = profileOf(app, "/debug/pprof/profile");
  await begun(2);
  runs[1]!.finish({ periodUs: 1, stacks: [] });
  assert.deepEqual((await second).samples, []);
});

test("heap counts objects by their kind, the most first", async () => {
  const { app, asked } = given();
  const { types, samples } = await profileOf(app, "/debug/pprof/heap");
  assert.deepEqual(types, ["inuse_objects/count"]);
  assert.deepEqual(samples, [
    { stack: ["string :0"], values: [7] },
    { stack: ["Array :0"], values: [2] },
  ]);
  const text = "heapSize 4096\nobjectCount 9\n\nstring 7\nArray 2\n";
  assert.deepEqual(await ask(app, "/debug/pprof/heap?debug=1&gc=1"), [200, TEXT, text]);
  assert.deepEqual(asked, [{ collect: false }, { collect: true }]);
});

test("cmdline is the command line, as Go writes it", async () => {
  const want = [200, TEXT, "lokits\0serve\0-target=all"];
  assert.deepEqual(await ask(given().app, "/debug/pprof/cmdline"), want);
});

test("profiles that only Go has are refused in plain words, unknown ones are not found", async () => {
  const { app } = given();
  for (const name of ["allocs", "block", "goroutine", "mutex", "symbol", "threadcreate", "trace"]) {
    const [status, type, text] = await ask(app, `/debug/pprof/${name}`);
    assert.deepEqual([status, type], [501, TEXT], name);
    assert.match(text, new RegExp(`^no profile ${name}: .{20,}\\n$`));
  }
  for (const method of ["GET", "POST"]) {
    assert.equal((await ask(app, "/debug/fgprof", { method }))[0], 501);
  }
  for (const name of ["x", "constructor", "__proto__"]) {
    assert.deepEqual(await ask(app, `/debug/pprof/${name}`), [404, TEXT, "Unknown profile\n"]);
  }
  assert.equal((await ask(app, "/debug/pprof/heap", { method: "POST" }))[0], 405);
  assert.equal((await ask(appOf(), "/debug/pprof/"))[0], 404);
  const [status, type, page] = await ask(app, "/debug/pprof/");
  assert.deepEqual([status, type], [200, "text/html; charset=utf-8"]);
  for (const name of ["cmdline", "heap", "profile"]) assert.ok(page.includes(`href="${name}"`));
});

test("encodePprof() gives a text its number once", () => {
  const samples = [{ frames: [OUTER], values: [1] }];
  const bytes = encodePprof({ types: [["cpu", "cpu"]], samples, time: 1n });
  const strings = fieldsOf(bytes).get(6)!;
  const texts = strings.map((text) => new TextDecoder().decode(text as Uint8Array));
  assert.deepEqual(texts, ["", "cpu", "serve", "/x/serve.ts"]);
});
