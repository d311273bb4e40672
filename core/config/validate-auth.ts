/** What must hold in `auth`, and in the keys of `server` that say who comes in. A mistake here must not open a door. */
import { parseNetwork } from "../auth/addresses.ts";
import { CERTIFICATE_MARKS, normalDigest } from "../auth/certificates.ts";
import { quote } from "../golang/quote.ts";
import type { Config } from "./config.ts";
import { suiteNames, TLS_SUITES, TLS_VERSIONS, tlsVersionMin } from "./tls.ts";
import type { Item } from "./value.ts";

const HASH = /^(\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}|\$argon2(id|i|d)\$.+)$/;
const SHA256 = /^[\da-fA-F]{64}$/;
/** Signatures with a public key: a shared secret would let whoever verifies also sign. */
const ALGORITHM = /^((RS|PS|ES)(256|384|512)|EdDSA|Ed25519)$/;
const KEY_SOURCES = ["jwks_url", "jwks_file", "public_key_file"] as const;
const GRANTS = ["read", "write", "admin"] as const;
/** As certificates are read (adapters/bun/tls-front.ts): a name that could be taken for two is none. */
const ALT_NAME = /^(DNS|URI|email|IP):[^",\s]+$/;
const CLIENT_AUTH = "server.http_tls_config.client_auth_type";

export function authProblems(config: Config): string[] {
  const problems = [
    ...userProblems(config.items("auth.users")),
    ...tokenProblems(config.items("auth.tokens")),
    ...certificateProblems(config.items("auth.certificates")),
    ...jwtProblems(config),
    ...listenerProblems(config),
  ];
  const isUsed = !config.isDefaultBelow("auth");
  if (isUsed && !signsIn(config)) {
    problems.push(
      "auth lets nobody in: it needs users, tokens, jwt with an issuer or a key, certificates or client_certificate",
    );
  }
  return problems;
}

/** Whether there is any way to sign in; without one everybody is believed, as in Loki. */
export function signsIn(config: Config): boolean {
  return (
    config.items("auth.users").length > 0 ||
    config.items("auth.tokens").length > 0 ||
    takesJwt(config) ||
    takesCertificates(config)
  );
}

export function takesJwt(config: Config): boolean {
  return ["issuer", ...KEY_SOURCES].some((key) => config.text(`auth.jwt.${key}`) !== "");
}

function takesCertificates(config: Config): boolean {
  return config.items("auth.certificates").length > 0 || takesAnyCertificate(config);
}

/** Whether one of the client authority is enough, whosever it is. */
export function takesAnyCertificate(config: Config): boolean {
  return !config.isDefaultBelow("auth.client_certificate");
}

function userProblems(users: readonly Item[]): string[] {
  const names = new Set<unknown>();
  return users.flatMap((user, index) => {
    const at = `users[${index}]`;
    const problems = itemProblems(user, at, ["password_hash", "password_hash_file"]);
    const { name, password_hash: hash } = user;
    if (name === "" || String(name).includes(":")) {
      problems.push(`${at}.name is ${quote(String(name))}, want a text without a colon`);
    }
    if (names.has(name)) problems.push(`${at}.name ${quote(String(name))} is there twice`);
    names.add(name);
    if (hash !== "" && !isPasswordHash(String(hash))) {
      problems.push(`${at}.password_hash is no bcrypt or argon2 hash; a password is not taken`);
    }
    return problems;
  });
}

export function isPasswordHash(text: string): boolean {
  return HASH.test(text);
}

function tokenProblems(tokens: readonly Item[]): string[] {
  return tokens.flatMap((token, index) => {
    const at = `tokens[${index}]`;
    const problems = itemProblems(token, at, ["sha256", "token_file"]);
    if (token["sha256"] !== "" && !SHA256.test(String(token["sha256"]))) {
      problems.push(`${at}.sha256 has not 64 hex digits`);
    }
    return problems;
  });
}

function certificateProblems(certificates: readonly Item[]): string[] {
  return certificates.flatMap((certificate, index) => {
    const at = `certificates[${index}]`;
    const problems = itemProblems(certificate, at, CERTIFICATE_MARKS);
    const [altName, digest] = [String(certificate["alt_name"]), String(certificate["sha256"])];
    if (altName !== "" && !ALT_NAME.test(altName)) {
      problems.push(
        `${at}.alt_name is ${quote(altName)}, want DNS:…, URI:…, email:… or IP:… without quotes and commas`,
      );
    }
    if (digest !== "" && !SHA256.test(normalDigest(digest))) {
      problems.push(`${at}.sha256 has not 64 hex digits`);
    }
    return problems;
  });
}

/** Of the places for what is presented exactly one, and something that it is good for. */
function itemProblems(item: Item, at: string, places: readonly string[]): string[] {
  const problems: string[] = [];
  const given = places.filter((place) => item[place] !== "");
  if (given.length !== 1) {
    problems.push(`${at} has ${given.length} of ${places.join(" and ")}, want one`);
  }
  const lists = GRANTS.map((key) => item[key] as readonly string[]);
  if (lists.every((list) => list.length === 0)) {
    problems.push(`${at} may do nothing: set read, write or admin`);
  }
  return problems;
}

function jwtProblems(config: Config): string[] {
  const text = (key: string) => config.text(`auth.jwt.${key}`);
  const problems: string[] = [];
  if (!takesJwt(config)) {
    if (config.isDefaultBelow("auth.jwt")) return [];
    return ["jwt has no keys: set issuer, jwks_url, jwks_file or public_key_file"];
  }
  const given = KEY_SOURCES.filter((key) => text(key) !== "");
  if (given.length > 1) problems.push(`jwt has ${given.join(" and ")}, want one of them`);
  if (text("issuer") === "") problems.push("jwt.issuer is empty: anybody's tokens would do");
  if (config.list("auth.jwt.audience").length === 0) {
    problems.push("jwt.audience is empty: tokens made for other programs would do");
  }
  for (const key of ["issuer", "jwks_url"] as const) {
    const url = text(key);
    // An issuer that is not asked for its keys may have any name.
    const isAsked = key === "jwks_url" ? url !== "" : given.length === 0 && url !== "";
    if (isAsked && !isSafeUrl(url)) {
      problems.push(`jwt.${key} has to be an https URL; http is taken for this machine only`);
    }
  }
  const algorithms = config.list("auth.jwt.algorithms");
  if (algorithms.length === 0) problems.push("jwt.algorithms is empty");
  for (const name of algorithms.filter((name) => !ALGORITHM.test(name))) {
    problems.push(
      `jwt.algorithms has ${quote(name)}, want RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 or EdDSA`,
    );
  }
  return problems;
}

function isSafeUrl(url: string): boolean {
  return /^https:\/\/|^http:\/\/(localhost|127\.0\.0\.1|\[::1\])([:/]|$)/.test(url);
}

const MODES = ["loopback", "signed-in", "open"];

function listenerProblems(config: Config): string[] {
  const problems: string[] = [];
  const mode = config.text("server.admin_routes");
  if (!MODES.includes(mode)) {
    problems.push(`server.admin_routes is ${quote(mode)}, want ${MODES.join(", ")}`);
  }
  if (mode === "signed-in" && !signsIn(config)) {
    problems.push("server.admin_routes is signed-in, but auth has nobody who could sign in");
  }
  for (const text of config.list("server.trusted_proxies")) {
    if (parseNetwork(text) !== undefined) continue;
    problems.push(
      `server.trusted_proxies has ${quote(text)}, want an address or a network like 10.0.0.0/8`,
    );
  }
  if (takesCertificates(config) && !VERIFYING.includes(config.text(CLIENT_AUTH))) {
    const key = takesAnyCertificate(config) ? "client_certificate" : "certificates";
    problems.push(`${key} needs ${CLIENT_AUTH}: ${VERIFYING.join(" or ")}`);
  }
  return [...problems, ...tlsProblems(config)];
}

const VERIFYING = ["RequireAndVerifyClientCert", "VerifyClientCertIfGiven"];
const CLIENT_AUTH_TYPES = ["", "NoClientCert", ...VERIFYING];

function tlsProblems(config: Config): string[] {
  const text = (key: string) => config.text(`server.http_tls_config.${key}`);
  const problems: string[] = [];
  const [cert, key, authority] = ["cert", "key", "client_ca"].map((name) => {
    const inline = text(name) !== "";
    if (inline && text(`${name}_file`) !== "") {
      problems.push(`server.http_tls_config has ${name} and ${name}_file, want one`);
    }
    return inline || text(`${name}_file`) !== "";
  });
  if (cert !== key) {
    const missing = cert ? "key" : "cert";
    problems.push(
      `server.http_tls_config has no ${missing}_file: TLS needs cert_file and key_file`,
    );
  }
  const type = text("client_auth_type");
  if (!CLIENT_AUTH_TYPES.includes(type)) {
    problems.push(
      `${CLIENT_AUTH} is ${quote(type)}, want NoClientCert, VerifyClientCertIfGiven or RequireAndVerifyClientCert: a certificate that nobody verifies is of no use here`,
    );
  }
  if (VERIFYING.includes(type) && (!cert || !authority)) {
    problems.push(`${CLIENT_AUTH} ${type} needs cert_file, key_file and client_ca_file`);
  }
  return [...problems, ...strengthProblems(config)];
}

/** What Go would take and is too weak is refused, not raised: whoever asks for it has clients that need it. */
function strengthProblems(config: Config): string[] {
  const problems: string[] = [];
  const version = config.text("server.tls_min_version");
  if (version !== "" && tlsVersionMin(version) === undefined) {
    problems.push(`server.tls_min_version is ${quote(version)}, want ${TLS_VERSIONS.join(" or ")}`);
  }
  for (const name of suiteNames(config.text("server.tls_cipher_suites"))) {
    if (TLS_SUITES.includes(name)) continue;
    problems.push(
      `server.tls_cipher_suites has ${quote(name)}, want some of ${TLS_SUITES.join(", ")}`,
    );
  }
  return problems;
}
