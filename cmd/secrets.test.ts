/**
 * Random texts in every secret of the schema, and in blocks of others that have such: none of them shows on a
 * page, in the log, among metrics, in an answer or an error, whatever is asked and however it fails.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { stringify } from "yaml";
import { ConfigError } from "../core/config/config-error.ts";
import { KEYS, type Key, keysIn, treeOf } from "../core/config/keys.ts";
import { loadConfig } from "../core/config/load.ts";
import type { Row } from "../core/config/row.ts";
import { inFolder, lokits, pushLines, startServer } from "./testing/process.ts";

const SEED = 20_260_101;
const BASE = `auth_enabled: false
common: {path_prefix: ./data, replication_factor: 1, instance_addr: 127.0.0.1}
ingester: {lifecycler: {ring: {kvstore: {store: inmemory}}}}
storage_config: {filesystem: {directory: ./data/chunks}}
schema_config:
  configs: [{from: 2023-01-01, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: i_, period: 24h}}]
`;

type Tree = { [name: string]: unknown };

function place(root: Tree, path: string, value: unknown): void {
  const names = path.split(".");
  let block = root;
  for (const name of names.slice(0, -1)) block = (block[name] ??= {}) as Tree;
  block[names.at(-1)!] = value;
}

/** Shapes that a secret must have for the configuration to be taken at all; still without meaning. */
const SHAPED: Readonly<Record<string, (secret: string) => unknown>> = {
  password_hash: (secret) => `$argon2id$v=19$m=65536,t=2,p=1$${secret}$${secret}`,
  sha256: (secret) => Buffer.from(secret.padEnd(32)).toString("hex").slice(0, 64),
};

/** A file in which everything that may be secret is `next()`, and the texts that stand there. */
function secretFile(next: () => string): { root: Tree; secrets: string[] } {
  const root: Tree = {};
  const secrets: string[] = [];
  const keep = (text: string) => {
    secrets.push(text);
    return text;
  };
  const secretValue = ({ path, type }: Pick<Key, "path" | "type">): unknown => {
    if (type === "secret") {
      const shape = SHAPED[path.split(".").at(-1)!] ?? ((text: string) => text);
      return keep(String(shape(next())));
    }
    if (type === "url") return `https://user:${keep(next())}@localhost/x`;
    // As people write tokens into addresses: instead of a user, and as a parameter.
    if (type === "string" && path.endsWith("_url")) {
      return `https://${keep(encodeURIComponent(next()))}@localhost/x?token=${keep(encodeURIComponent(next()))}`;
    }
    return undefined;
  };
  const itemOf = (rows: readonly Row[]): Tree => {
    const item: Tree = {};
    for (const key of keysIn(treeOf(rows))) {
      const value = secretValue(key);
      if (value !== undefined) place(item, key.path, value);
    }
    return item;
  };
  for (const key of KEYS.values()) {
    // The listener would have to use this one as its key.
    if (key.path.includes("http_tls_config")) continue;
    const { path, type } = key;
    const value = secretValue(key);
    if (value !== undefined) place(root, path, value);
    else if (typeof type === "object" && "map" in type) {
      const item = itemOf(type.map);
      if (Object.keys(item).length > 0) place(root, path, { mine: item });
    }
  }
  const grants = { read: ["*"] };
  place(root, "auth.users", [
    { name: "u", password_hash: keep(String(SHAPED["password_hash"]!(next()))), ...grants },
  ]);
  place(root, "auth.tokens", [{ sha256: keep(String(SHAPED["sha256"]!(next()))), ...grants }]);
  place(root, "auth.jwt.issuer", "https://issuer.example");
  place(root, "auth.jwt.audience", ["a"]);
  place(root, "ruler.remote_write.clients", {
    one: { url: `http://u:${keep(next())}@h/`, basic_auth: { password: keep(next()) } },
  });
  place(root, "storage_config.azure", { account_key: keep(next()) });
  place(root, "storage_config.swift", { password: keep(next()) });
  place(root, "storage_config.gcs", { service_account: keep(next()) });
  place(root, "kafka_config", { sasl_password: keep(next()) });
  place(root, "chunk_store_config.chunk_cache_config.redis", { password: keep(next()) });
  return { root, secrets };
}

/** Whole, as a URL writes it, and by a piece that is long enough to be told from chance. */
function assertHidden(text: string, secrets: readonly string[], where: string): void {
  for (const secret of secrets) {
    for (const shown of [secret, encodeURIComponent(secret), btoa(secret), secret.slice(2, 14)]) {
      assert.ok(
        !text.includes(shown),
        `${where} shows ${shown}: ${text.slice(Math.max(0, text.indexOf(shown) - 200), text.indexOf(shown) + 60)}`,
      );
    }
  }
}

const SECRET = fc.stringMatching(/^[A-Za-z0-9*&!%@`|>#?:,{}[\]"'-][A-Za-z0-9+/=*&%]{16,24}$/);

test("printed configurations and every error hide what is secret", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.infiniteStream(SECRET),
      fc.constantFrom("", "servr: {a: 1}\n", "server: {log_level: loud}\n", "target: [1]\n"),
      fc.constantFrom("quoted", "raw"),
      async (stream, wrong, form) => {
        const { root, secrets } = secretFile(() => stream.next().value);
        let text = BASE + wrong;
        // BASE and this share blocks: what is there already goes below them.
        text = stringify(merge(parseBase(text), root), { lineWidth: 0 });
        // Without quotes many secrets are no YAML, or another value: the errors have to be as silent.
        if (form === "raw") text = text.replace(/: "([^"\\]*)"$/gm, ": $1");
        try {
          const loaded = await loadConfig({
            args: ["-config.file=c", ...(wrong === "" ? [] : ["-verify-config"])],
            readFile: async () => text,
            env: {},
          });
          for (const mode of ["all", "diff", "defaults"] as const) {
            assertHidden(loaded.text(mode), secrets, mode);
          }
          assertHidden(loaded.warnings.join("\n"), secrets, "a warning");
          assert.equal(wrong, "");
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
          const shown = [error.message, ...error.problems.map(({ text }) => text)].join("\n");
          assertHidden(shown, secrets, `an error of ${form} ${wrong}`);
        }
      },
    ),
    { seed: SEED, numRuns: 40 },
  );
});

test("a running server shows no secret on any page, in its log, or in what it refuses", async () => {
  const texts = fc.sample(fc.stringMatching(/^[A-Za-z0-9]{24}$/), { seed: SEED, numRuns: 300 });
  const { root, secrets } = secretFile(() => texts.pop()!);
  await inFolder(async (cwd) => {
    const file = join(cwd, "c.yaml");
    await Bun.write(file, stringify(merge(parseBase(BASE), root), { lineWidth: 0 }));
    const flags = ["-print-config-stderr", "-log-config-reverse-order", "-log.level=debug"];
    const args = [`-config.file=${file}`, "-server.http-listen-address=127.0.0.1", ...flags];
    const verified = await lokits(["serve", ...args, "-verify-config"], { cwd });
    assert.equal(verified.code, 0, verified.stderr);
    assertHidden(verified.stderr + verified.stdout, secrets, "-verify-config");

    const server = await startServer([...args, "-auth.open-paths=/ready,/metrics,/config"], {
      cwd,
    });
    const presented = secrets.slice(0, 2);
    const paths = [
      ...[
        "/config",
        "/config?mode=diff",
        "/config?mode=defaults",
        "/metrics",
        "/services",
        "/ready",
      ],
      ...[
        "/ring",
        "/memberlist",
        "/log_level",
        "/loki/api/v1/labels",
        "/loki/api/v1/push",
        "/none",
      ],
      ...["/config/tenant/v1/limits", "/loki/api/v1/drilldown-limits", "/loki/api/v1/rules"],
    ];
    for (const path of paths) {
      for (const method of ["GET", "POST"]) {
        for (const authorization of [
          undefined,
          ...presented.flatMap((text) => [`Bearer ${text}`, `Basic ${btoa(`u:${text}`)}`]),
        ]) {
          const headers = authorization === undefined ? {} : { Authorization: authorization };
          const answer = await fetch(server.url + path, { method, headers });
          const shown = [...answer.headers].join() + (await answer.text());
          assertHidden(shown, secrets, `${method} ${path}`);
        }
      }
    }
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    assertHidden(metrics, secrets, "/metrics");
    await server.stop();
    assert.match(server.log(), /sign-in refused/);
    assertHidden(server.log(), secrets, "the log");
  });
});

function parseBase(text: string): Tree {
  return Bun.YAML.parse(text) as Tree;
}

/** The second over the first, block by block. */
function merge(left: Tree, right: Tree): Tree {
  const out = { ...left };
  for (const [name, value] of Object.entries(right)) {
    const own = out[name];
    const both = [own, value].every(
      (side) => typeof side === "object" && side !== null && !Array.isArray(side),
    );
    out[name] = both ? merge(own as Tree, value as Tree) : value;
  }
  return out;
}

test("a store by a URL with secrets, that cannot be reached, shows none of them however it fails", async () => {
  const texts = fc.sample(fc.stringMatching(/^[A-Za-z0-9]{24}$/), { seed: SEED + 1, numRuns: 20 });
  const [key, secret, token, signature, asked, proxy, flag] = texts as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const secrets = [secret, token, signature, asked, proxy, flag];
  await inFolder(async (cwd) => {
    const file = join(cwd, "c.yaml");
    const base = parseBase(BASE.replace("object_store: filesystem", "object_store: s3"));
    const own = {
      storage_config: {
        aws: {
          s3: `s3://${key}:${secret}@127.0.0.1:1/bucket`,
          ...{ s3forcepathstyle: true, insecure: true },
          backoff_config: { max_retries: 1, max_period: "10ms" },
        },
      },
      frontend: { downstream_url: `http://${token}@127.0.0.1:1/?sig=${signature}` },
      analytics: { proxy_url: `http://user:${proxy}@127.0.0.1:1` },
    };
    await Bun.write(file, stringify(merge(base, own), { lineWidth: 0 }));
    const flags = ["-print-config-stderr", "-log.level=debug", "-log.format=json"];
    const byFlag = ["-ruler.storage.s3.secret-access-key", flag];
    const server = await startServer([`-config.file=${file}`, ...flags, ...byFlag], { cwd });
    await pushLines(server.url, { a: "b" }, [[BigInt(Date.now()) * 1_000_000n, "x"]]);
    await fetch(`${server.url}/flush`, { method: "POST" });
    const params = `access_token=${asked}&X-Amz-Signature=${asked}&api_key=${asked}`;
    for (const path of [
      ...["/config", "/config?mode=diff", "/metrics", "/services", "/ready", "/ring"],
      ...["/debug/pprof/", "/debug/pprof/cmdline", "/debug/pprof/heap?debug=1"],
      `/loki/api/v1/query_range?query={a="b"}&${params}`,
      `/loki/api/v1/labels?${params}`,
      `/loki/api/v1/series?match[]={a="b"}&${params}`,
      `/loki/api/v1/index/stats?query={a="b"}&${params}`,
      `/loki/api/v1/tail?query={a&${params}`,
      `/none?${params}`,
    ]) {
      const headers = { Authorization: `Bearer ${asked}`, "Proxy-Authorization": `Basic ${asked}` };
      const answer = await fetch(server.url + path, { headers });
      assertHidden([...answer.headers].join() + (await answer.text()), secrets, path);
    }
    // A query of the store fails, and so does the flush: both are told.
    const failed = () =>
      server
        .log()
        .split("\n")
        .some((line) => /"level":"(warn|error)"/.test(line) && /127\.0\.0\.1/.test(line));
    for (let tries = 0; tries < 100 && !failed(); tries++) await Bun.sleep(50);
    assert.ok(failed(), server.log());
    assert.match(server.log(), /access_token=\*{8}/);
    await server.stop("SIGKILL");
    assertHidden(server.log(), secrets, "the log");
  });
});
