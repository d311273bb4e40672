import assert from "node:assert/strict";
import { test } from "node:test";
import { readS3Settings, type S3Options } from "../../core/remote/s3-settings.ts";
import { urlOf } from "./address.ts";

function given(options: S3Options, key: string, query = {}, region = "eu-west-1"): string {
  const settings = readS3Settings({ bucketnames: "logs", ...options });
  return urlOf(settings, region, { bucket: "logs", key }, query).href;
}

test("urlOf() has the bucket in the host's name, or in the path", () => {
  assert.equal(given({}, "fake/a"), "https://logs.s3.eu-west-1.amazonaws.com/fake/a");
  assert.equal(given({ insecure: true }, ""), "http://logs.s3.eu-west-1.amazonaws.com/");
  assert.equal(
    given({ s3forcepathstyle: true }, "fake/a"),
    "https://s3.eu-west-1.amazonaws.com/logs/fake/a",
  );
  assert.equal(given({ endpoint: "s3.example.org" }, "a"), "https://logs.s3.example.org/a");
  assert.equal(given({ endpoint: "http://127.0.0.1:9000/" }, "a"), "http://127.0.0.1:9000/logs/a");
  assert.equal(given({}, "a", {}, "cn-north-1"), "https://logs.s3.cn-north-1.amazonaws.com.cn/a");
});

test("urlOf() escapes keys and queries as signatures want them", () => {
  const key = "fake/1f:2a:3b/it's (a) ü+%20?#";
  assert.equal(
    given({ endpoint: "http://localhost:1" }, key),
    "http://localhost:1/logs/fake/1f%3A2a%3A3b/it%27s%20%28a%29%20%C3%BC%2B%2520%3F%23",
  );
  assert.equal(
    given({ endpoint: "http://localhost:1" }, "", { prefix: "a/b c", uploads: "" }),
    "http://localhost:1/logs/?prefix=a%2Fb%20c&uploads=",
  );
});
