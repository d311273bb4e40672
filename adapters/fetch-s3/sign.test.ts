/** AWS's examples: "Authenticating Requests: Using the Authorization Header" of the S3 API reference. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256Hex, sign, type Unsigned } from "./sign.ts";

const KEYS = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};
const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

async function signatureOf(request: Partial<Unsigned> & { path: string }): Promise<string> {
  const { path, ...rest } = request;
  const headers = await sign(
    {
      method: "GET",
      url: new URL(`https://examplebucket.s3.amazonaws.com${path}`),
      headers: {},
      bodyHash: EMPTY,
      ...rest,
    },
    { keys: KEYS, region: "us-east-1", service: "s3", timeMs: Date.UTC(2013, 4, 24) },
  );
  return headers["authorization"] ?? "";
}

test("sign() gives the signature of AWS's GET Object example", async () => {
  const headers = { range: "bytes=0-9" };
  assert.equal(
    await signatureOf({ path: "/test.txt", headers }),
    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, " +
      "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, " +
      "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
  );
});

test("sign() gives the signature of AWS's PUT Object example", async () => {
  const bodyHash = await sha256Hex(new TextEncoder().encode("Welcome to Amazon S3."));
  const headers = {
    date: "Fri, 24 May 2013 00:00:00 GMT",
    "x-amz-storage-class": "REDUCED_REDUNDANCY",
  };
  assert.match(
    await signatureOf({ method: "PUT", path: "/test%24file.text", headers, bodyHash }),
    /Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd$/,
  );
});

test("sign() gives the signatures of AWS's examples with a query", async () => {
  assert.match(
    await signatureOf({ path: "/?lifecycle" }),
    /Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543$/,
  );
  assert.match(
    await signatureOf({ path: "/?max-keys=2&prefix=J" }),
    /Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7$/,
  );
});
