/**
 * What a bucket's own objects say about its schema, for those who have the bucket and not its
 * configuration. Tables name the prefix, index files the version, one chunk the form of the keys.
 */
import { tableNumber, tenantMatcher } from "../index/table.ts";
import { compileMatcher } from "../labels/matcher.ts";
import type { Schema, SchemaPeriod, SchemaVersion } from "../model/schema.ts";
import { DAY_MS } from "../model/schema.ts";
import { literalTenant } from "../model/tenant.ts";
import type { Bucket } from "./bucket.ts";

/** The schema of a bucket that nobody has written to yet: Loki 3.x's. */
export const NEW_SCHEMA: Schema = [
  {
    fromMs: 0,
    schema: "v13",
    store: "tsdb",
    objectStore: "filesystem",
    indexPrefix: "index_",
    tableMs: DAY_MS,
  },
];

/**
 * Periods that fit what is there, the first from 1970 on; `NEW_SCHEMA` for an empty bucket. Where the
 * schema changes is found by halving, so of a long history few tables are opened: one that changes and
 * changes back between two tables that are alike goes unseen, which no configuration we know does.
 */
export async function discoverSchema(bucket: Bucket): Promise<Schema> {
  const days = new Map<number, string>();
  for (const table of await bucket.files.tables()) {
    const day = tableNumber(table);
    // Newest first, by name: of two tables of a day the one of the newer prefix is not known, so the first.
    if (day !== undefined && !days.has(day)) days.set(day, table);
  }
  const tables = [...days].sort(([a], [b]) => a - b);
  const found = new Map<number, Promise<SchemaPeriod | undefined>>();
  /** That of a table, or of the next one of which anything can be read. */
  const periodOf = async (index: number): Promise<SchemaPeriod | undefined> => {
    const [day, table] = tables[index] ?? [];
    if (day === undefined || table === undefined) return undefined;
    let period = found.get(index);
    if (period === undefined) found.set(index, (period = periodOfTable(bucket, table, day)));
    return (await period) ?? (await periodOf(index + 1));
  };
  const periods: SchemaPeriod[] = [];
  const add = (period: SchemaPeriod, fromMs: number) => {
    if (!isAlike(period, periods.at(-1))) periods.push({ ...period, fromMs });
  };
  const walk = async (first: number, last: number): Promise<void> => {
    const [a, b] = [await periodOf(first), await periodOf(last)];
    if (a === undefined) return;
    add(a, periods.length === 0 ? 0 : tables[first]![0] * DAY_MS);
    if (b === undefined || isAlike(a, b)) return;
    if (last === first + 1) return add(b, tables[last]![0] * DAY_MS);
    const middle = (first + last) >> 1;
    await walk(first, middle);
    await walk(middle, last);
  };
  await walk(0, tables.length - 1);
  return periods.length === 0 ? NEW_SCHEMA : periods;
}

function isAlike(a: SchemaPeriod, b: SchemaPeriod | undefined): boolean {
  return a.schema === b?.schema && a.indexPrefix === b.indexPrefix;
}

/** Undefined when none of its files can be read. */
async function periodOfTable(
  bucket: Bucket,
  table: string,
  day: number,
): Promise<SchemaPeriod | undefined> {
  const indexPrefix = table.slice(0, -String(day).length);
  for (const name of await bucket.files.tenants(table)) {
    const tenant = literalTenant(name);
    for (const place of await bucket.files.list(table, tenant)) {
      const file = await bucket.files.openSound(place);
      if (file === undefined) continue;
      const whose = { tenant, isCommon: place.common };
      const schema =
        file.reader.version === 3 ? "v13" : await olderSchema(bucket, file.reader, whose);
      return { ...NEW_SCHEMA[0]!, schema, indexPrefix };
    }
  }
  return undefined;
}

type Reader = NonNullable<Awaited<ReturnType<Bucket["files"]["open"]>>>["reader"];

/** Chunks that are looked for under all names: when so many are gone no more need to be. */
const PROBES_MAX = 32;

/** v11 and v12 have the same index; their chunks' keys differ. */
async function olderSchema(
  bucket: Bucket,
  reader: Reader,
  { tenant, isCommon }: { tenant: string; isCommon: boolean },
): Promise<SchemaVersion> {
  const own = isCommon ? tenantMatcher(tenant) : compileMatcher({ name: "", op: "=", value: "" });
  let probes = 0;
  for (const { fingerprint, chunks } of reader.series(
    [own],
    Number.NEGATIVE_INFINITY,
    Number.POSITIVE_INFINITY,
  )) {
    for (const ref of chunks) {
      const naming = await bucket.chunks.namingOf({ tenant, fingerprint, ref });
      // v13's keys are those of v12, and its index is of another version.
      if (naming !== undefined) return naming === "v11" ? "v11" : "v12";
      if (++probes === PROBES_MAX) return "v12";
    }
  }
  return "v12";
}
