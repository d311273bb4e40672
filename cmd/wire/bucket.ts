/** A bucket that can be written: its schema comes from a configuration, or from what is in it. */

import type { Schema } from "../../core/model/schema.ts";
import type { Journal } from "../../core/ports/journal.ts";
import { Bucket } from "../../core/store/bucket.ts";
import { discoverSchema } from "../../core/store/discover.ts";
import { ownLimits } from "../query-local.ts";
import { runtime } from "./runtime.ts";
import { openStore } from "./store.ts";
import { storeOfConfig } from "./store-config.ts";

export interface BucketPlace {
  readonly store: string | undefined;
  readonly config: string | undefined;
  readonly journal: Journal;
}

/** Throws UsageError when neither a store nor a configuration is given. */
export async function openBucket({ store, config, journal }: BucketPlace): Promise<Bucket> {
  const opened =
    config !== undefined ? await storeOfConfig(config, store) : await openStore(store!);
  return new Bucket({
    objects: opened.objects,
    form: opened.form,
    ...("schema" in opened && { schema: opened.schema }),
    indexPrefix: "indexPrefix" in opened ? opened.indexPrefix : "index/",
    codecs: runtime.codecs,
    clock: runtime.clock,
    limits: ownLimits,
    journal,
    uploader: `lokits-${runtime.clock.now()}`,
  });
}

export async function writableBucket(
  place: BucketPlace,
): Promise<{ bucket: Bucket; schema: Schema }> {
  const bucket = await openBucket(place);
  if (bucket.schema !== undefined) return { bucket, schema: bucket.schema };
  const schema = await discoverSchema(bucket);
  return { bucket: bucket.withSchema(schema), schema };
}
