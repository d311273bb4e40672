/** The contract of object stores with nothing but `fetch`, against servers that we did not write. */
import { s3StoreTests } from "../../scripts/services/s3-store-tests.ts";
import { staticCredentials } from "./credentials.ts";
import { makeFetchS3Store } from "./object-store.ts";

await s3StoreTests("fetch-s3", (settings, world) => {
  return makeFetchS3Store(settings, { ...world, credentials: staticCredentials(settings.keys!) });
});
