/** Signed tokens from outside, with an identity provider whose keys change, go away, and are forged. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { until } from "../adapters/bun/testing/until.ts";
import { type Answer, bearer, find, send, tailed, withServer } from "./testing/signed-in.ts";

const RS256 = { modulusLength: 2048, extractable: true } as const;
const [first, second] = await Promise.all([
  generateKeyPair("RS256", RS256),
  generateKeyPair("RS256", RS256),
]);

type Pair = typeof first;

interface Made {
  readonly claims?: JWTPayload;
  readonly issuer?: string;
  readonly audience?: string;
  readonly expires?: number | string;
  readonly notBefore?: string;
  readonly kid?: string;
}

/** An identity provider that publishes these keys, until it is told otherwise. */
async function provider() {
  let keys: object[] = [];
  let isUp = true;
  const server = createServer((request, response) => {
    const own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const isConfiguration = request.url === "/.well-known/openid-configuration";
    const body = isConfiguration ? { issuer: own, jwks_uri: `${own}/keys` } : { keys };
    response.writeHead(isUp ? 200 : 503, { "Content-Type": "application/json" });
    response.end(isUp ? JSON.stringify(body) : "down");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    publish: async (pairs: Readonly<Record<string, Pair>>) => {
      const entries = Object.entries(pairs).map(async ([kid, { publicKey }]) => {
        return { ...(await exportJWK(publicKey)), kid, alg: "RS256", use: "sig" };
      });
      keys = await Promise.all(entries);
    },
    goDown: () => {
      isUp = false;
    },
    close: () => server.close(),
    sign: async ({ privateKey }: Pair, own: Made = {}) => {
      const { claims = { tenants: ["acme"] }, issuer = url, audience = "lokits" } = own;
      const jwt = new SignJWT({ sub: "ci", ...claims })
        .setProtectedHeader({ alg: "RS256", kid: own.kid ?? "k1" })
        .setIssuer(issuer)
        .setAudience(audience)
        .setExpirationTime(own.expires ?? "5m");
      if (own.notBefore !== undefined) jwt.setNotBefore(own.notBefore);
      return await jwt.sign(privateKey);
    },
  };
}

const AUTH = (issuer: string, more = "") =>
  `auth: {failures_max: 0, jwt: {issuer: '${issuer}', audience: [lokits], algorithms: [RS256]${more}}}\n`;

const unsigned = (header: object, claims: object) =>
  `${[header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".")}.`;

test("a token of the provider opens its tenants, and each thing that is wrong with one closes all", async () => {
  const idp = await provider();
  await idp.publish({ k1: first });
  await withServer({ more: AUTH(idp.url) }, async ({ url, log }) => {
    const tokens: string[] = [];
    const ask = async (token: string, tenant?: string): Promise<Answer> => {
      tokens.push(token);
      return await find(url, { authorization: bearer(token), tenant });
    };
    const good = await idp.sign(first);
    assert.equal((await send(url, "kept line", { authorization: bearer(good) })).status, 204);
    assert.match((await ask(good)).text, /kept line/);
    assert.match(await tailed(url, { authorization: bearer(good) }), /kept line/);
    assert.equal((await ask(good, "other")).status, 403);
    assert.equal((await ask(await idp.sign(first, { claims: {} }), "acme")).status, 403);
    assert.equal(
      (await ask(await idp.sign(first, { claims: { tenants: "x acme" } }), "acme")).status,
      200,
    );

    const now = Math.floor(Date.now() / 1000);
    const claims = { sub: "ci", tenants: ["acme"], iss: idp.url, aud: "lokits", exp: now + 300 };
    // The public key as a shared secret: whoever has it, which is everybody, could sign.
    const shared = await new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256", kid: "k1" })
      .sign(new TextEncoder().encode(await exportSPKI(first.publicKey)));
    const [head, body, signature] = good.split(".") as [string, string, string];
    const other = Buffer.from(JSON.stringify({ ...claims, tenants: ["*"] })).toString("base64url");
    const jwk = await exportJWK(second.publicKey);
    const bringsOwnKey = await new SignJWT(claims)
      .setProtectedHeader({ alg: "RS256", jwk })
      .sign(second.privateKey);
    const bad: Record<string, string> = {
      expired: await idp.sign(first, { expires: now - 60 }),
      "of tomorrow": await idp.sign(first, { notBefore: "1h" }),
      "for another program": await idp.sign(first, { audience: "grafana" }),
      "of another issuer": await idp.sign(first, { issuer: "https://evil.example" }),
      "of another key": await idp.sign(second),
      "of an unknown key": await idp.sign(second, { kid: "k9" }),
      "with its own key": bringsOwnKey,
      "without end": await new SignJWT({
        sub: "ci",
        tenants: ["acme"],
        iss: idp.url,
        aud: "lokits",
      })
        .setProtectedHeader({ alg: "RS256", kid: "k1" })
        .sign(first.privateKey),
      "alg none": unsigned({ alg: "none" }, claims),
      "alg None": unsigned({ alg: "None", kid: "k1" }, claims),
      "public key as secret": shared,
      "other claims": `${head}.${other}.${signature}`,
      "no signature": `${head}.${body}.`,
      "no token": "a.b.c",
    };
    for (const [name, token] of Object.entries(bad)) {
      const { status, text } = await ask(token, "acme");
      assert.deepEqual([status, text], [401, "sign in to use this server\n"], name);
      assert.equal(
        await tailed(url, { authorization: bearer(token), tenant: "acme" }),
        "closed",
        name,
      );
    }
    for (const token of tokens) assert.ok(!log().includes(token));
    await until("the reason to be told", () => /why="?the token has expired/.test(log()));
  });
  idp.close();
});

test("keys may change, and a provider that is down is no fault of the client", async () => {
  const idp = await provider();
  await idp.publish({ k1: first });
  await withServer({ more: AUTH(idp.url) }, async ({ url }) => {
    const status = async (token: string) =>
      (await find(url, { authorization: bearer(token) })).status;
    // A new key beside the old one before anybody has asked for keys: both are there.
    await idp.publish({ k1: first, k2: second });
    assert.equal(await status(await idp.sign(first)), 200);
    assert.equal(await status(await idp.sign(second, { kid: "k2" })), 200);
    idp.goDown();
    assert.equal(await status(await idp.sign(second, { kid: "k2" })), 200);
    assert.equal(await status(await idp.sign(second)), 401);
  });
  await withServer({ more: AUTH(idp.url) }, async ({ url, log }) => {
    const token = await idp.sign(first);
    const { status, text } = await find(url, { authorization: bearer(token) });
    assert.equal(status, 503, text);
    await until("the failure to be told", () => /cannot be had/.test(log()));
    assert.ok(!log().includes(token) && !text.includes(token));
  });
  idp.close();
});
