/** What both S3 adapters are put to, on every server there is: the port's contract, and more. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { systemClock } from "../../adapters/bun/clock.ts";
import { systemRandom } from "../../adapters/bun/random.ts";
import { Unavailable } from "../../core/model/errors.ts";
import type { Clock } from "../../core/ports/clock.ts";
import { objectStoreContract } from "../../core/ports/object-store.contract.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import { bucketOf } from "../../core/remote/bucket-of.ts";
import type { RemoteWorld } from "../../core/remote/open.ts";
import { readS3Settings, type S3Options, type S3Settings } from "../../core/remote/s3-settings.ts";
import { Random } from "../../core/sim/random.ts";
import { startFaultyProxy } from "./faulty-proxy.ts";
import { startMoto } from "./moto.ts";
import { type S3Service, TEST_KEYS } from "./s3-service.ts";
import { startS3rver } from "./s3rver.ts";

export const world: RemoteWorld = { clock: systemClock, random: systemRandom };
export type MakeStore = (settings: S3Settings, around: RemoteWorld) => ObjectStore;

const MIB = 1024 * 1024;

/** Starts the servers, registers the tests, stops the servers when all have run. */
export async function s3StoreTests(name: string, make: MakeStore): Promise<void> {
  for (const service of await startServices()) {
    const newBucket = bucketMaker(service);
    const open = (options: S3Options, around = world) => make(readS3Settings(options), around);
    const title = `${name} on ${service.name}`;
    if (service.name === "moto") testObjectHeaders(title, service, open);

    objectStoreContract(title, async () => open(optionsFor(service, await newBucket())));

    test(`${title}: an object above 8 MiB is sent in parts and read whole and in ranges`, async () => {
      const store = open(optionsFor(service, await newBucket()));
      const bytes = new Random(1).bytes(17 * MIB + 5);
      assert.equal(await store.put("big", bytes), true);
      assert.deepEqual(await Array.fromAsync(store.list(""), sizeOf), [["big", bytes.length]]);
      assertSame(await store.get("big"), bytes);
      const range = { offset: 8 * MIB - 3, size: 10 };
      assertSame(await store.get("big", { range }), bytes.subarray(8 * MIB - 3, 8 * MIB + 7));
      assert.equal(await store.put("big", bytes, { ifAbsent: true }), false);
    });

    test(`${title}: objects over several buckets are one store`, async () => {
      const buckets = [await newBucket(), await newBucket(), await newBucket()];
      const store = open(optionsFor(service, buckets.join(",")));
      const keys = Array.from({ length: 40 }, (_, index) => `f${index % 4}/${index}`).sort();
      await Promise.all(keys.map((key) => store.put(key, new TextEncoder().encode(key))));
      const listed = await Array.fromAsync(store.list(""), ({ key }) => key);
      assert.deepEqual(listed, keys);
      assert.deepEqual((await store.folders("")).folders, ["f0", "f1", "f2", "f3"]);
      for (const bucket of buckets) {
        const one = open(optionsFor(service, bucket));
        const own = keys.filter((key) => bucketOf(key, buckets) === bucket);
        assert.ok(own.length > 0);
        assert.deepEqual(await Array.fromAsync(one.list(""), ({ key }) => key), own);
      }
    });

    test(`${title}: what Loki wrote to S3 reads back as it was put`, async () => {
      const store = open(optionsFor(service, await newBucket()));
      const objects = goldenObjects();
      for (const [key, bytes] of objects) await store.put(key, bytes);
      const keys = objects.map(([key]) => key);
      assert.deepEqual(await Array.fromAsync(store.list(""), ({ key }) => key), keys);
      for (const [key, bytes] of objects) assertSame(await store.get(key), bytes);
      assert.deepEqual((await store.folders("index/")).folders, ["loki_index_19658"]);
    });

    test(`${title}: a bucket that is not there is Unavailable, and no secret is told`, async () => {
      const store = open({
        ...optionsFor(service, "nobody-made-this"),
        backoff_config: FAST_BACKOFF,
      });
      for (const work of [
        () => store.get("fake/a"),
        () => store.put("fake/a", new Uint8Array(1)),
        () => store.folders(""),
      ]) {
        await assert.rejects(work(), (error: unknown) => {
          assert.ok(error instanceof Unavailable, String(error));
          assert.match(error.message, /nobody-made-this: NoSuchBucket.*\(status 404\)/);
          return true;
        });
      }
    });

    test(`${title}: a store that does not answer is Unavailable with key and code`, async () => {
      const options = { ...optionsFor(service, "bucket"), endpoint: "http://127.0.0.1:1" };
      const store = open({ ...options, backoff_config: { ...FAST_BACKOFF, max_retries: 2 } });
      await assert.rejects(store.get("fake/a"), (error: unknown) => {
        assert.ok(error instanceof Unavailable, String(error));
        assert.match(error.message, /^get fake\/a in bucket bucket: \w+/);
        assert.doesNotMatch(`${error.message} ${(error as Error).stack}`, /S3RVER/);
        return true;
      });
    });

    // Of the two only s3rver looks at the time of a request.
    test(`${title}: a clock an hour off is set right by the service's`, async () => {
      const store = open(optionsFor(service, await newBucket()));
      const { now } = Date;
      Date.now = () => now() + 3_600_000;
      try {
        assert.equal(await store.put("fake/a", new Uint8Array(3)), true);
        assert.equal((await store.get("fake/a"))?.length, 3);
      } finally {
        Date.now = now;
      }
    });

    test(`${title}: under SlowDown, silence, broken connections and flipped bits nothing is lost`, async () => {
      const seed = 11;
      const faults = { slowDown: 0.3, silence: 0.1, reset: 0.05, flip: 0.1 };
      const proxy = await startFaultyProxy(service.endpoint, faults, seed);
      try {
        const bucket = await newBucket();
        const store = open(
          {
            ...optionsFor(service, bucket),
            endpoint: proxy.endpoint,
            http_config: { response_header_timeout: 8000 },
            backoff_config: { max_retries: 20 },
          },
          { ...world, clock: hurried, requestsMax: 16 },
        );
        await exercise(store);
        const direct = open(optionsFor(service, bucket));
        const listed = await Array.fromAsync(direct.list(""), ({ key }) => key);
        assert.deepEqual(listed, ["big", ...KEPT]);
        const { slowDown, silence, reset, flip } = proxy.spoilt;
        const counts = JSON.stringify(proxy.spoilt);
        assert.ok(slowDown > 20 && silence > 5 && reset > 2 && flip > 1, counts);
      } finally {
        await proxy.close();
      }
    });
  }
}

/** Encryption and storage class, which s3rver does not keep. */
function testObjectHeaders(
  title: string,
  service: S3Service,
  open: (options: S3Options) => ObjectStore,
): void {
  test(`${title}: encryption and storage class are asked for, in parts and whole`, async () => {
    const bucket = await bucketMaker(service)();
    const sse = { type: "SSE-KMS", kms_key_id: "our-key", kms_encryption_context: '{"a":"b"}' };
    const store = open({ ...optionsFor(service, bucket), sse, storage_class: "STANDARD_IA" });
    // moto wants to know who asks, and believes it.
    const authorization =
      "AWS4-HMAC-SHA256 Credential=x/20231101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x";
    const ask = (path: string, method: string) =>
      fetch(`${service.endpoint}/${bucket}${path}`, { method, headers: { authorization } });
    for (const [key, size] of [
      ["whole", 10],
      ["parts", 9 * MIB],
    ] as const) {
      await store.put(key, new Uint8Array(size));
      assert.equal((await store.get(key))?.length, size);
      const { headers } = await ask(`/${key}`, "HEAD");
      assert.equal(headers.get("x-amz-server-side-encryption"), "aws:kms", key);
      assert.match(headers.get("x-amz-server-side-encryption-aws-kms-key-id") ?? "", /our-key/);
    }
    const xml = await (await ask("?list-type=2", "GET")).text();
    assert.equal(xml.match(/<StorageClass>STANDARD_IA</g)?.length, 2);
  });
}

const KEPT = Array.from({ length: 60 }, (_, index) => `kept/${String(index).padStart(2, "0")}`);
const GONE = Array.from({ length: 20 }, (_, index) => `gone/${index}`);

/** Writes, reads, lists and deletes, each answer checked. */
async function exercise(store: ObjectStore): Promise<void> {
  const bytesOf = (key: string) => new Random(key.length + Number(key.slice(5))).bytes(3000);
  const big = new Random(2).bytes(9 * MIB);
  await Promise.all([
    store.put("big", big),
    ...KEPT.map(async (key, index) => {
      // Every third is ours to create: a lost answer must not make us think it another's.
      const ifAbsent = index % 3 === 0;
      assert.equal(await store.put(key, bytesOf(key), { ifAbsent }), true, key);
    }),
    ...GONE.map((key) => store.put(key, bytesOf(key))),
  ]);
  assert.equal(await store.put("kept/00", new Uint8Array(1), { ifAbsent: true }), false);
  await Promise.all([
    ...KEPT.map(async (key) => assertSame(await store.get(key), bytesOf(key))),
    ...GONE.map((key) => store.delete(key)),
  ]);
  assertSame(await store.get("big"), big);
  assert.equal(await store.get("gone/1"), undefined);
  assert.deepEqual(await Array.fromAsync(store.list("kept/"), ({ key }) => key), KEPT);
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

const FAST_BACKOFF = { min_period: 5, max_period: 50 };

export function optionsFor(service: S3Service, buckets: string): S3Options {
  return {
    endpoint: service.endpoint,
    region: "us-east-1",
    bucketnames: buckets,
    access_key_id: TEST_KEYS.accessKeyId,
    secret_access_key: TEST_KEYS.secretAccessKey,
    backoff_config: FAST_BACKOFF,
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

/** Twenty times as fast as the machine's, so that patience and pauses are short. */
const HURRY = 20;
export const hurried: Clock = {
  now: () => systemClock.now(),
  nowMs: () => systemClock.nowMs(),
  ticksMs: () => HURRY * systemClock.ticksMs(),
  sleep: (ms, signal) => systemClock.sleep(ms / HURRY, signal),
};

/** Objects of fixtures/s3 by key, in key order. Colons in their keys are "_" in the names of files. */
function goldenObjects(): [key: string, bytes: Uint8Array][] {
  const folder = new URL("../../fixtures/s3/", import.meta.url);
  const keys = JSON.parse(readFileSync(new URL("keys.json", folder), "utf8")) as string[];
  return keys.map((key) => {
    const file = new URL(`s3-v12-snappy/${key.replaceAll(":", "_")}`, folder);
    return [key, new Uint8Array(readFileSync(file))];
  });
}

function assertSame(actual: Uint8Array | undefined, expected: Uint8Array): void {
  assert.ok(actual !== undefined && Buffer.compare(actual, expected) === 0, "other bytes");
}

function sizeOf({ key, size }: { key: string; size: number }): [string, number] {
  return [key, size];
}
