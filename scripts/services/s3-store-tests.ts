/** What both S3 adapters are put to: the contract of the port, on every server there is. */
import { after, test } from "node:test";
import { systemClock } from "../../adapters/bun/clock.ts";
import { systemRandom } from "../../adapters/bun/random.ts";
import { objectStoreContract } from "../../core/ports/object-store.contract.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import { readS3Settings, type S3Options, type S3Settings } from "../../core/remote/s3-settings.ts";
import { startMoto } from "./moto.ts";
import { type S3Service, TEST_KEYS } from "./s3-service.ts";
import { startS3rver } from "./s3rver.ts";

export const world = { clock: systemClock, random: systemRandom };
export type MakeStore = (settings: S3Settings, around: typeof world) => ObjectStore;

/** Starts the servers, registers the tests, stops the servers when all have run. */
export async function s3StoreTests(name: string, make: MakeStore): Promise<void> {
  for (const service of await startServices()) {
    const newBucket = bucketMaker(service);
    objectStoreContract(`${name} on ${service.name}`, async () => {
      return make(readS3Settings(optionsFor(service, await newBucket())), world);
    });
  }
}

/** Servers that stop after the tests. Without moto there is a skipped test that says so. */
export async function startServices(): Promise<S3Service[]> {
  const moto = await startMoto();
  if (moto === undefined)
    test("moto", { skip: "moto is not installed: pip install 'moto[server]'" });
  const services = [await startS3rver(), ...(moto === undefined ? [] : [moto])];
  after(() => Promise.all(services.map((service) => service.close())));
  return services;
}

export function optionsFor(service: S3Service, buckets: string): S3Options {
  return {
    endpoint: service.endpoint,
    region: "us-east-1",
    bucketnames: buckets,
    access_key_id: TEST_KEYS.accessKeyId,
    secret_access_key: TEST_KEYS.secretAccessKey,
    backoff_config: { min_period: 5, max_period: 50 },
  };
}

/** Makes a bucket with a name of its own, each time. */
export function bucketMaker(service: S3Service): () => Promise<string> {
  let count = 0;
  return async () => {
    const name = `bucket-${crypto.randomUUID().slice(0, 8)}-${count++}`;
    await service.makeBucket(name);
    return name;
  };
}
