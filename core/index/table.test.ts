/** Tables, names and keys, by spec §7 and §8. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { labelsOf } from "../labels/labels.ts";
import { DAY_MS, type Schema, type SchemaPeriod } from "../model/schema.ts";
import {
  compactedFileName,
  indexKey,
  ingesterFileName,
  parseFileName,
  parseIndexKey,
  tableNamed,
  tableNumber,
  tablesFor,
  withoutTenant,
  withTenant,
} from "./table.ts";

const SCHEMA: Schema = [
  period(19000, { schema: "v11", store: "boltdb-shipper", indexPrefix: "old_" }),
  period(19650, { schema: "v12" }),
  period(19660, { schema: "v13", indexPrefix: "new_" }),
];

test("tablesFor() gives every table that a time touches", () => {
  const given = (fromMs: number, throughMs: number, want: string[]) =>
    assert.deepEqual(
      tablesFor(SCHEMA, fromMs, throughMs).map(({ name }) => name),
      want,
    );
  given(1698462000000, 1698462000000, ["index_19658"]);
  given(1698462000000, 1698721092001, ["index_19658", "index_19659", "new_19660", "new_19661"]);
  given(19658 * DAY_MS, 19659 * DAY_MS - 1, ["index_19658"]);
  given(19658 * DAY_MS, 19659 * DAY_MS, ["index_19658", "index_19659"]);
  given(19659 * DAY_MS + 5, 19659 * DAY_MS, ["index_19659"]);
  given(19649 * DAY_MS, 19650 * DAY_MS, ["old_19649", "index_19650"]);
  given(0, 18999 * DAY_MS, []);
  given(1698721092001, 1698462000000, []);
});

test("tableNamed() knows the tables of the schema's tsdb periods", () => {
  const table = tableNamed(SCHEMA, "index_19658");
  assert.deepEqual(table, tablesFor(SCHEMA, 19658 * DAY_MS, 19658 * DAY_MS)[0]);
  assert.deepEqual([table?.fromMs, table?.throughMs], [19658 * DAY_MS, 19659 * DAY_MS - 1]);
  assert.equal(tableNamed(SCHEMA, "new_19660")?.period.schema, "v13");
  const refused = (name: string) => assert.equal(tableNamed(SCHEMA, name), undefined, name);
  refused("index_19660");
  refused("new_19658");
  refused("old_19100");
  refused("index_18000");
  refused("delete_requests");
  assert.equal(tableNumber("loki_index_19658"), 19658);
  assert.equal(tableNumber("index_1965"), undefined);
});

test("parseFileName() tells the names apart", () => {
  const given = (name: string, want: unknown) => {
    assert.deepEqual(parseFileName(name), want, name);
    assert.deepEqual(parseFileName(`${name}.gz`), want, `${name}.gz`);
  };
  const compacted = (checksum: number, timeMs = 1795418191000) => ({
    kind: "compacted",
    timeMs,
    fromMs: 1,
    throughMs: 2,
    checksum,
  });
  given("1795418191-compactor-1-2-abc.tsdb", compacted(0xabc));
  given("1795418191-compactor-1-2-7fffffff.tsdb", compacted(0x7fffffff));
  given("1795418191-compactor-1-2-80000000.tsdb", compacted(0x80000000));
  given("1795418191-compactor-1-2-deadbeef.tsdb", compacted(0xdeadbeef));
  given("1795418191000000000-compactor-1-2-0.tsdb", compacted(0));
  given("1795417988-vm-1795417988073092358.tsdb", {
    kind: "ingester",
    timeMs: 1795417988000,
    node: "vm-1795417988073092358",
  });
  given("1-compactor-1-2.tsdb", { kind: "ingester", timeMs: 1000, node: "compactor-1-2" });
  given("1-compactor-1-2-xyz.tsdb", { kind: "ingester", timeMs: 1000, node: "compactor-1-2-xyz" });
  given("x.tsdb", undefined);
  given("x-y.tsdb", undefined);
  given("1-x", undefined);
  given("", undefined);
});

test("names are written as Loki writes them", () => {
  assert.equal(
    ingesterFileName(1795417988, "vm-1795417988073092358"),
    "1795417988-vm-1795417988073092358.tsdb",
  );
  assert.equal(
    compactedFileName(1795418191, {
      fromMs: 1698462000000,
      throughMs: 1698721092001,
      checksum: 0xf3e81cc0,
    }),
    "1795418191-compactor-1698462000000-1698721092001-f3e81cc0.tsdb",
  );
});

test("parseIndexKey() takes apart what indexKey() puts together", () => {
  const given = (key: string, table: string, file: string, tenant?: string) => {
    assert.equal(indexKey("index/", table, file, tenant), key);
    assert.deepEqual(parseIndexKey("index/", key), { table, tenant, file: `${file}.gz` });
  };
  given("index/index_19658/1-a.tsdb.gz", "index_19658", "1-a.tsdb");
  given("index/index_19658/fake/1-a.tsdb.gz", "index_19658", "1-a.tsdb", "fake");
  const refused = (key: string) => assert.equal(parseIndexKey("index/", key), undefined, key);
  refused("index/a");
  refused("index/a/b/c/d");
  refused("index/a//b");
  refused("chunks/a/b");
});

test("withTenant() puts the label in its place and withoutTenant() takes it away", () => {
  const given = (labels: Record<string, string>, want: string[]) => {
    const with_ = withTenant(labelsOf(labels), "fake");
    assert.deepEqual(
      with_.map(([name]) => name),
      want,
    );
    assert.deepEqual(withoutTenant(with_), labelsOf(labels));
  };
  given({}, ["__loki_tenant__"]);
  given({ app: "x" }, ["__loki_tenant__", "app"]);
  given({ A: "x", __aa__: "y", z: "1" }, ["A", "__aa__", "__loki_tenant__", "z"]);
});

function period(day: number, rest: Partial<SchemaPeriod>): SchemaPeriod {
  return {
    fromMs: day * DAY_MS,
    schema: "v12",
    store: "tsdb",
    objectStore: "filesystem",
    indexPrefix: "index_",
    tableMs: DAY_MS,
    ...rest,
  };
}
