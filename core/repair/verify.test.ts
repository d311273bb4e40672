/** Does verify see what is wrong with a bucket, and nothing that is not? Damage is done to a small bucket by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bucketOver,
  copyOf,
  DAY,
  linesOf,
  type SmallBucketOptions,
  smallBucket,
  WRITTEN_MS,
} from "../../fixtures/repair/small-bucket.ts";
import { portableCodecs } from "../compress/table.ts";
import { IndexReader } from "../index/reader.ts";
import { IndexWriter } from "../index/writer.ts";
import { nsOf } from "../model/time.ts";
import { ENCODINGS } from "../ports/codecs.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { SimClock } from "../sim/clock.ts";
import { readChunkName } from "./chunk-name.ts";
import type { Finding } from "./finding.ts";
import { type VerifyOptions, type VerifyState, verifyBucket } from "./verify.ts";

const HOUR_MS = 3_600_000;

async function verified(store: ObjectStore, more: Partial<VerifyOptions> = {}) {
  const findings: Finding[] = [];
  const report = await verifyBucket({
    store,
    codecs: portableCodecs,
    clock: new SimClock(nsOf(WRITTEN_MS + 2 * HOUR_MS)),
    indexPrefix: "index/",
    sample: { share: 1, seed: 1 },
    graceMs: HOUR_MS,
    onFinding: (finding) => {
      findings.push(finding);
    },
    ...more,
  });
  const kinds = findings.map(({ kind, key }) => [kind, key]);
  return { report, findings, kinds };
}

test("verifyBucket() finds nothing wrong with a sound bucket of any schema, encoding and form of keys", async () => {
  const given: SmallBucketOptions[] = [
    { schema: "v11", form: "filesystem" },
    { schema: "v11", form: "plain" },
    { schema: "v12", form: "filesystem", encoding: "gzip" },
    { schema: "v13", form: "filesystem", encoding: "lz4" },
    { schema: "v13", encoding: "none" },
    { schema: "v13", encoding: "lz4-256k" },
  ];
  for (const options of given) {
    const { objects } = await smallBucket(options);
    const { report, findings } = await verified(objects);
    assert.deepEqual(findings, [], JSON.stringify(options));
    const { read, listed, named, lines, sound, complete } = report;
    const wanted = { read: 5, listed: 5, named: 5, lines: 180, sound: true, complete: true };
    assert.deepEqual({ read, listed, named, lines, sound, complete }, wanted);
  }
});

test("verifyBucket() names what is missing, truncated and damaged", async () => {
  const { objects, chunks } = await smallBucket({ form: "filesystem" });
  const [missing, empty, short, flipped] = chunks as [string, string, string, string, string];
  await objects.delete(missing);
  await objects.put(empty, new Uint8Array(0));
  await objects.put(short, (await objects.get(short))!.subarray(0, -20));
  const damaged = (await objects.get(flipped))!;
  damaged[damaged.length - 200]! ^= 4;
  await objects.put(flipped, damaged);
  const { kinds, report } = await verified(objects);
  const key = (name: string) => readChunkName(name)!.key;
  const wanted = [
    ["truncated", key(empty)],
    ["truncated", key(short)],
    ["damaged", key(flipped)],
    ["missing", key(missing)],
  ];
  assert.deepEqual(kinds.sort(), wanted.sort());
  assert.equal(report.sound, false);
});

test("verifyBucket() counts what is no part of a bucket, and takes it for no fault", async () => {
  const { objects } = await smallBucket();
  const foreign = ["fake/notes.txt", `index/index_${DAY}/foo.txt`, "index/weird/a.tsdb.gz"];
  const known = [
    "loki_cluster_seed.json",
    "index/delete_requests/delete_requests.gz",
    "rules/fake/a.yaml",
    "lokits/compactor/lease",
  ];
  for (const key of [...foreign, ...known]) await objects.put(key, new Uint8Array(1));
  const { kinds, report } = await verified(objects);
  assert.deepEqual(kinds.sort(), foreign.map((key) => ["foreign", key]).sort());
  assert.deepEqual([report.findings.foreign, report.sound], [3, true]);
});

test("verifyBucket() gives its state every second, however few objects that are", async () => {
  const { objects } = await smallBucket();
  /** Whoever looks at it takes half a second. */
  class SlowClock extends SimClock {
    #looks = 0;
    override ticksMs(): number {
      return 500 * this.#looks++;
    }
  }
  const states: VerifyState[] = [];
  await verified(objects, {
    clock: new SlowClock(nsOf(WRITTEN_MS)),
    onState: (state) => void states.push(state),
  });
  assert.equal(states.length, 2);
});

test("verifyBucket() says which block of a chunk is damaged, and counts the lines of the others", async () => {
  const { objects, chunks } = await smallBucket({ encoding: "none" });
  const bytes = (await objects.get(chunks[0]!))!;
  const at = new TextDecoder("latin1").decode(bytes).indexOf(" n=12 ");
  bytes[at + 3]! ^= 1;
  await objects.put(chunks[0]!, bytes);
  const { findings, report } = await verified(objects);
  assert.equal(findings.length, 1);
  assert.match(findings[0]!.what, /^block \d of \d: block of \d+ bytes at \d+ is damaged$/);
  assert.ok(report.lines > 140 && report.lines < 180, `${report.lines} lines`);
});

test("verifyBucket() takes chunks without an index for orphans once they are old enough", async () => {
  const { objects, chunks } = await smallBucket();
  for await (const { key } of objects.list("index/")) await objects.delete(key);
  const old = await verified(objects);
  assert.deepEqual(
    old.kinds,
    chunks.map((key) => ["orphaned", key]),
  );
  const young = await verified(objects, { graceMs: 3 * HOUR_MS });
  assert.deepEqual([young.kinds, young.report.young, young.report.sound], [[], 5, true]);
});

test("verifyBucket() counts chunks apart that a compactor will delete, if nothing names them", async () => {
  const { objects, chunks } = await smallBucket();
  const marks = chunks.slice(0, 2).map((key) => readChunkName(key)!.name);
  const marked = async function* () {
    yield* marks;
  };
  const named = await verified(objects, { marked: marked() });
  assert.deepEqual([named.report.marked, named.report.sound], [0, true]);
  for await (const { key } of objects.list("index/")) await objects.delete(key);
  const gone = await verified(objects, { marked: marked() });
  assert.deepEqual([gone.report.marked, gone.kinds.length], [2, 3]);
});

test("verifyBucket() compares what the index says of a chunk with the chunk", async () => {
  const { objects } = await smallBucket();
  let key = "";
  for await (const info of objects.list("index/")) key ||= info.key;
  const stored = await objects.get(key);
  const reader = IndexReader.open(
    await portableCodecs.decompress(ENCODINGS.gzip, stored!, { sizeMax: 1 << 20 }),
  );
  const writer = new IndexWriter({ version: 3 });
  let changed = 0;
  for (const { labels, fingerprint, chunks } of reader.wholeSeries()) {
    const first = chunks[0]!;
    const other = changed++ === 0 ? { ...first, entries: first.entries + 1 } : first;
    writer.add(labels, fingerprint, [other, ...chunks.slice(1)]);
  }
  await objects.put(key, await portableCodecs.compress(ENCODINGS.gzip, writer.finish()));
  const { findings } = await verified(objects);
  assert.deepEqual(
    findings.map(({ kind }) => kind),
    ["differs"],
  );
  assert.match(findings[0]!.what, /the index says (\d+) entries and \d KiB, the chunk has/);
});

test("verifyBucket() reports damaged index files by their key", async () => {
  const { objects } = await smallBucket();
  const keys: string[] = [];
  for await (const { key } of objects.list("index/")) keys.push(key);
  assert.equal(keys.length, 2);
  await objects.put(keys[0]!, new Uint8Array(0));
  const bytes = (await objects.get(keys[1]!))!;
  bytes[bytes.length >> 1]! ^= 16;
  await objects.put(keys[1]!, bytes);
  const { kinds } = await verified(objects, { graceMs: 3 * HOUR_MS });
  assert.deepEqual(kinds, [
    ["truncated", keys[0]],
    ["damaged", keys[1]],
  ]);
});

test("verifyBucket() with a sample lists everything and reads a part, the same for the same seed", async () => {
  const { objects, chunks } = await smallBucket();
  await objects.delete(chunks[0]!);
  const read = async (seed: number) => {
    const keys: string[] = [];
    const spied = await copyOf(objects);
    const get = spied.get.bind(spied);
    spied.get = (key, options) => {
      if (key.startsWith("team-") && options === undefined) keys.push(key);
      return get(key, options);
    };
    const { kinds } = await verified(spied, { sample: { share: 0.5, seed } });
    assert.deepEqual(kinds, [["missing", chunks[0]]]);
    return keys;
  };
  assert.deepEqual(await read(3), await read(3));
  let total = 0;
  for (let seed = 0; seed < 40; seed++) total += (await read(seed)).length;
  assert.ok(total > 40 && total < 120, `half of 160 are ${total}`);
});

test("verifyBucket() goes on where it was interrupted, and reports what it had found", async () => {
  const { objects, chunks } = await smallBucket();
  await objects.put(chunks[0]!, new Uint8Array(3));
  const whole = await verified(objects);
  const controller = new AbortController();
  let state: VerifyState | undefined;
  const first = await verified(objects, {
    signal: controller.signal,
    onObject: () => controller.abort(),
    onState: (reached) => {
      state = reached;
    },
  });
  assert.equal(first.report.complete, false);
  assert.ok(first.report.read < 5);
  const second = await verified(objects, { state: JSON.parse(JSON.stringify(state)) });
  assert.deepEqual(second.kinds, whole.kinds);
  assert.deepEqual(second.report, whole.report);
});

test("smallBucket() is read whole by a query", async () => {
  for (const schema of ["v11", "v12", "v13"] as const) {
    const { objects } = await smallBucket({ schema, form: "filesystem" });
    const bucket = bucketOver(objects);
    assert.equal((await linesOf(bucket, "team-a")).lines.length, 120);
    assert.equal((await linesOf(bucket, "team-b")).lines.length, 60);
  }
});
