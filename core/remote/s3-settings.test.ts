import assert from "node:assert/strict";
import { test } from "node:test";
import { BadRequest } from "../model/errors.ts";
import { readS3Settings, type S3Options } from "./s3-settings.ts";

const KEYS = { accessKeyId: "KEY", secretAccessKey: "SECRET" };
const given = (options: S3Options, region?: string) => readS3Settings(options, region);

test("readS3Settings() takes the seed's block: AWS, keys from elsewhere", () => {
  const settings = given({
    region: "ap-northeast-2",
    bucketnames: "my-logs",
    s3forcepathstyle: false,
    insecure: false,
  });
  assert.deepEqual(
    [settings.buckets, settings.region, settings.endpoint, settings.keys, settings.pathStyle],
    [["my-logs"], "ap-northeast-2", undefined, undefined, false],
  );
});

test("readS3Settings() takes a URL of a region", () => {
  const { endpoint, region, buckets, keys } = given({ s3: "s3://KEY:SECRET@eu-west-1/logs" });
  assert.deepEqual(
    { endpoint, region, buckets, keys },
    {
      endpoint: undefined,
      region: "eu-west-1",
      buckets: ["logs"],
      keys: KEYS,
    },
  );
});

test("readS3Settings() takes a URL of an endpoint, over http unless it says https", () => {
  const read = (s3: string, defaultRegion?: string) => {
    const { endpoint, region, buckets } = given({ s3 }, defaultRegion);
    return [endpoint, region, ...buckets];
  };
  assert.deepEqual(read("s3://KEY:SECRET@minio.local:9000/logs"), [
    "http://minio.local:9000",
    "dummy",
    "logs",
  ]);
  assert.deepEqual(read("s3://KEY:SECRET@minio:9000/logs", "eu-west-1"), [
    "http://minio:9000",
    "eu-west-1",
    "logs",
  ]);
  assert.deepEqual(read("https://KEY:SECRET@s3.example.org/logs/"), [
    "https://s3.example.org",
    "dummy",
    "logs",
  ]);
  assert.deepEqual(read("s3:///logs"), [undefined, undefined, "logs"]);
});

test("readS3Settings() undoes the escapes of keys in a URL, and takes a bare slash", () => {
  const keys = (s3: string) => given({ s3 }).keys?.secretAccessKey;
  assert.equal(keys("s3://KEY:a%2Fb%2Bc%40@eu-west-1/logs"), "a/b+c@");
  assert.equal(keys("s3://KEY:a/b+c@eu-west-1/logs"), "a/b+c");
});

test("readS3Settings() lets the other settings win over the URL", () => {
  const settings = given({
    s3: "s3://KEY:SECRET@eu-west-1/logs",
    bucketnames: "one, two",
    endpoint: "s3.example.org",
    region: "us-east-2",
    access_key_id: "OTHER",
    secret_access_key: "HIDDEN",
    session_token: "TOKEN",
    insecure: true,
  });
  assert.deepEqual(settings.buckets, ["one", "two"]);
  assert.equal(settings.endpoint, "http://s3.example.org");
  assert.equal(settings.region, "us-east-2");
  assert.deepEqual(settings.keys, {
    accessKeyId: "OTHER",
    secretAccessKey: "HIDDEN",
    sessionToken: "TOKEN",
  });
});

test("readS3Settings() puts the bucket in the path where a host cannot have its name", () => {
  const pathStyle = (options: S3Options) => given({ bucketnames: "logs", ...options }).pathStyle;
  assert.equal(pathStyle({}), false);
  assert.equal(pathStyle({ s3forcepathstyle: true }), true);
  assert.equal(pathStyle({ endpoint: "s3.example.org" }), false);
  assert.equal(pathStyle({ endpoint: "127.0.0.1:9000" }), true);
  assert.equal(pathStyle({ endpoint: "http://[::1]:9000" }), true);
  assert.equal(pathStyle({ endpoint: "minio:9000" }), true);
  assert.equal(pathStyle({ bucketnames: "my.logs" }), true);
  assert.equal(pathStyle({ bucketnames: "my.logs", insecure: true }), false);
});

test("readS3Settings() reads encryption", () => {
  const encryption = (options: S3Options) => given({ bucketnames: "logs", ...options }).encryption;
  assert.equal(encryption({}), undefined);
  assert.deepEqual(encryption({ sse_encryption: true }), { kind: "s3" });
  assert.deepEqual(encryption({ sse: { type: "SSE-S3" } }), { kind: "s3" });
  const sse = { type: "SSE-KMS", kms_key_id: "id", kms_encryption_context: '{ "a": "b" }' };
  assert.deepEqual(encryption({ sse }), { kind: "kms", keyId: "id", context: btoa('{"a":"b"}') });
});

test("readS3Settings() takes 0 of a limit as none, but never waits for ever on a silent server", () => {
  const { http, backoff } = given({ bucketnames: "logs", http_config: { timeout: 0 } });
  assert.equal(http.timeoutMs, Number.POSITIVE_INFINITY);
  assert.equal(http.silenceMs, 30_000);
  assert.deepEqual(backoff, { minMs: 100, maxMs: 3000, triesMax: 10 });
});

test("readS3Settings() refuses what cannot be, in Loki's words", () => {
  const cases: [S3Options, string][] = [
    [{}, "at least one bucket name must be specified"],
    [{ s3: "s3://KEY:SECRET@eu-west-1" }, "at least one bucket name must be specified"],
    [
      { bucketnames: "b", access_key_id: "KEY" },
      "must supply both an Access Key ID and Secret Access Key or neither",
    ],
    [
      { s3: "s3://KEY@eu-west-1/b" },
      "must supply both an Access Key ID and Secret Access Key or neither",
    ],
    [{ bucketnames: "b", signature_version: "v5" }, "unsupported signature version"],
    [
      { bucketnames: "b", storage_class: "FOO" },
      "unsupported S3 storage class: FOO. Supported values: GLACIER, DEEP_ARCHIVE, GLACIER_IR, INTELLIGENT_TIERING, ONEZONE_IA, OUTPOSTS, REDUCED_REDUNDANCY, STANDARD, STANDARD_IA",
    ],
    [
      { s3: "ftp://KEY:SECRET@host/b" },
      'the URL of an S3 bucket has the scheme "ftp", want s3 or https',
    ],
  ];
  for (const [options, message] of cases) {
    assert.throws(
      () => given(options),
      (error: unknown) => error instanceof BadRequest && error.message === message,
      message,
    );
  }
});
