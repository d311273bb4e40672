import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { test } from "node:test";
import { SimClock } from "../../core/sim/clock.ts";
import { world } from "../../scripts/services/s3-store-tests.ts";
import { webIdentityTests } from "../../scripts/services/web-identity-tests.ts";
import { WebIdentityCredentials } from "./credentials.ts";
import { makeFetchS3Store } from "./object-store.ts";

webIdentityTests(
  "fetch-s3",
  (settings, { roleArn, tokenFile, stsEndpoint }) => {
    const credentials = new WebIdentityCredentials({
      roleArn,
      stsEndpoint,
      readToken: () => readFile(tokenFile, "utf8"),
      sessionName: "lokits",
      clock: world.clock,
    });
    return makeFetchS3Store(settings, { ...world, credentials });
  },
  { renews: false },
);

/** An STS that numbers its keys, which live for an hour of the clock's time. */
async function given() {
  const clock = new SimClock();
  let count = 0;
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    asked.push(new URLSearchParams(body).get("WebIdentityToken") ?? "");
    count++;
    const end = new Date(clock.nowMs() + 3_600_000).toISOString();
    response.end(
      `<AccessKeyId>A${count}</AccessKeyId><SecretAccessKey>S</SecretAccessKey>` +
        `<SessionToken>T&amp;</SessionToken><Expiration>${end}</Expiration>`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const credentials = new WebIdentityCredentials({
    roleArn: "arn:aws:iam::123456789012:role/x",
    readToken: async () => `token-${count + 1}`,
    stsEndpoint: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
    sessionName: "lokits",
    clock,
  });
  return { clock, credentials, asked, close: () => server.close() };
}

test("keys() renews five minutes before the end, with the token of then", async () => {
  const { clock, credentials, asked, close } = await given();
  const id = async () => (await credentials.keys()).accessKeyId;
  assert.deepEqual(await Promise.all([id(), id(), id()]), ["A1", "A1", "A1"]);
  assert.equal((await credentials.keys()).sessionToken, "T&");
  await clock.advance(54 * 60_000);
  assert.equal(await id(), "A1");
  await clock.advance(60_000);
  assert.equal(await id(), "A2");
  assert.deepEqual(asked, ["token-1", "token-2"]);
  close();
});

test("expired() has the next keys be new, once", async () => {
  const { credentials, close } = await given();
  const first = await credentials.keys();
  credentials.expired(first);
  assert.equal((await credentials.keys()).accessKeyId, "A2");
  credentials.expired(first);
  assert.equal((await credentials.keys()).accessKeyId, "A2");
  close();
});
