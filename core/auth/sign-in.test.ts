/** Who gets in by which credential, what failures tell, and that nothing presented is told to anybody. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { toBase64, utf8 } from "../bytes/text.ts";
import { Unavailable } from "../model/errors.ts";
import { UNMETERED } from "../ports/meter.ts";
import type { ClientCertificate, TokenVerdict } from "../ports/sign-in.ts";
import { SimClock } from "../sim/clock.ts";
import { Passwords } from "./basic.ts";
import type { KnownCertificate } from "./certificates.ts";
import { sha256 } from "./digest.ts";
import { grantsOf } from "./grants.ts";
import { SignIn, type SignInSettings } from "./sign-in.ts";

const GRANTS = grantsOf({ read: ["a"], write: ["a"], admin: [] });
const NAMES = { name: "sub", tenants: "realm.tenants", read: "r", write: "", admin: "adm" };
const NONE = { read: [], write: [], admin: [] };

const basic = (user: string, password: string) => `Basic ${toBase64(utf8(`${user}:${password}`))}`;

function jwt(verify: (token: string) => TokenVerdict, read: string[] = []) {
  const verifier = { verify: async (token: string) => verify(token) };
  return { jwt: { names: NAMES, base: { ...NONE, read }, verifier } };
}

async function given(own: Partial<SignInSettings> = {}) {
  const clock = new SimClock();
  const lines: string[] = [];
  const checked: string[] = [];
  const signIn = new SignIn(
    {
      realm: "lokits",
      users: [{ name: "anna", passwordHash: "hash of open sesame", grants: GRANTS }],
      tokens: [{ name: "agent", digest: await sha256("t".repeat(40)), grants: GRANTS }],
      certificates: [],
      throttle: { failuresMax: 3, windowMs: 60_000 },
      ...own,
    },
    {
      clock,
      journal: {
        log: (level, message, fields) => lines.push(JSON.stringify([level, message, fields])),
      },
      meter: UNMETERED,
      passwords: {
        verify: async (password, hash) => {
          checked.push(password);
          return hash === `hash of ${password}`;
        },
      },
      salt: "salt",
    },
  );
  const who = async (
    header: string | null,
    { peer = "9.9.9.9", certificate }: { peer?: string; certificate?: ClientCertificate } = {},
  ) => {
    const verdict = await signIn.who(header, peer, certificate);
    return verdict.kind === "known"
      ? `${verdict.credential.kind} ${verdict.credential.name}`
      : verdict.kind;
  };
  return { signIn, who, clock, lines, checked };
}

test("a user's password and a stored token are known, everything else is not", async () => {
  const { who } = await given({ throttle: { failuresMax: 0, windowMs: 1 } });
  const cases: [string | null, string][] = [
    [basic("anna", "open sesame"), "user anna"],
    [basic("anna", "open sesame").replace("Basic", "basic"), "user anna"],
    [basic("anna", "wrong"), "unknown"],
    [basic("bert", "open sesame"), "unknown"],
    [basic("", ""), "unknown"],
    [`Bearer ${"t".repeat(40)}`, "token agent"],
    [`Bearer ${"t".repeat(39)}`, "unknown"],
    ["Bearer a.b.c", "unknown"],
    [`Basic ${"t".repeat(40)}`, "unknown"],
    ["Basic !!!", "unknown"],
    [`Basic ${btoa("\xff:x")}`, "unknown"],
    [`Basic ${btoa("anna")}`, "unknown"],
    ["Digest x", "unknown"],
    [`Bearer ${"t".repeat(20_000)}`, "unknown"],
    [null, "unknown"],
    ["", "unknown"],
  ];
  for (const [header, verdict] of cases) assert.equal(await who(header), verdict, String(header));
});

test("a password may have colons and be no ASCII", async () => {
  const { who } = await given({
    users: [{ name: "ü", passwordHash: "hash of a:b:ß", grants: GRANTS }],
  });
  assert.equal(await who(basic("ü", "a:b:ß")), "user ü");
});

test("a confirmed password is known for a while without its hash, a wrong one never is", async () => {
  const { who, clock, checked } = await given();
  await who(basic("anna", "open sesame"));
  await who(basic("anna", "open sesame"));
  assert.equal(checked.length, 1);
  await who(basic("anna", "wrong"));
  await who(basic("anna", "wrong"));
  assert.equal(checked.length, 3);
  await clock.advance(5 * 60_000);
  await who(basic("anna", "open sesame"));
  assert.equal(checked.length, 4);
});

test("an unknown user costs a hash as a known one does", async () => {
  const { who, checked } = await given();
  await who(basic("nobody", "x"));
  assert.deepEqual(checked, ["x"]);
});

test("names that nobody has cost now one user's hash and now another's, the same name always the same", async () => {
  const clock = new SimClock();
  const hashes: string[] = [];
  const check = {
    verify: async (_password: string, hash: string) => {
      hashes.push(hash);
      return false;
    },
  };
  const users = ["cheap", "dear"].map((name) => ({ name, passwordHash: name, grants: GRANTS }));
  const passwords = new Passwords(users, { check, clock, salt: "s" });
  const names = Array.from({ length: 40 }, (_, index) => `nobody${index}`);
  for (const name of [...names, ...names]) await passwords.verify(name, "x");
  assert.deepEqual(hashes.slice(0, 40), hashes.slice(40));
  assert.deepEqual([...new Set(hashes)].sort(), ["cheap", "dear"]);
  const nobody = new Passwords([], { check, clock, salt: "s" });
  assert.equal(await nobody.verify("a", "x"), undefined);
});

test("after some failures an address has to wait, but who is known there stays in", async () => {
  const { who, clock, checked } = await given();
  await who(basic("anna", "open sesame"));
  for (let failure = 0; failure < 3; failure++)
    assert.equal(await who(basic("anna", "no")), "unknown");
  const before = checked.length;
  assert.equal(await who(basic("anna", "no")), "throttled");
  assert.equal(checked.length, before);
  assert.equal(await who("Bearer nonsense"), "throttled");
  assert.equal(await who(basic("anna", "open sesame")), "user anna");
  assert.equal(await who(`Bearer ${"t".repeat(40)}`), "token agent");
  assert.equal(await who(basic("anna", "no"), { peer: "8.8.8.8" }), "unknown");
  await clock.advance(60_000);
  assert.equal(await who(basic("anna", "no")), "unknown");
});

test("failures are logged without what was presented", async () => {
  const { who, lines } = await given();
  await who(basic("anna", "hunter2"));
  await who(basic("hunter3", "x"), { peer: "8.8.8.8" });
  await who("Bearer hunter4hunter4", { peer: "7.7.7.7" });
  await who("Basic hunter5", { peer: "6.6.6.6" });
  assert.equal(lines.length, 4);
  assert.match(lines[0]!, /"peer":"9.9.9.9".*"user":"anna".*wrong password/);
  assert.doesNotMatch(lines.join(), /hunter/);
});

test("a flood of failures is two lines of log a window", async () => {
  const { who, lines } = await given();
  for (let time = 0; time < 50; time++) await who("Bearer nonsense");
  assert.equal(lines.length, 2);
});

test("claims of a verified token become grants", async () => {
  const claims = { sub: "ci", realm: { tenants: ["a", "b"] }, r: "c d", adm: "*" };
  const { signIn } = await given(jwt(() => ({ ok: true, claims }), ["z"]));
  const verdict = await signIn.who("Bearer a.b.c", "9.9.9.9");
  assert.ok(verdict.kind === "known");
  assert.deepEqual(verdict.credential, {
    kind: "jwt",
    name: "ci",
    grants: {
      read: ["z", "a", "b", "c", "d"],
      write: ["a", "b"],
      admin: ["*"],
      defaultTenant: undefined,
    },
  });
});

test("claims of another shape grant nothing", async () => {
  for (const claims of [{}, { realm: 5 }, { realm: { tenants: [1, null, ""] } }, { r: { a: 1 } }]) {
    const { signIn } = await given(jwt(() => ({ ok: true, claims })));
    const verdict = await signIn.who("Bearer a.b.c", "9.9.9.9");
    assert.ok(verdict.kind === "known");
    const { read, write, admin } = verdict.credential.grants;
    assert.deepEqual([read, write, admin], [[], [], []]);
  }
});

test("keys that cannot be had are the world's failure, not the client's", async () => {
  const { who, lines } = await given(
    jwt(() => {
      throw new Unavailable("no keys");
    }),
  );
  await assert.rejects(who("Bearer a.b.c"), Unavailable);
  assert.equal(lines.length, 0);
});

test("the challenge names the ways there are", async () => {
  const challenge = async (own: Partial<SignInSettings>, header: string | null = null) => {
    const verdict = await (await given(own)).signIn.who(header, "9.9.9.9");
    return verdict.kind === "unknown" ? verdict.challenge : verdict.kind;
  };
  const both = 'Basic realm="lokits", charset="UTF-8", Bearer realm="lokits"';
  assert.equal(await challenge({}), both);
  assert.equal(await challenge({}, "Bearer x"), `${both}, error="invalid_token"`);
  assert.equal(await challenge({ tokens: [] }), 'Basic realm="lokits", charset="UTF-8"');
  assert.equal(await challenge({ users: [], realm: 'a"b' }), 'Bearer realm="a\\"b"');
});

test("a certificate is in without a header, unless another credential is presented", async () => {
  const { who } = await given({ certificate: GRANTS });
  const certificate = certificateOf({});
  assert.equal(await who(null), "unknown");
  assert.equal(await who(null, { certificate }), "certificate ");
  assert.equal(await who(basic("anna", "wrong"), { certificate }), "unknown");
  assert.equal(await who(basic("anna", "open sesame"), { certificate }), "user anna");
});

function certificateOf(own: Partial<ClientCertificate>): ClientCertificate {
  return { commonNames: [], altNames: [], sha256: "ab".repeat(32), expiresMs: 2e12, ...own };
}

const known = (name: string, by: KnownCertificate["by"], value: string): KnownCertificate => ({
  ...{ name, by, value, grants: GRANTS },
});

test("a certificate is known by its common name, a name beside it, or its digest; the first entry counts", async () => {
  const { who } = await given({
    certificates: [
      known("one", "common_name", "agent"),
      known("two", "alt_name", "URI:spiffe://x/Agent"),
      known("three", "alt_name", "DNS:Host.example"),
      known("four", "sha256", `${"CD:".repeat(31)}CD`),
    ],
  });
  const cases: [Partial<ClientCertificate>, string][] = [
    [{ commonNames: ["agent"] }, "certificate one"],
    [{ commonNames: ["Agent"] }, "stranger"],
    [{ commonNames: ["agent", "other"] }, "stranger"],
    [{ commonNames: ["URI:spiffe://x/Agent"] }, "stranger"],
    [{ altNames: ["DNS:z", "URI:spiffe://x/Agent"] }, "certificate two"],
    [{ altNames: ["URI:spiffe://x/agent"] }, "stranger"],
    [{ altNames: ["DNS:hOST.EXAMPLE"] }, "certificate three"],
    [{ altNames: ["agent"] }, "stranger"],
    [{ sha256: "cd".repeat(32) }, "certificate four"],
    [{ commonNames: ["agent"], sha256: "cd".repeat(32) }, "certificate one"],
    [{ commonNames: ["agent"], expiresMs: 1_700_000_000_000 }, "stranger"],
    [{}, "stranger"],
  ];
  for (const [own, verdict] of cases) {
    const certificate = certificateOf(own);
    assert.equal(await who(null, { certificate }), verdict, JSON.stringify(own));
  }
});

test("a certificate that is nobody's is logged once a minute, with what a list would need, and costs its address nothing", async () => {
  const { who, signIn, lines, clock } = await given({
    certificates: [known("one", "common_name", "a")],
  });
  const certificate = certificateOf({ commonNames: ["mallory"] });
  for (let time = 0; time < 9; time++) assert.equal(await who(null, { certificate }), "stranger");
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /"common_name":"mallory","sha256":"(ab){32}".*auth\.certificates/);
  assert.equal(await who(basic("anna", "open sesame")), "user anna");
  await clock.advance(60_000);
  const verdict = await signIn.who(null, "9.9.9.9", certificate);
  assert.equal(lines.length, 2);
  assert.deepEqual(verdict, {
    kind: "stranger",
    why: "the client certificate of this connection is none of those that auth.certificates lists",
  });
});

test("replace() lets in by the new settings alone, and failures stay counted", async () => {
  const { who, signIn, checked } = await given();
  const settings = { realm: "lokits", tokens: [], certificates: [] };
  const throttle = { failuresMax: 3, windowMs: 60_000 };
  assert.equal(await who(basic("anna", "open sesame")), "user anna");
  await who(basic("anna", "no"));
  const users = [{ name: "anna", passwordHash: "hash of new", grants: GRANTS }];
  signIn.replace({ ...settings, throttle, users });
  assert.equal(await who(basic("anna", "open sesame")), "unknown");
  assert.equal(await who(basic("anna", "new")), "user anna");
  assert.equal(await who(`Bearer ${"t".repeat(40)}`), "unknown");
  const before = checked.length;
  assert.equal(await who(basic("anna", "open sesame")), "throttled");
  assert.equal(checked.length, before);
});

test("grantsOf() takes the only tenant that is named as the default", () => {
  const given = (read: string[], write: string[] = [], defaultTenant?: string) =>
    grantsOf({ read, write, admin: [], defaultTenant }).defaultTenant;
  assert.equal(given(["a"], ["a"]), "a");
  assert.equal(given(["a"], ["b"]), undefined);
  assert.equal(given(["*"]), undefined);
  assert.equal(given(["*"], [], "x"), "x");
});
