/** Tokens that are believed and tokens that are not, with keys from each place they may be in. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { Unavailable } from "../../core/model/errors.ts";
import { joseVerifier, type KeySource, type VerifyOptions } from "./verify.ts";

const NOW = 1_700_000_000;
const ISSUER = "https://issuer.example";

const pair = await generateKeyPair("ES256", { extractable: true });
const other = await generateKeyPair("ES256", { extractable: true });
const jwks = JSON.stringify({
  keys: [{ ...(await exportJWK(pair.publicKey)), kid: "k1", alg: "ES256", use: "sig" }],
});

interface Made {
  readonly claims?: JWTPayload;
  readonly issuer?: string;
  readonly audience?: string;
  readonly expires?: number | undefined;
  readonly key?: CryptoKey;
  readonly kid?: string;
}

async function token(own: Made = {}): Promise<string> {
  const { claims = {}, issuer = ISSUER, audience = "lokits", key = pair.privateKey } = own;
  const jwt = new SignJWT({ sub: "ci", ...claims })
    .setProtectedHeader({ alg: "ES256", kid: own.kid ?? "k1" })
    .setIssuer(issuer)
    .setAudience(audience);
  if (!("expires" in own)) jwt.setExpirationTime(NOW + 60);
  else if (own.expires !== undefined) jwt.setExpirationTime(own.expires);
  return await jwt.sign(key);
}

function verifier(own: Partial<VerifyOptions> = {}) {
  return joseVerifier({
    keys: { kind: "jwks", text: jwks },
    issuer: ISSUER,
    audience: ["lokits", "loki"],
    algorithms: ["ES256", "RS256"],
    clockSkewMs: 30_000,
    nowMs: () => NOW * 1000,
    stale: () => {},
    ...own,
  });
}

async function why(text: string, own: Partial<VerifyOptions> = {}): Promise<string> {
  const verdict = await verifier(own).verify(text);
  return verdict.ok ? `ok ${verdict.claims["sub"]}` : verdict.why;
}

const unsigned = (header: object, claims: object) =>
  `${[header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".")}.`;

test("a token of the issuer is believed, and each thing that is wrong with one is named", async () => {
  const claims = { sub: "x", iss: ISSUER, aud: "lokits", exp: NOW + 60 };
  const cases: [string, string][] = [
    [await token(), "ok ci"],
    [await token({ audience: "loki" }), "ok ci"],
    [await token({ expires: NOW - 20 }), "ok ci"],
    [await token({ expires: NOW - 40 }), "the token has expired"],
    [await token({ expires: undefined }), "the token's claim exp is missing"],
    [await token({ issuer: "https://evil.example" }), "the token's claim iss is not as wanted"],
    [await token({ audience: "grafana" }), "the token's claim aud is not as wanted"],
    [await token({ claims: { nbf: NOW + 40 } }), "the token's claim nbf is not as wanted"],
    [await token({ key: other.privateKey }), "the token's signature is wrong"],
    [await token({ kid: "k2" }), "no key that we know has signed the token"],
    [unsigned({ alg: "none" }, claims), "the token's algorithm is not allowed"],
    [unsigned({ alg: "HS256", kid: "k1" }, claims), "the token's algorithm is not allowed"],
    ["a.b.c", "no token"],
    ["", "no token"],
    [`${(await token()).slice(0, -6)}AAAAAA`, "the token's signature is wrong"],
  ];
  for (const [text, want] of cases) assert.equal(await why(text), want, text);
});

test("an algorithm that is not in the list is refused though its key is there", async () => {
  assert.equal(
    await why(await token(), { algorithms: ["RS256"] }),
    "the token's algorithm is not allowed",
  );
});

test("a public key does not become a shared secret", async () => {
  const pem = await exportSPKI(pair.publicKey);
  const forged = await new SignJWT({ sub: "evil" })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer(ISSUER)
    .setAudience("lokits")
    .setExpirationTime(NOW + 60)
    .sign(new TextEncoder().encode(pem));
  const keys: KeySource = { kind: "pem", text: pem };
  assert.equal(await why(forged, { keys }), "the token's algorithm is not allowed");
  assert.equal(await why(await token(), { keys }), "ok ci");
});

async function keyServer(answer: (path: string, url: string) => { status: number; body: string }) {
  let asked = 0;
  const server = createServer((request, response) => {
    asked++;
    const { status, body } = answer(request.url ?? "", url());
    response.writeHead(status, { "Content-Type": "application/json" }).end(body);
  });
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: url(), asked: () => asked, close: () => server.close() };
}

test("keys come from a URL, once for many tokens", async () => {
  const server = await keyServer(() => ({ status: 200, body: jwks }));
  const it = verifier({ keys: { kind: "url", url: server.url } });
  for (let time = 0; time < 3; time++) assert.equal((await it.verify(await token())).ok, true);
  assert.equal(server.asked(), 1);
  server.close();
});

test("an issuer's OpenID configuration names the keys, if it is of that issuer", async () => {
  let named = "";
  const server = await keyServer((path, url) =>
    path === "/.well-known/openid-configuration"
      ? { status: 200, body: JSON.stringify({ issuer: named, jwks_uri: `${url}/keys` }) }
      : { status: 200, body: jwks },
  );
  const it = verifier({ keys: { kind: "discovery" }, issuer: server.url });
  const made = await token({ issuer: server.url });
  await assert.rejects(it.verify(made), Unavailable);
  named = server.url;
  assert.equal((await it.verify(made)).ok, true);
  server.close();
});

test("a key server that does not answer is no fault of the token", async () => {
  const broken = await keyServer(() => ({ status: 500, body: "" }));
  await assert.rejects(why(await token(), { keys: { kind: "url", url: broken.url } }), Unavailable);
  broken.close();
  await assert.rejects(why(await token(), { keys: { kind: "url", url: broken.url } }), Unavailable);
  await assert.rejects(
    why(await token(), { keys: { kind: "discovery" }, issuer: broken.url }),
    Unavailable,
  );
});

test("a provider whose name is not known is no fault of the token, wherever its keys are", async () => {
  const signed = await token({ issuer: "http://id.invalid" });
  const keys: KeySource[] = [{ kind: "discovery" }, { kind: "url", url: "http://id.invalid/keys" }];
  for (const each of keys) {
    const asked = why(signed, { issuer: "http://id.invalid", keys: each });
    await assert.rejects(asked, Unavailable, each.kind);
  }
});

test("an answer of megabytes is not read, from either place", async () => {
  const vast = await keyServer((_path, url) => ({
    status: 200,
    body: JSON.stringify({
      issuer: url,
      jwks_uri: url,
      ...JSON.parse(jwks),
      x: "x".repeat(2 << 20),
    }),
  }));
  await assert.rejects(why(await token(), { keys: { kind: "url", url: vast.url } }), Unavailable);
  const discovering = { keys: { kind: "discovery" }, issuer: vast.url } as const;
  await assert.rejects(why(await token({ issuer: vast.url }), discovering), Unavailable);
  vast.close();
});

/** A verifier of keys by URL, whose server and clock are moved by hand. */
async function moving() {
  let body = jwks;
  let isUp = true;
  let passedMs = 0;
  let stale = 0;
  const server = await keyServer(() => ({ status: isUp ? 200 : 500, body }));
  const it = verifier({
    keys: { kind: "url", url: server.url },
    clockSkewMs: 1e12,
    nowMs: () => NOW * 1000 + passedMs,
    stale: () => {
      stale++;
    },
  });
  return {
    ...{ asked: server.asked, close: server.close },
    stale: () => stale,
    verdict: async (made: Made = {}) => {
      const verdict = await it.verify(await token(made)).catch((error) => {
        assert.ok(error instanceof Unavailable, String(error));
        return { ok: false, why: "unavailable" } as const;
      });
      return verdict.ok ? "ok" : verdict.why;
    },
    publish: (text: string) => {
      body = text;
    },
    setUp: (is: boolean) => {
      isUp = is;
    },
    pass: (minutes: number) => {
      passedMs += minutes * 60_000;
    },
  };
}

const MINUTE = 1;
const DAY = 24 * 60;
const jwksOf = async (keys: Readonly<Record<string, CryptoKey>>) => {
  const entries = Object.entries(keys).map(async ([kid, key]) => {
    return { ...(await exportJWK(key)), kid, alg: "ES256", use: "sig" };
  });
  return JSON.stringify({ keys: await Promise.all(entries) });
};
const UNKNOWN = "no key that we know has signed the token";

test("a new key is found when a token names it, but nobody can make us ask more often than twice a minute", async () => {
  const { verdict, publish, pass, asked, close } = await moving();
  const renewed = { key: other.privateKey, kid: "k2" };
  assert.equal(await verdict(), "ok");
  publish(await jwksOf({ k1: pair.publicKey, k2: other.publicKey }));
  for (let time = 0; time < 5; time++) assert.equal(await verdict(renewed), UNKNOWN);
  assert.equal(asked(), 1);
  pass(MINUTE);
  assert.equal(await verdict(renewed), "ok");
  assert.equal(await verdict({ ...renewed, kid: "k3" }), UNKNOWN);
  assert.equal(asked(), 2);
  close();
});

test("a key that was taken back is not believed for long", async () => {
  const { verdict, publish, pass, close } = await moving();
  assert.equal(await verdict(), "ok");
  publish(await jwksOf({ k2: other.publicKey }));
  assert.equal(await verdict(), "ok");
  pass(11 * MINUTE);
  assert.equal(await verdict(), UNKNOWN);
  close();
});

test("keys that cannot be renewed are believed for a day, asked for twice a minute, and told of", async () => {
  const { verdict, setUp, pass, asked, stale, close } = await moving();
  assert.equal(await verdict(), "ok");
  setUp(false);
  pass(11 * MINUTE);
  for (let time = 0; time < 5; time++) assert.equal(await verdict(), "ok");
  assert.deepEqual([asked(), stale()], [2, 1]);
  assert.equal(await verdict({ kid: "k2" }), "unavailable");
  pass(MINUTE);
  assert.equal(await verdict(), "ok");
  assert.deepEqual([asked(), stale()], [3, 2]);
  pass(DAY);
  assert.equal(await verdict(), "unavailable");
  setUp(true);
  assert.equal(await verdict(), "ok");
  assert.equal(await verdict({ kid: "k2" }), UNKNOWN);
  close();
});
