/**
 * What a bucket's own objects say about its schema, for those who have the bucket and not its
 * configuration. Tables name the prefix, index files the version, one chunk the form of the keys.
 */
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

/** One period that fits what is there; `NEW_SCHEMA` for an empty bucket. */
export async function discoverSchema(bucket: Bucket): Promise<Schema> {
  for (const table of await bucket.files.tables()) {
    const indexPrefix = table.replace(/\d+$/, "");
    for (const name of await bucket.files.tenants(table)) {
      const tenant = literalTenant(name);
      for (const place of await bucket.files.list(table, tenant)) {
        const file = await bucket.files.openSound(place);
        if (file === undefined) continue;
        const schema =
          file.reader.version === 3 ? "v13" : await olderSchema(bucket, file.reader, tenant);
        const period: SchemaPeriod = { ...NEW_SCHEMA[0]!, schema, indexPrefix };
        return [period];
      }
    }
  }
  return NEW_SCHEMA;
}

type Reader = NonNullable<Awaited<ReturnType<Bucket["files"]["open"]>>>["reader"];

/** v11 and v12 have the same index; their chunks' keys differ. */
async function olderSchema(bucket: Bucket, reader: Reader, tenant: string): Promise<SchemaVersion> {
  const any = compileMatcher({ name: "", op: "=", value: "" });
  for (const { fingerprint, chunks } of reader.series(
    [any],
    Number.NEGATIVE_INFINITY,
    Number.POSITIVE_INFINITY,
  )) {
    for (const ref of chunks) {
      const naming = await bucket.chunks.namingOf({ tenant, fingerprint, ref });
      if (naming !== undefined) return naming;
    }
  }
  return "v12";
}
