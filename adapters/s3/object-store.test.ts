/** The contract of object stores through Amazon's client, against servers that we did not write. */
import { s3StoreTests } from "../../scripts/services/s3-store-tests.ts";
import { makeS3Store } from "./object-store.ts";

await s3StoreTests("s3", makeS3Store);
