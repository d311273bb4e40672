/** Buckets by an address or a configuration; their schema comes from the latter, or from what is in them. */

import type { LimitsOf } from "../../core/model/limits.ts";
import type { Schema } from "../../core/model/schema.ts";
import type { Journal } from "../../core/ports/journal.ts";
import type { Meter } from "../../core/ports/meter.ts";
import { Bucket } from "../../core/store/bucket.ts";
import { Buckets } from "../../core/store/buckets.ts";
import { discoverSchema } from "../../core/store/discover.ts";
import type { IndexKeeping } from "../../core/store/index-files.ts";
import { UsageError } from "../flags.ts";
import { ownLimits } from "../query-local.ts";
import { assertCanBeWritten, assertHoldSomething } from "./existing.ts";
import { runtime } from "./runtime.ts";
import { openStore } from "./store.ts";
import { type ConfiguredStore, type PeriodStore, storeOfConfig } from "./store-config.ts";

export interface BucketPlace {
  readonly store: string | undefined;
  readonly config: string | undefined;
  /** How the text of the configuration is come by, when not as it lies on disk. */
  readonly readConfig?: ((path: string) => Promise<string>) | undefined;
  readonly journal: Journal;
  /** Whether there must be such a bucket and something in it; otherwise it may be new. */
  readonly existing?: boolean;
}

/** The one bucket that is meant. Throws UsageError when it is not known which of several. */
export async function openBucket(place: BucketPlace): Promise<Bucket> {
  const { stores, schema } = await openStores(place);
  if (stores.length > 1) {
    const names = stores.map(({ name }) => name).join(", ");
    throw new UsageError(`the configuration has periods in ${names}: say which with --store`);
  }
  return bucketOf(stores[0]!, schema, place);
}

/** All buckets that are meant. Throws UsageError when neither a store nor a configuration is given. */
export async function openBuckets(place: BucketPlace): Promise<Buckets> {
  return new Buckets((await openNamedBuckets(place)).map(({ bucket }) => bucket));
}

/** The same, each with what it is called in messages. */
export async function openNamedBuckets(
  place: BucketPlace,
): Promise<{ readonly name: string; readonly bucket: Bucket }[]> {
  const { stores, schema } = await openStores(place);
  return stores.map((store) => ({ name: store.name, bucket: bucketOf(store, schema, place) }));
}

/** All of them, to be written. */
export async function writableBuckets(
  place: BucketPlace,
): Promise<{ buckets: Buckets; schema: Schema }> {
  const { all, schema } = await openBuckets(place);
  if (schema !== undefined) return { buckets: new Buckets(all), schema };
  const known = await withSchema(all[0]!);
  return { buckets: new Buckets([known.bucket]), schema: known.schema };
}

/** What a server needs beside its stores. */
export interface BucketParts {
  readonly limits: LimitsOf;
  readonly journal: Journal;
  readonly meter?: Meter;
  readonly uploader: string;
  /** How each store's index files are kept, in the order of the stores. */
  readonly keepings?: readonly IndexKeeping[];
}

/** The buckets of a configuration that is loaded. */
export function bucketsOf(
  { stores, schema }: ConfiguredStore,
  { keepings = [], ...parts }: BucketParts,
): Buckets {
  return new Buckets(
    stores.map((store, index) => makeBucket(store, schema, parts, keepings[index])),
  );
}

async function withSchema(bucket: Bucket): Promise<{ bucket: Bucket; schema: Schema }> {
  if (bucket.schema !== undefined) return { bucket, schema: bucket.schema };
  const schema = await discoverSchema(bucket);
  return { bucket: bucket.withSchema(schema), schema };
}

interface Stores {
  readonly stores: readonly PeriodStore[];
  readonly schema?: Schema;
}

async function openStores(place: BucketPlace): Promise<Stores> {
  const opened = await storesAt(place);
  if (place.existing === true) await assertHoldSomething(opened.stores);
  else await assertCanBeWritten(opened.stores);
  return opened;
}

/** The stores of a place as they are addressed, whatever they hold. */
export async function storesAt({
  store,
  config,
  readConfig,
}: Pick<BucketPlace, "store" | "config" | "readConfig">): Promise<Stores> {
  if (config !== undefined) return await storeOfConfig(config, store, readConfig);
  if (store === undefined) throw new UsageError("--store or --config.file is wanted");
  return { stores: [{ ...(await openStore(store)), indexPrefix: "index/" }] };
}

function bucketOf(store: PeriodStore, schema: Schema | undefined, { journal }: BucketPlace) {
  const uploader = `lokits-${runtime.clock.now()}`;
  return makeBucket(store, schema, { limits: ownLimits, journal, uploader });
}

function makeBucket(
  { objects, form, periods, indexPrefix, indexObjects }: PeriodStore,
  schema: Schema | undefined,
  parts: Omit<BucketParts, "keepings">,
  keeping: IndexKeeping = {},
): Bucket {
  const { clock, codecs } = runtime;
  return new Bucket({
    ...{ objects, form, indexPrefix, codecs, clock },
    ...(schema !== undefined && { schema }),
    ...(periods !== undefined && { periods }),
    ...(indexObjects !== undefined && { indexObjects }),
    ...parts,
    keeping,
  });
}
