/** `auth`: who may sign in and for which tenants. Loki has nothing of the kind; without this block everybody is believed. */
import { type Row, under } from "../row.ts";

const ANY = "tenants by id, `*` for all";

/** What a credential may do. */
const GRANTS: readonly Row[] = [
  ["read", "strings", [], "", { ours: `may be read; ${ANY}` }],
  ["write", "strings", [], "", { ours: `may be written to; ${ANY}` }],
  [
    "admin",
    "strings",
    [],
    "",
    { ours: `deletes and rules; ${ANY}, which opens the routes of the process as well` },
  ],
  [
    "default_tenant",
    "string",
    "",
    "",
    { ours: "meant by requests without X-Scope-OrgID; else the only tenant that is named" },
  ],
];

const USER: readonly Row[] = [
  ["name", "string", "", "", { ours: "of basic authentication" }],
  ["password_hash", "secret", "", "", { ours: "bcrypt or argon2, never the password" }],
  ["password_hash_file", "string", "", "", { ours: "a file with the hash" }],
  ...GRANTS,
];

const TOKEN: readonly Row[] = [
  ["name", "string", "", "", { ours: "for the log" }],
  ["sha256", "secret", "", "", { ours: "the bearer token's SHA-256 in hex" }],
  ["token_file", "string", "", "", { ours: "a file with the token itself" }],
  ...GRANTS,
];

const CERTIFICATE: readonly Row[] = [
  ["name", "string", "", "", { ours: "for the log" }],
  ["common_name", "string", "", "", { ours: "of the certificate's subject" }],
  [
    "alt_name",
    "string",
    "",
    "",
    { ours: "one of the names beside it, as in `DNS:host`, `URI:spiffe://…`, `email:…`, `IP:…`" },
  ],
  ["sha256", "string", "", "", { ours: "the certificate's fingerprint, as openssl prints it" }],
  ...GRANTS,
];

const JWT: readonly Row[] = [
  ["issuer", "string", "", "auth.jwt.issuer", { ours: "the claim `iss`; keys are found by it" }],
  ["audience", "strings", [], "auth.jwt.audience", { ours: "one of them in the claim `aud`" }],
  [
    "jwks_url",
    "url",
    "",
    "auth.jwt.jwks-url",
    { ours: "where the keys are; else what the issuer's OpenID configuration names" },
  ],
  ["jwks_file", "string", "", "auth.jwt.jwks-file", { ours: "the keys as a JWKS file" }],
  ["public_key_file", "string", "", "auth.jwt.public-key-file", { ours: "one key in PEM" }],
  [
    "algorithms",
    "strings",
    ["RS256", "ES256", "EdDSA"],
    "auth.jwt.algorithms",
    { ours: "that are believed" },
  ],
  ["clock_skew", "duration", "30s", "auth.jwt.clock-skew", { ours: "of `exp` and `nbf`" }],
  ["name_claim", "string", "sub", "auth.jwt.name-claim", { ours: "for the log" }],
  [
    "tenants_claim",
    "string",
    "tenants",
    "auth.jwt.tenants-claim",
    { ours: "tenants that may be read and written: a list, or words of one text" },
  ],
  ["read_claim", "string", "", "auth.jwt.read-claim", { ours: "tenants that may be read" }],
  ["write_claim", "string", "", "auth.jwt.write-claim", { ours: "tenants that may be written" }],
  ["admin_claim", "string", "", "auth.jwt.admin-claim", { ours: "tenants to administer" }],
  ...GRANTS,
];

export const AUTH: readonly Row[] = [
  ["realm", "string", "lokits", "auth.realm", { ours: "shown when a browser asks for a password" }],
  [
    "open_paths",
    "strings",
    ["/ready", "/metrics", "/services", "/loki/api/v1/status/buildinfo"],
    "auth.open-paths",
    { ours: "pages that need no sign-in" },
  ],
  [
    "failures_max",
    "int",
    "10",
    "auth.failures-max",
    { ours: "failed sign-ins of an address in the window, then 429; 0 for no end" },
  ],
  ["failures_window", "duration", "1m", "auth.failures-window", { ours: "see failures_max" }],
  ["users", { list: USER }, undefined, "", { ours: "basic authentication" }],
  ["tokens", { list: TOKEN }, undefined, "", { ours: "bearer tokens" }],
  ...under("jwt", JWT),
  [
    "certificates",
    { list: CERTIFICATE },
    undefined,
    "",
    {
      ours: "clients' certificates by one name or by fingerprint; the first entry that fits counts",
    },
  ],
  ...under("client_certificate", GRANTS),
];
