/**
 * Compaction against what Loki's compactor made of the same table, and against itself: whatever
 * happens in between, every tenant gets the same answers before, during and after.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { portableCodecs } from "../compress/table.ts";
import { IndexReader } from "../index/reader.ts";
import { tenantMatcher, withoutTenant, withTenant } from "../index/table.ts";
import { IndexWriter } from "../index/writer.ts";
import { fingerprint } from "../labels/fingerprint.ts";
import { labelsOf, printLabels } from "../labels/labels.ts";
import { Corrupt, Unavailable } from "../model/errors.ts";
import { DAY_MS, type Schema } from "../model/schema.ts";
import type { Clock } from "../ports/clock.ts";
import type { Codecs } from "../ports/codecs.ts";
import { type Journal, SILENT } from "../ports/journal.ts";
import type { ObjectInfo, ObjectStore } from "../ports/object-store.ts";
import { type CompactOptions, compactAll, compactTable } from "./run.ts";

const RECORDED = join(import.meta.dirname, "../../fixtures/index/recorded");
const GOLDEN = join(import.meta.dirname, "../../../shared/golden/buckets");
const TABLE = "loki_index_19658";
const NOW_MS = 1795418191_500;

test("compactTable() makes the files that Loki's compactor made", async () => {
  const store = new TestStore(recordedTable());
  const report = await compactTable(optionsOf(store, { table: TABLE }));
  const wanted = new Map(
    ["team-a", "team-b"].map((tenant) => {
      const [file] = readdirSync(join(RECORDED, tenant));
      return [
        `index/${TABLE}/${tenant}/${file}`,
        gunzipSync(readFileSync(join(RECORDED, tenant, file!))),
      ];
    }),
  );
  assert.deepEqual([...store.objects.keys()].sort(), [...wanted.keys()].sort());
  for (const [key, bytes] of wanted) {
    assert.ok(gunzipSync(store.objects.get(key)!).equals(bytes), key);
  }
  const { tables, tenants, filesIn, filesOut } = report;
  assert.deepEqual(
    { tables, tenants, filesIn, filesOut },
    { tables: 1, tenants: 2, filesIn: 2, filesOut: 2 },
  );
  assert.equal(
    report.bytes,
    [...store.objects.values()].reduce((sum, each) => sum + each.length, 0),
  );
});

test("compactAll() of the golden bucket gives what Loki's compactor gave", async (t) => {
  if (!existsSync(GOLDEN)) return t.skip(`no golden data at ${GOLDEN}`);
  const store = new TestStore(bucket("multi-tenant"));
  await compactAll(optionsOf(store));
  // The recording ends before Loki had taken the common files away.
  const wanted = [...bucket("multi-tenant-compacted")].filter(([key]) =>
    key.includes("-compactor-"),
  );
  assert.equal(wanted.length, 8);
  assert.equal(store.objects.size, 8);
  for (const [key, bytes] of wanted) {
    assert.ok(gunzipSync(store.objects.get(key)!).equals(gunzipSync(bytes)), key);
  }
});

test("compactAll() leaves what is compacted alone", async () => {
  const store = new TestStore(recordedTable());
  await compactAll(optionsOf(store));
  const done = new Map(store.objects);
  store.operations.length = 0;
  const report = await compactAll(optionsOf(store));
  assert.deepEqual(store.objects, done);
  assert.deepEqual(
    store.operations.filter((each) => !each.startsWith("folders")),
    [],
  );
  assert.deepEqual(report, {
    tables: 1,
    tenants: 0,
    filesIn: 0,
    filesOut: 0,
    bytes: 0,
    failures: [],
  });
});

test("compactTable() only touches tenants with several files when there is no common file", async () => {
  const store = new TestStore([
    [`index/${TABLE}/one/1-a.tsdb.gz`, file([entry({ app: "x" }, 1)])],
    [`index/${TABLE}/two/1-a.tsdb.gz`, file([entry({ app: "x" }, 1), entry({ app: "y" }, 2)])],
    [`index/${TABLE}/two/2-a.tsdb`, gunzipSync(file([entry({ app: "x" }, 3)]))],
    [`index/${TABLE}/two/notes.txt`, new Uint8Array()],
  ]);
  const before = answers(store);
  const report = await compactTable(optionsOf(store, { table: TABLE }));
  const { tenants, filesIn, filesOut } = report;
  assert.deepEqual({ tenants, filesIn, filesOut }, { tenants: 1, filesIn: 2, filesOut: 1 });
  assert.deepEqual(answers(store), before);
  const keys = [...store.objects.keys()].sort();
  assert.equal(keys.length, 3);
  assert.equal(keys[0], `index/${TABLE}/one/1-a.tsdb.gz`);
  assert.match(keys[1]!, /two\/1795418191-compactor-1000-1003-[0-9a-f]+\.tsdb\.gz$/);
  assert.equal(keys[2], `index/${TABLE}/two/notes.txt`);
});

test("a new file never takes the name of an old one", async () => {
  // A second chunk of the series that comes first fits into the padding after it: the same offsets,
  // bounds and second, hence the same name, but another content.
  const sets = ["x", "y"].map((app) => ({ app, b: "1", c: "1", d: "1", e: "1" }));
  const [low] = sets.toSorted((a, b) =>
    fingerprint(labelsOf(a)) < fingerprint(labelsOf(b)) ? -1 : 1,
  );
  const both = sets.map((labels) => entry(labels, 1));
  const store = new TestStore([
    [`index/${TABLE}/1-a.tsdb.gz`, common(both.map((each) => ["t", each] as const))],
  ]);
  await compactAll(optionsOf(store));
  const [old] = store.objects.keys();
  store.objects.set(`index/${TABLE}/t/2-a.tsdb.gz`, file([entry(low!, 1)], { checksum: 77 }));
  const before = answers(store);
  await compactAll(optionsOf(store));
  assert.deepEqual(answers(store), before);
  assert.deepEqual([...store.objects.keys()], [old!.replace("1795418191", "1795418192")]);
});

test("a kill between any two operations changes no answer, and the next run ends the work", async () => {
  const given = async (name: string, objects: () => Iterable<[string, Uint8Array]>) => {
    const whole = new TestStore(objects());
    const before = answers(whole);
    await compactAll(optionsOf(whole));
    assert.deepEqual(answers(whole), before, name);
    const count = whole.operations.length;
    assert.ok(count > 3);
    for (let after = 0; after < count; after++) {
      const store = new TestStore(objects(), { killedAfter: after });
      await compactAll(optionsOf(store)).catch((error) => assert.ok(error instanceof Unavailable));
      assert.deepEqual(answers(store), before, `${name}: killed after ${after} of ${count}`);
      store.killedAfter = Infinity;
      const later = { nowMs: NOW_MS + 60_000 };
      await compactAll(optionsOf(store, later));
      assert.deepEqual(answers(store), before, `${name}: run again`);
      assert.equal(store.objects.size, whole.objects.size, `${name}: files left`);
    }
  };
  await given("recorded", recordedTable);
  await given("mixed", () => [
    [
      `index/${TABLE}/1-a.tsdb.gz`,
      common([
        ["t", entry({ app: "x" }, 1)],
        ["u", entry({ app: "y" }, 2)],
      ]),
    ],
    [`index/${TABLE}/1-b.tsdb.gz`, common([["t", entry({ app: "x" }, 3)]])],
    [`index/${TABLE}/t/1-compactor-1-2-3.tsdb.gz`, file([entry({ app: "z" }, 4)])],
    [`index/${TABLE}/v/1-a.tsdb.gz`, file([entry({ app: "z" }, 5)])],
    [`index/${TABLE}/v/2-a.tsdb.gz`, file([entry({ app: "z" }, 6)])],
    ["index/loki_index_19659/1-a.tsdb.gz", common([["t", entry({ app: "x" }, 7)]])],
  ]);
});

test("any table answers after compaction as before", async () => {
  const tenant = fc.constantFrom("t", "u", "v");
  const one = fc.tuple(fc.constantFrom("x", "y", "z"), fc.nat(20));
  const files = fc.array(fc.array(fc.tuple(tenant, one), { minLength: 1, maxLength: 8 }), {
    maxLength: 4,
  });
  const owns = fc.array(fc.tuple(tenant, fc.array(one, { minLength: 1, maxLength: 6 })), {
    maxLength: 5,
  });
  await fc.assert(
    fc.asyncProperty(files, owns, async (shared, own) => {
      const store = new TestStore([
        ...shared.map((list, index): [string, Uint8Array] => [
          `index/${TABLE}/${index}-a.tsdb.gz`,
          common(list.map(([name, [app, number]]) => [name, entry({ app }, number)])),
        ]),
        ...own.map(([name, list], index): [string, Uint8Array] => [
          `index/${TABLE}/${name}/${index}-a.tsdb.gz`,
          file(list.map(([app, number]) => entry({ app }, number))),
        ]),
      ]);
      const before = answers(store);
      await compactAll(optionsOf(store));
      assert.deepEqual(answers(store), before);
      const folders = [...store.objects.keys()].map((key) => key.split("/").slice(2, -1).join());
      assert.equal(new Set(folders).size, store.objects.size, "one file a tenant");
      assert.ok(!folders.includes(""), "no common file");
    }),
    { seed: 20231028, numRuns: 100 },
  );
});

test("a damaged file leaves its table untouched and the others compacted", async () => {
  const other = "loki_index_19657";
  const given = async (key: string, damaged: Uint8Array) => {
    const store = new TestStore([
      ...recordedTable(),
      [`index/${TABLE}/team-a/1-a.tsdb.gz`, file([entry({ app: "x" }, 1)])],
      [`index/${other}/1-a.tsdb.gz`, common([["t", entry({ app: "x" }, 1)]])],
    ]);
    store.objects.set(key, damaged);
    const untouched = [...store.objects].filter(([each]) => each.includes(TABLE));
    const { failures, tables } = await compactAll(optionsOf(store));
    assert.equal(tables, 1);
    assert.equal(failures.length, 1);
    assert.equal(failures[0]!.table, TABLE);
    assert.ok(failures[0]!.error instanceof Corrupt, String(failures[0]!.error));
    assert.match((failures[0]!.error as Error).message, new RegExp(key));
    assert.deepEqual(
      [...store.objects].filter(([each]) => each.includes(TABLE)),
      untouched,
    );
    assert.match([...store.objects.keys()].find((each) => each.includes(other))!, /-compactor-/);
  };
  const [[key, stored]] = recordedTable() as [[string, Uint8Array]];
  await given(key, stored.subarray(0, stored.length - 9));
  await given(key, new Uint8Array());
  await given(key, gzipSync(gunzipSync(stored).subarray(0, 4000)));
  // A flipped bit in a series, which opening the file does not read.
  const sound = gunzipSync(file([entry({ app: "x" }, 1), entry({ app: "y" }, 2)]));
  for (const at of seriesBytes(sound)) {
    const bytes = sound.slice();
    bytes[at]! ^= 4;
    await given(`index/${TABLE}/team-a/1-a.tsdb.gz`, gzipSync(bytes));
  }
  // Series that no tenant owns would be lost with the file; a tenant that is a path would write elsewhere.
  await given(key, file([entry({ app: "x" }, 1)]));
  await given(key, common([["../t", entry({ app: "x" }, 1)]]));
});

test("an operation that fails once leaves the table for the next run", async () => {
  const store = new TestStore(recordedTable());
  const before = answers(store);
  store.failing = (operation) => operation.startsWith("put");
  const { failures } = await compactAll(optionsOf(store));
  assert.ok(failures[0]?.error instanceof Unavailable);
  assert.deepEqual(answers(store), before);
  store.failing = () => false;
  assert.deepEqual((await compactAll(optionsOf(store))).failures, []);
  assert.deepEqual(answers(store), before);
});

test("a dry run reports and leaves the store as it is", async () => {
  const store = new TestStore(recordedTable());
  const before = new Map(store.objects);
  const report = await compactAll({ ...optionsOf(store), dryRun: true });
  assert.deepEqual([report.tenants, report.filesIn, report.filesOut], [2, 2, 2]);
  assert.deepEqual(store.objects, before);
});

test("the schema says which tables there are and in which version they are written", async () => {
  const objects = (): [string, Uint8Array][] => [
    ["index/loki_index_19700/1-a.tsdb.gz", common([["t", entry({ app: "x" }, 1)]])],
    ["index/loki_index_19800/1-a.tsdb.gz", common([["t", entry({ app: "x" }, 1)]])],
    ["index/other_index_19800/1-a.tsdb.gz", common([["t", entry({ app: "x" }, 1)]])],
    ["index/delete_requests/delete_requests.gz", new Uint8Array(3)],
  ];
  const store = new TestStore(objects());
  const report = await compactAll(optionsOf(store));
  assert.equal(report.tables, 2);
  const listed = store.operations.filter((each) => each.startsWith("folders"));
  assert.deepEqual(listed, [
    "folders index/",
    "folders index/loki_index_19800/",
    "folders index/loki_index_19700/",
  ]);
  const versions = [...store.objects]
    .filter(([key]) => key.includes("-compactor-"))
    .map(([key, bytes]) => [key.split("/")[1], IndexReader.open(gunzipSync(bytes)).version]);
  assert.deepEqual(versions.sort(), [
    ["loki_index_19700", 2],
    ["loki_index_19800", 3],
  ]);
  assert.ok(store.objects.has("index/other_index_19800/1-a.tsdb.gz"));
  assert.ok(store.objects.has("index/delete_requests/delete_requests.gz"));

  const some = new TestStore(objects());
  await compactAll({ ...optionsOf(some), tables: ["loki_index_19700"] });
  assert.ok(some.objects.has("index/loki_index_19800/1-a.tsdb.gz"));
  assert.ok(!some.objects.has("index/loki_index_19700/1-a.tsdb.gz"));
});

test("the journal has Loki's words", async () => {
  const lines: string[] = [];
  const journal: Journal = {
    log: (level, message, fields) => {
      assert.equal(fields?.["table-name"], TABLE);
      lines.push(`${level} ${message}`);
      if (message === "listed files") assert.equal(fields?.["count"], 2);
    },
  };
  await compactAll(optionsOf(new TestStore(recordedTable()), { journal }));
  assert.deepEqual(lines, [
    "info listed files",
    "info downloaded file",
    "info downloaded file",
    "info uploading tables",
    "info removing source db files from storage",
    "info finished compacting table",
  ]);
});

/** What each tenant finds in the store: series, and the chunks of each, once. */
function answers(store: TestStore): Record<string, string[]> {
  const found: Record<string, Set<string>> = {};
  const add = (tenant: string, table: string, reader: IndexReader, isCommon: boolean) => {
    const matchers = isCommon ? [tenantMatcher(tenant)] : [];
    for (const { labels, fingerprint, chunks } of reader.series(matchers, 0, 2e12)) {
      for (const chunk of chunks) {
        const set = (found[`${table}/${tenant}`] ??= new Set());
        set.add(`${printLabels(withoutTenant(labels))} ${fingerprint} ${JSON.stringify(chunk)}`);
      }
    }
  };
  for (const [key, bytes] of store.objects) {
    if (!key.includes(".tsdb")) continue;
    const reader = IndexReader.open(key.endsWith(".gz") ? gunzipSync(bytes) : bytes);
    const [, table, tenant, own] = key.split("/");
    if (own !== undefined) add(tenant!, table!, reader, false);
    else for (const each of reader.labelValues("__loki_tenant__")) add(each, table!, reader, true);
  }
  return Object.fromEntries(
    Object.entries(found)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, set]) => [key, [...set].sort()]),
  );
}

interface TestEntry {
  readonly labels: Record<string, string>;
  readonly number: number;
}

function entry(labels: Record<string, string>, number: number): TestEntry {
  return { labels, number };
}

/** An own file; an entry's number makes its chunk. */
function file(entries: readonly TestEntry[], options: { checksum?: number } = {}): Uint8Array {
  const writer = new IndexWriter({ version: 2 });
  for (const { labels, number } of entries) {
    const set = labelsOf(labels);
    writer.add(set, fingerprint(set), [chunkOf(number, options.checksum)]);
  }
  return gzipSync(writer.finish());
}

function common(entries: readonly (readonly [tenant: string, entry: TestEntry])[]): Uint8Array {
  const writer = new IndexWriter({ version: 2 });
  for (const [tenant, { labels, number }] of entries) {
    const set = labelsOf(labels);
    writer.add(withTenant(set, tenant), fingerprint(set), [chunkOf(number)]);
  }
  return gzipSync(writer.finish());
}

function chunkOf(number: number, checksum = number) {
  return { fromMs: 1000, throughMs: 1000 + number, checksum, kb: 1, entries: 1 };
}

/** Offsets of bytes inside the series of a file without a tenant label. */
function seriesBytes(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const series = Number(view.getBigUint64(bytes.length - 76 + 8));
  const labelIndices = Number(view.getBigUint64(bytes.length - 76 + 16));
  const first = Math.ceil(series / 16) * 16;
  return [first + 3, labelIndices - 8];
}

function recordedTable(): [string, Uint8Array][] {
  return readdirSync(RECORDED)
    .filter((name) => name.startsWith("17954"))
    .map((name) => [`index/${TABLE}/${name}`, new Uint8Array(readFileSync(join(RECORDED, name)))]);
}

function bucket(name: string): [string, Uint8Array][] {
  const root = join(GOLDEN, name);
  return readdirSync(join(root, "index"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".gz"))
    .map((path) => [`index/${path}`, new Uint8Array(readFileSync(join(root, "index", path)))]);
}

function optionsOf<T extends object>(
  store: ObjectStore,
  more: T & { nowMs?: number; journal?: Journal } = {} as T,
): CompactOptions & T {
  const { nowMs = NOW_MS } = more;
  const clock: Clock = {
    now: () => BigInt(nowMs) * 1_000_000n,
    nowMs: () => nowMs,
    ticksMs: () => 0,
    sleep: async () => {},
  };
  return { store, codecs: GZIP, prefix: "index/", schema: SCHEMA, clock, journal: SILENT, ...more };
}

const SCHEMA: Schema = (["v12", "v13"] as const).map((schema, index) => ({
  fromMs: (index === 0 ? 19000 : 19750) * DAY_MS,
  schema,
  store: "tsdb",
  objectStore: "filesystem",
  indexPrefix: "loki_index_",
  tableMs: DAY_MS,
}));

const GZIP: Codecs = {
  gzip: portableCodecs.gzip,
  compress: (_, bytes) => gzipSync(bytes),
  decompress: (_, bytes, { sizeMax }) => {
    try {
      return gunzipSync(bytes, { maxOutputLength: sizeMax });
    } catch (error) {
      throw new Corrupt("gzip is damaged", { cause: error });
    }
  },
};

/** A store in memory that can be killed: after so many operations every one is refused. */
class TestStore implements ObjectStore {
  readonly objects: Map<string, Uint8Array>;
  readonly operations: string[] = [];
  killedAfter: number;
  failing: (operation: string) => boolean = () => false;

  constructor(objects: Iterable<[string, Uint8Array]>, options: { killedAfter?: number } = {}) {
    this.objects = new Map(objects);
    this.killedAfter = options.killedAfter ?? Infinity;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    await this.#enter(`get ${key}`);
    return this.objects.get(key)?.slice();
  }

  async put(key: string, bytes: Uint8Array): Promise<boolean> {
    await this.#enter(`put ${key}`);
    this.objects.set(key, bytes.slice());
    return true;
  }

  async delete(key: string): Promise<void> {
    await this.#enter(`delete ${key}`);
    this.objects.delete(key);
  }

  async folders(prefix: string): Promise<{ folders: string[]; objects: ObjectInfo[] }> {
    await this.#enter(`folders ${prefix}`);
    const below = [...this.objects].filter(([key]) => key.startsWith(prefix)).sort();
    const rest = (key: string) => key.slice(prefix.length);
    const deeper = below.filter(([key]) => rest(key).includes("/"));
    return {
      folders: [...new Set(deeper.map(([key]) => rest(key).split("/")[0]!))],
      objects: below
        .filter(([key]) => !rest(key).includes("/"))
        .map(([key, bytes]) => ({ key, size: bytes.length })),
    };
  }

  // biome-ignore lint/correctness/useYield: compaction lists by folders only.
  async *list(): AsyncGenerator<ObjectInfo> {
    throw new Unavailable("not listed this way");
  }

  async #enter(operation: string): Promise<void> {
    await undefined;
    if (this.operations.length >= this.killedAfter) throw new Unavailable("killed");
    this.operations.push(operation);
    if (this.failing(operation)) throw new Unavailable(`${operation} fails`);
  }
}
