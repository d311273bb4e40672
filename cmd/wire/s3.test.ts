import assert from "node:assert/strict";
import { after, test } from "node:test";
import { TEST_KEYS } from "../../scripts/services/s3-service.ts";
import { startS3rver } from "../../scripts/services/s3rver.ts";
import { UsageError } from "../flags.ts";
import { openS3, openS3Options, optionsOf, readS3Address } from "./s3.ts";

test("readS3Address() takes bucket, prefix and parameters", () => {
  assert.deepEqual(readS3Address("s3://logs"), {
    options: { bucketnames: "logs", s3forcepathstyle: false },
    prefix: "",
    name: "s3://logs/",
  });
  assert.deepEqual(readS3Address("s3://logs/a/b?region=eu-west-1&endpoint=http://h:1&sse=SSE-S3"), {
    options: {
      bucketnames: "logs",
      s3forcepathstyle: true,
      region: "eu-west-1",
      endpoint: "http://h:1",
      sse: { type: "SSE-S3" },
    },
    prefix: "a/b/",
    name: "s3://logs/a/b/",
  });
});

test("readS3Address() hands Loki's forms on, and names them without keys", () => {
  const s3 = "s3://KEY:SE/CRET@eu-west-1/logs";
  assert.deepEqual(readS3Address(s3), { options: { s3 }, prefix: "", name: "s3://eu-west-1/logs" });
  assert.equal(readS3Address("inmemory:///logs").name, "inmemory");
});

test("readS3Address() refuses what it does not know", () => {
  assert.throws(() => readS3Address("s3://?region=x"), UsageError);
  assert.throws(() => readS3Address("s3:///logs"), /names no bucket, want s3:..bucket.prefix/);
  assert.throws(
    () => readS3Address("s3://logs?regoin=x"),
    /"regoin", want one of: region, endpoint/,
  );
});

test("optionsOf() reads a block's keys; Loki's own number of tries is none of the user's", () => {
  const block: Record<string, string | bigint | number | boolean> = {
    bucketnames: "a,b",
    insecure: true,
    "sse.type": "SSE-KMS",
    "http_config.timeout": 5_000_000_000n,
    "backoff_config.min_period": 100_000_000n,
    "backoff_config.max_retries": 5,
  };
  const options = optionsOf((key) => block[key]);
  assert.equal(options.bucketnames, "a,b");
  assert.equal(options.insecure, true);
  assert.equal(options.sse?.type, "SSE-KMS");
  assert.equal(options.http_config?.timeout, 5000);
  assert.deepEqual(options.backoff_config, { min_period: 100, max_period: 0 });
  block["backoff_config.max_retries"] = 7;
  assert.equal(optionsOf((key) => block[key]).backoff_config?.max_retries, 7);
});

test("inmemory:// is a store that keeps nothing", async () => {
  const { objects, form } = await openS3("inmemory:///bucket");
  await objects.put("a", new Uint8Array(1));
  assert.equal((await objects.get("a"))?.length, 1);
  assert.equal(form, "plain");
  assert.equal(await (await openS3Options({ s3: "inmemory:///x" })).get("a"), undefined);
});

const service = await startS3rver();
after(() => service.close());
await service.makeBucket("logs");
const keys = {
  AWS_ACCESS_KEY_ID: TEST_KEYS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: TEST_KEYS.secretAccessKey,
};

test("openS3() opens the part of a bucket below a prefix", async () => {
  const query = `endpoint=${encodeURIComponent(service.endpoint)}&region=us-east-1`;
  const { objects } = await openS3(`s3://logs/eu/prod?${query}`, keys);
  await objects.put("fake/a", new Uint8Array(2));
  assert.equal((await objects.get("fake/a"))?.length, 2);
  assert.deepEqual((await objects.folders("")).folders, ["fake"]);
  const whole = (await openS3(`s3://logs?${query}`, keys)).objects;
  const listed = await Array.fromAsync(whole.list(""), ({ key }) => key);
  assert.deepEqual(listed, ["eu/prod/fake/a"]);
});

test("openS3() finds endpoint, region and keys in the environment", async () => {
  const env = { ...keys, AWS_ENDPOINT_URL_S3: service.endpoint, AWS_REGION: "us-east-1" };
  const { objects } = await openS3("s3://logs/other", env);
  assert.equal(await objects.get("fake/a"), undefined);
});
