/** Is what was copied what there was? In every encoding, under other tenants, in part, after kills. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bucketOver,
  DAY,
  linesOf,
  type SmallBucket,
  smallBucket,
  WRITTEN_MS,
} from "../../fixtures/repair/small-bucket.ts";
import { portableCodecs } from "../compress/table.ts";
import { BadRequest } from "../model/errors.ts";
import { DAY_MS, type Schema, type SchemaVersion } from "../model/schema.ts";
import { nsOf } from "../model/time.ts";
import { ENCODINGS } from "../ports/codecs.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { SimClock } from "../sim/clock.ts";
import { MemoryObjectStore } from "../sim/store.ts";
import type { Finding } from "./finding.ts";
import { type MigrateOptions, type MigrateState, migrateBucket } from "./migrate.ts";
import { verifyBucket } from "./verify.ts";

const EVER = { from: -(2n ** 62n), to: 2n ** 62n };

async function migrated(
  { objects, schema }: Pick<SmallBucket, "objects" | "schema">,
  more: Partial<MigrateOptions> & { version?: SchemaVersion; into?: MemoryObjectStore } = {},
) {
  const { version, into = new MemoryObjectStore({ nowMs: () => WRITTEN_MS }), ...rest } = more;
  const wanted: Schema = schema.map((period) => ({ ...period, schema: version ?? period.schema }));
  const findings: Finding[] = [];
  const report = await migrateBucket({
    store: objects,
    codecs: portableCodecs,
    indexPrefix: "index/",
    target: {
      objects: into,
      chunks: bucketOver(into, { schema: wanted }).chunks,
      indexPrefix: "index/",
      schema: wanted,
    },
    ...EVER,
    onFinding: (finding) => {
      findings.push(finding);
    },
    ...rest,
  });
  return { report, findings, target: into };
}

async function problemsOf(store: ObjectStore): Promise<Finding[]> {
  const findings: Finding[] = [];
  await verifyBucket({
    store,
    codecs: portableCodecs,
    clock: new SimClock(nsOf(WRITTEN_MS + DAY_MS)),
    indexPrefix: "index/",
    sample: { share: 1, seed: 1 },
    graceMs: 0,
    onFinding: (finding) => {
      findings.push(finding);
    },
  });
  return findings;
}

async function lines(store: ObjectStore, tenant: string): Promise<string[]> {
  const answer = await linesOf(bucketOver(store), tenant);
  assert.deepEqual(answer.warnings, []);
  return answer.lines;
}

test("migrateBucket() keeps every line in any encoding and schema that can keep them", async () => {
  const given: [SchemaVersion, SchemaVersion, keyof typeof ENCODINGS | undefined][] = [
    ["v13", "v13", undefined],
    ["v13", "v13", "gzip"],
    ["v11", "v12", undefined],
    ["v12", "v13", "lz4"],
    ["v12", "v11", "none"],
  ];
  for (const [from, version, encoding] of given) {
    const source = await smallBucket({ schema: from });
    const about = `${from} to ${version} ${encoding}`;
    const { report, findings, target } = await migrated(source, {
      version,
      encoding: encoding && ENCODINGS[encoding],
    });
    assert.deepEqual(findings, [], about);
    const wanted = { complete: true, isWhole: true, damaged: 0, chunks: 5 };
    assert.deepEqual(report, { ...wanted, linesIn: 180, linesOut: 180, linesNamed: 180 }, about);
    for (const tenant of ["team-a", "team-b"])
      assert.deepEqual(await lines(target, tenant), await lines(source.objects, tenant), about);
    assert.deepEqual(await problemsOf(target), [], about);
  }
});

test("migrateBucket() copies objects as they are when nothing of them changes", async () => {
  const source = await smallBucket();
  const { target } = await migrated(source);
  for (const key of source.chunks)
    assert.deepEqual(await target.get(key), await source.objects.get(key));
});

test("migrateBucket() renames tenants, leaves others out, and puts two into one", async () => {
  const source = await smallBucket();
  const [a, b] = [await lines(source.objects, "team-a"), await lines(source.objects, "team-b")];
  const one = await migrated(source, { tenants: new Map([["team-a", "ours"]]) });
  assert.deepEqual(await lines(one.target, "ours"), a);
  for (const gone of ["team-a", "team-b"]) assert.deepEqual(await lines(one.target, gone), []);
  assert.deepEqual(await problemsOf(one.target), []);
  const both = await migrated(source, {
    tenants: new Map([
      ["team-a", "ours"],
      ["team-b", "ours"],
    ]),
  });
  assert.deepEqual(await lines(both.target, "ours"), [...a, ...b].sort());
  assert.equal(both.report.isWhole, true);
});

test("migrateBucket() cuts chunks at the bounds of time, to the nanosecond", async () => {
  const source = await smallBucket();
  const timeOf = (line: string) => BigInt(/\} (\d+) /.exec(line)![1]!);
  const all = await lines(source.objects, "team-a");
  const times = all.map(timeOf).sort((x, y) => (x < y ? -1 : 1));
  for (const [first, end] of [
    [10, 11],
    [35, 75],
    [0, 60],
    [100, 119],
  ] as const) {
    const [from, to] = [times[first]!, times[end]!];
    const { target, report } = await migrated(source, {
      from,
      to,
      tenants: new Map([["team-a", "team-a"]]),
    });
    const wanted = all.filter((line) => timeOf(line) >= from && timeOf(line) < to);
    assert.deepEqual(await lines(target, "team-a"), wanted, `${first} to ${end}`);
    assert.deepEqual([report.linesOut, report.isWhole], [wanted.length, true]);
    assert.deepEqual(await problemsOf(target), []);
  }
});

test("migrateBucket() refuses to lose structured metadata", async () => {
  await assert.rejects(
    migrated(await smallBucket({ schema: "v13" }), { version: "v12" }),
    (error) => {
      return (
        error instanceof BadRequest &&
        /structured metadata, which only schema v13/.test(error.message)
      );
    },
  );
});

test("migrateBucket() reports what is missing or damaged, and copies the rest", async () => {
  const source = await smallBucket({ encoding: "none" });
  const { objects, chunks } = source;
  const before = await lines(objects, "team-a");
  const bytes = (await objects.get(chunks[0]!))!;
  bytes[new TextDecoder("latin1").decode(bytes).indexOf(" n=12 ") + 3]! ^= 1;
  await objects.put(chunks[0]!, bytes);
  await objects.delete(chunks[1]!);
  const { findings, report, target } = await migrated(source);
  assert.deepEqual(findings.map(({ kind, key }) => [kind, key]).sort(), [
    ["damaged", chunks[0]],
    ["missing", chunks[1]],
  ]);
  assert.equal(report.damaged, 2);
  const after = await lines(target, "team-a");
  assert.ok(after.length > 0 && after.length < before.length);
  assert.ok(after.every((line) => before.includes(line)));
  assert.deepEqual(await problemsOf(target), []);
});

test("migrateBucket() killed at any write and run again gives the same lines, each once", async () => {
  const source = await smallBucket();
  let kills = 0;
  for (let nth = 1; ; nth++) {
    const into = new MemoryObjectStore({ nowMs: () => WRITTEN_MS });
    into.faults.add({ op: "put", nth });
    let state: MigrateState | undefined;
    const options = {
      into,
      encoding: ENCODINGS.gzip,
      onState: (reached: MigrateState) => {
        state = JSON.parse(JSON.stringify(reached));
      },
    };
    const killed = await migrated(source, options).then(
      () => false,
      () => true,
    );
    into.faults.clear();
    if (killed) {
      kills++;
      const { report } = await migrated(source, { ...options, state });
      assert.deepEqual([report.linesIn, report.linesOut, report.isWhole], [180, 180, true]);
    }
    for (const tenant of ["team-a", "team-b"])
      assert.deepEqual(
        await lines(into, tenant),
        await lines(source.objects, tenant),
        `put ${nth}`,
      );
    assert.deepEqual(await problemsOf(into), []);
    if (!killed) break;
  }
  // Five chunks, and a file for each of: team-a on two days, team-b on two days.
  assert.equal(kills, 9);
});

test("migrateBucket() run again finds what is there and writes nothing twice", async () => {
  const source = await smallBucket();
  const options = { encoding: ENCODINGS.gzip, version: "v13" } as const;
  const { target: into } = await migrated(source, options);
  const keysIn = async () => (await Array.fromAsync(into.list(""))).map(({ key }) => key);
  const before = await keysIn();
  const { report } = await migrated(source, { ...options, into });
  assert.deepEqual(await keysIn(), before);
  assert.deepEqual([report.linesNamed, report.isWhole], [180, true]);
});

test("migrateBucket() never writes over the index of something else", async () => {
  const source = await smallBucket();
  const one = new Map([["team-a", "ours"]]);
  const { target: into } = await migrated(source, { tenants: one, encoding: ENCODINGS.gzip });
  const [first] = await Array.fromAsync(into.list("index/"));
  await into.put(first!.key, new Uint8Array(9));
  await migrated(source, { tenants: one, encoding: ENCODINGS.gzip, into });
  assert.equal((await into.get(first!.key))?.length, 9);
  const lines = (await linesOf(bucketOver(into), "ours")).lines;
  assert.equal(lines.length, (await linesOf(bucketOver(source.objects), "team-a")).lines.length);
});

test("migrateBucket() ends at a signal and goes on where it was", async () => {
  const source = await smallBucket();
  const into = new MemoryObjectStore();
  const controller = new AbortController();
  let state: MigrateState | undefined;
  const first = await migrated(source, {
    into,
    signal: controller.signal,
    onState: (reached) => {
      state = reached;
      controller.abort();
    },
  });
  assert.equal(first.report.complete, false);
  assert.deepEqual(state!.done, [`index_${DAY}/team-a`]);
  const second = await migrated(source, { into, state });
  assert.deepEqual([second.report.linesOut, second.report.isWhole], [180, true]);
});
