/** TLS from outside: whose certificate reads and writes which tenant, and certificates that change while it runs. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { copyFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { connect } from "node:tls";
import {
  hasOpenssl,
  TestCertificates,
  WITHOUT_OPENSSL,
} from "../adapters/bun/testing/certificates.ts";
import { until } from "../adapters/bun/testing/until.ts";
import type { RunningServer } from "./testing/process.ts";
import { ask, basic, bearer, find, send, tailed, withServer } from "./testing/signed-in.ts";

const PASSWORD = "correct horse";
const TLS = (mode: string, more = "") =>
  `http_listen_address: 127.0.0.1, http_tls_config: {cert_file: server.pem, key_file: server.key, client_ca_file: ca.pem, client_auth_type: ${mode}}${more}`;

const source = mkdtempSync(join(tmpdir(), "lokits-tls-"));
after(() => rmSync(source, { recursive: true, force: true }));
if (hasOpenssl) {
  const made = new TestCertificates(source);
  for (const name of ["ca", "foreign"]) made.authority(name);
  for (const name of ["server", "server2", "anna", "bert", "carl", "root"]) made.issue(name, "ca");
  made.issue("mallory", "foreign", { subject: "/CN=anna" });
  made.issue("late", "ca", { subject: "/CN=anna", days: -1 });
}
const copyAll = (cwd: string) => cpSync(source, cwd, { recursive: true });

interface Given {
  readonly server: RunningServer;
  readonly cwd: string;
  readonly made: TestCertificates;
  /** What a client needs to come in with this certificate, or without one. */
  readonly as: (name?: string) => object;
}

async function given(
  {
    mode = "RequireAndVerifyClientCert",
    more = "",
    auth,
  }: { mode?: string; more?: string; auth: string },
  run: (given: Given) => Promise<void>,
): Promise<void> {
  await withServer(
    { server: TLS(mode, more), more: auth, prepare: copyAll },
    async (server, cwd) => {
      const made = new TestCertificates(cwd);
      const as = (name?: string) => ({
        ca: made.text("ca.pem"),
        ...(name === undefined ? {} : made.pair(name)),
      });
      await run({ server, cwd, made, as });
    },
  );
}

const secure = (name: string, run: () => Promise<void>) =>
  test(name, { skip: WITHOUT_OPENSSL }, run);

const hashOf = (password: string) => Bun.password.hash(password, { algorithm: "bcrypt", cost: 4 });

secure("each certificate reads and writes its own tenant, and a third none", async () => {
  const auth = `querier: {multi_tenant_queries_enabled: true}
auth:
  users: [{name: dora, password_hash: '${await hashOf(PASSWORD)}', read: [one]}]
  certificates:
    - {name: anna, common_name: anna, read: [one], write: [one]}
    - {name: bert, alt_name: 'URI:spiffe://x/bert', read: [two, three], write: [two], default_tenant: two}
    - {name: root, common_name: root, admin: ['*']}
`;
  await given({ auth }, async ({ server: { url, log }, as, made }) => {
    const [anna, bert, carl] = [{ tls: as("anna") }, { tls: as("bert") }, { tls: as("carl") }];
    assert.equal((await send(url, "line of anna", anna)).status, 204);
    assert.equal((await send(url, "line of bert", bert)).status, 204);
    assert.match((await find(url, anna)).text, /line of anna/);
    assert.match((await find(url, bert)).text, /line of bert/);
    for (const [own, foreign] of [
      [anna, "two"],
      [bert, "one"],
      [anna, "one|two"],
      [bert, "two|one"],
    ] as const) {
      const answer = await find(url, { ...own, tenant: foreign });
      assert.equal(answer.status, 403, foreign);
      assert.equal(answer.text, "these credentials may not read the tenant of this request\n");
      assert.equal((await send(url, "x", { ...own, tenant: foreign })).status, 403);
    }
    assert.match((await find(url, { ...bert, tenant: "two|three" })).text, /line of bert/);
    assert.equal((await send(url, "x", { ...bert, tenant: "three" })).status, 403);

    for (const asked of [
      find(url, carl),
      send(url, "x", carl),
      find(url, { ...carl, tenant: "one" }),
    ]) {
      const { status, text } = await asked;
      assert.equal(status, 403);
      assert.equal(
        text,
        "the client certificate of this connection is none of those that auth.certificates lists\n",
      );
    }
    await until("the refusal to be told", () =>
      /sign-in refused.*kind=certificate common_name=carl sha256=[\da-f]{64}/.test(log()),
    );
    for (const name of ["mallory", "late"]) {
      await assert.rejects(find(url, { tls: { ...as(name), ca: made.text("ca.pem") } }), name);
    }
    await assert.rejects(find(url, { tls: as() }));
    assert.match(
      log(),
      /level=warn .*msg="TLS handshake refused" peer=127.0.0.1 why="unable to verify the first/,
    );
    const { text: metrics } = await ask(`${url}/metrics`, anna);
    for (const code of ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "CERT_HAS_EXPIRED"]) {
      assert.match(metrics, new RegExp(`lokits_tls_handshake_failures_total{code="${code}"} 1`));
    }

    const dora = basic("dora", PASSWORD);
    assert.match((await find(url, { ...carl, authorization: dora })).text, /line of anna/);
    assert.equal((await find(url, { ...anna, authorization: basic("dora", "x") })).status, 401);

    assert.match(await tailed(url, anna), /line of anna/);
    assert.equal(await tailed(url, { ...anna, tenant: "two" }), "closed");
    assert.equal(await tailed(url, carl), "closed");

    assert.equal((await ask(`${url}/metrics`, carl)).status, 200);
    const flush = { method: "POST" };
    assert.equal((await ask(`${url}/flush`, { ...flush, ...anna })).status, 403);
    assert.equal((await ask(`${url}/flush`, { ...flush, tls: as("root") })).status, 204);
  });
});

secure("where a certificate is not required, who has none signs in by another way", async () => {
  const auth = `auth:
  users: [{name: dora, password_hash: '${await hashOf(PASSWORD)}', read: [one]}]
  certificates: [{common_name: anna, read: [one], write: [one]}]
`;
  await given({ mode: "VerifyClientCertIfGiven", auth }, async ({ server: { url }, as }) => {
    assert.equal((await send(url, "line of anna", { tls: as("anna") })).status, 204);
    const authorization = basic("dora", PASSWORD);
    assert.match((await find(url, { tls: as(), authorization })).text, /line of anna/);
    assert.equal((await find(url, { tls: as() })).status, 401);
    await assert.rejects(find(url, { tls: as("mallory") }));
  });
});

secure(
  "any certificate of the authority may be enough, and one that is listed has its own tenants",
  async () => {
    const auth = `auth:
  certificates: [{common_name: anna, read: [one]}]
  client_certificate: {read: [two]}
`;
    await given({ auth }, async ({ server: { url }, as }) => {
      assert.equal((await find(url, { tls: as("carl") })).status, 200);
      assert.equal((await find(url, { tls: as("carl"), tenant: "one" })).status, 403);
      assert.equal((await find(url, { tls: as("anna"), tenant: "one" })).status, 200);
      assert.equal((await find(url, { tls: as("anna"), tenant: "two" })).status, 403);
    });
  },
);

secure(
  "without sign-in the listener speaks TLS and nothing else, and only as it is told to",
  async () => {
    const more = ", tls_min_version: VersionTLS13";
    await given(
      { mode: "NoClientCert", more, auth: "auth_enabled: false\n" },
      async ({ server: { url }, as, made }) => {
        assert.match(url, /^https:/);
        assert.equal((await find(url, { tls: as() })).status, 200);
        await assert.rejects(find(url));
        await assert.rejects(find(url.replace("https", "http")));
        // Not openssl's refusal to begin with, but the server's.
        const line = ["s_client", "-connect", new URL(url).host, "-tls1_2", "-brief"];
        assert.throws(() => made.openssl(...line), /protocol version|tlsv1 alert/);
      },
    );
  },
);

/** The common name that the server shows. */
async function shownBy(url: string): Promise<unknown> {
  const { hostname: host, port } = new URL(url);
  const socket = connect({ host, port: Number(port), rejectUnauthorized: false });
  await new Promise((resolve) => socket.once("secureConnect", resolve));
  const name = socket.getPeerCertificate().subject.CN;
  socket.destroy();
  return name;
}

secure(
  "files are read again while it runs, and one that is of no use keeps what was there",
  async () => {
    const token = (text: string) => text.repeat(20);
    const auth = `auth:
  users: [{name: dora, password_hash_file: dora.hash, read: [one]}]
  tokens: [{token_file: agent.token, write: [one]}]
`;
    const prepare = async (cwd: string) => {
      copyAll(cwd);
      writeFileSync(join(cwd, "dora.hash"), await hashOf("first"));
      writeFileSync(join(cwd, "agent.token"), token("a"));
    };
    const server = `${TLS("NoClientCert")}, files_reload_period: 50ms`;
    await withServer({ server, more: auth, prepare }, async ({ url, log }, cwd) => {
      const tls = { ca: new TestCertificates(cwd).text("ca.pem") };
      const copy = (from: string, to: string) => copyFileSync(join(cwd, from), join(cwd, to));
      const byPassword = async (password: string) =>
        (await find(url, { tls, authorization: basic("dora", password) })).status;
      const byToken = async (text: string) =>
        (await send(url, "x", { tls, authorization: bearer(text) })).status;
      const gauge = async (files: string) => {
        const { text } = await ask(`${url}/metrics`, { tls });
        return new RegExp(`lokits_files_last_reload_successful{files="${files}"} (\\d)`).exec(
          text,
        )?.[1];
      };
      assert.deepEqual([await byPassword("first"), await byToken(token("a"))], [200, 204]);
      assert.deepEqual([await gauge("tls"), await gauge("sign-in")], ["1", "1"]);

      copy("server2.pem", "server.pem");
      await until("the half of a pair is told", () => log().includes("files not reloaded"));
      assert.equal(await shownBy(url), "server");
      assert.equal(await gauge("tls"), "0");
      copy("server2.key", "server.key");
      await until("the new certificate is shown", async () => (await shownBy(url)) === "server2");
      assert.equal(await gauge("tls"), "1");

      writeFileSync(join(cwd, "agent.token"), token("b"));
      await until("the new token is taken", async () => (await byToken(token("b"))) === 204);
      assert.equal(await byToken(token("a")), 401);

      writeFileSync(join(cwd, "dora.hash"), await hashOf("second"));
      await until("the new password is taken", async () => (await byPassword("second")) === 200);
      assert.equal(await byPassword("first"), 401);

      writeFileSync(join(cwd, "dora.hash"), "hunter2");
      await until("the bad hash is told", async () => (await gauge("sign-in")) === "0");
      assert.equal(await byPassword("second"), 200);
      writeFileSync(join(cwd, "dora.hash"), await hashOf("third"));
      await until("the third password is taken", async () => (await byPassword("third")) === 200);
      rmSync(join(cwd, "agent.token"));
      await until("the missing file is told", () => /not reloaded.*ENOENT/.test(log()));
      assert.equal(await byToken(token("b")), 204);
      const digest = createHash("sha256").update(token("b")).digest("hex");
      assert.doesNotMatch(log(), new RegExp(`hunter2|${token("a")}|${token("b")}|${digest}|\\$2b`));
    });
  },
);
