/** What `auth` refuses: each would open a door or lock everybody out. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "./config-error.ts";
import { loadConfig } from "./load.ts";

const SCHEMA = `schema_config: {configs: [{from: 2023-01-01, store: tsdb, object_store: filesystem, schema: v12, index: {prefix: i_, period: 24h}}]}
storage_config: {filesystem: {directory: d}}
`;
const HASH = `$2b$10$${"a".repeat(53)}`;
const SHA = "ab".repeat(32);

async function problems(text: string): Promise<readonly string[]> {
  try {
    await loadConfig({ args: ["-config.file=f"], readFile: async () => SCHEMA + text, env: {} });
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems.map((problem) => problem.text.replace("invalid auth config: ", ""));
  }
}

const JWT = "issuer: https://i.example, audience: [a]";
const TLS =
  "server: {http_tls_config: {cert_file: c, key_file: k, client_ca_file: a, client_auth_type: RequireAndVerifyClientCert}}";
const IF_GIVEN = TLS.replace("RequireAndVerifyClientCert", "VerifyClientCertIfGiven");

for (const text of [
  "",
  `auth: {users: [{name: a, password_hash: ${HASH}, read: ['*']}]}`,
  "auth: {users: [{name: a, password_hash_file: f, read: ['*']}]}",
  "auth: {users: [{name: a, password_hash: '$argon2id$v=19$m=65536,t=2,p=1$aa$bb', write: [t]}]}",
  `auth: {tokens: [{sha256: ${SHA}, admin: ['*']}]}`,
  `auth: {jwt: {${JWT}}}`,
  `auth: {jwt: {${JWT}, jwks_url: 'http://localhost:1/keys'}}`,
  "auth: {jwt: {issuer: some name, audience: [a], jwks_file: f}}",
  `${TLS}\nauth: {client_certificate: {write: [t]}}`,
  `${TLS}\nauth: {certificates: [{common_name: agent, write: [t]}, {alt_name: 'URI:spiffe://x/y', read: [t]}]}`,
  `${IF_GIVEN}\nauth: {certificates: [{sha256: '${"AB:".repeat(31)}AB', admin: ['*']}]}`,
  "server: {tls_min_version: VersionTLS13, tls_cipher_suites: 'TLS_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'}",
  "server: {admin_routes: open, trusted_proxies: [10.0.0.0/8, '::1']}",
]) {
  test(`${text || "nothing"} is taken`, async () => assert.deepEqual(await problems(text), []));
}

const refused: [string, RegExp][] = [
  ["auth: {realm: x}", /lets nobody in/],
  ["auth: {users: []}", /lets nobody in/],
  [
    "auth: {users: [{name: a, password_hash: hunter2, read: [t]}]}",
    /users\[0\].password_hash is no bcrypt/,
  ],
  ["auth: {users: [{name: a, read: [t]}]}", /has 0 of password_hash and password_hash_file/],
  [
    `auth: {users: [{name: a, password_hash: ${HASH}, password_hash_file: f, read: [t]}]}`,
    /has 2 of/,
  ],
  [`auth: {users: [{name: a, password_hash: ${HASH}}]}`, /may do nothing/],
  [`auth: {users: [{name: 'a:b', password_hash: ${HASH}, read: [t]}]}`, /without a colon/],
  [`auth: {users: [{password_hash: ${HASH}, read: [t]}]}`, /without a colon/],
  ["auth: {tokens: [{sha256: abc, read: [t]}]}", /64 hex digits/],
  ["auth: {tokens: [{read: [t]}]}", /has 0 of sha256 and token_file/],
  ["auth: {jwt: {audience: [a]}}", /jwt has no keys/],
  ["auth: {jwt: {jwks_file: f, audience: [a]}}", /issuer is empty/],
  ["auth: {jwt: {issuer: https://i}}", /audience is empty/],
  ["auth: {jwt: {issuer: http://i.example, audience: [a]}}", /issuer has to be an https URL/],
  [`auth: {jwt: {${JWT}, jwks_url: http://i.example/}}`, /jwks_url has to be an https URL/],
  [`auth: {jwt: {${JWT}, jwks_url: http://localhost.evil/}}`, /jwks_url has to be an https URL/],
  [`auth: {jwt: {${JWT}, jwks_file: a, public_key_file: b}}`, /want one of them/],
  [`auth: {jwt: {${JWT}, algorithms: [HS256]}}`, /algorithms has "HS256"/],
  [`auth: {jwt: {${JWT}, algorithms: [none]}}`, /algorithms has "none"/],
  [`auth: {jwt: {${JWT}, algorithms: []}}`, /algorithms is empty/],
  ["auth: {client_certificate: {read: [t]}}", /needs server.http_tls_config.client_auth_type/],
  ["auth: {certificates: [{common_name: a, read: [t]}]}", /certificates needs server.http_tls/],
  [`${TLS}\nauth: {certificates: [{read: [t]}]}`, /has 0 of common_name and alt_name and sha256/],
  [`${TLS}\nauth: {certificates: [{common_name: a, sha256: ${SHA}, read: [t]}]}`, /has 2 of/],
  [`${TLS}\nauth: {certificates: [{common_name: a}]}`, /may do nothing/],
  [`${TLS}\nauth: {certificates: [{sha256: abc, read: [t]}]}`, /64 hex digits/],
  [
    `${TLS}\nauth: {certificates: [{alt_name: agent, read: [t]}]}`,
    /alt_name is "agent", want DNS:/,
  ],
  [`${TLS}\nauth: {certificates: [{alt_name: 'DNS:a, DNS:b', read: [t]}]}`, /without quotes/],
  ["server: {tls_min_version: VersionTLS11}", /is "VersionTLS11", want VersionTLS12 or/],
  ["server: {tls_cipher_suites: TLS_RSA_WITH_RC4_128_SHA}", /has "TLS_RSA_WITH_RC4_128_SHA"/],
  ["server: {admin_routes: closed}", /admin_routes is "closed", want loopback, signed-in, open/],
  ["server: {admin_routes: signed-in}", /nobody who could sign in/],
  ["server: {trusted_proxies: [proxy]}", /trusted_proxies has "proxy"/],
  ["server: {http_tls_config: {cert_file: c}}", /has no key_file/],
  ["server: {http_tls_config: {cert: c, cert_file: c, key: k}}", /has cert and cert_file/],
  [
    "server: {http_tls_config: {cert_file: c, key_file: k, client_auth_type: RequestClientCert}}",
    /is "RequestClientCert", want/,
  ],
  [
    "server: {http_tls_config: {cert_file: c, key_file: k, client_auth_type: RequireAndVerifyClientCert}}",
    /client_ca_file/,
  ],
];
for (const [text, message] of refused) {
  test(`${text} is refused`, async () => {
    const found = await problems(text);
    assert.ok(
      found.some((problem) => message.test(problem)),
      found.join("\n"),
    );
    assert.doesNotMatch(found.join(), /hunter2/);
  });
}
