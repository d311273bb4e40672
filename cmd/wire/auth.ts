/** Sign-in and the gate as the configuration wants them: files read, credentials made. */
import { readFile } from "node:fs/promises";
import { bunPasswords } from "../../adapters/bun/password.ts";
import { type ListenTls, peerOf } from "../../adapters/bun/serve.ts";
import type { KeySource } from "../../adapters/jose/verify.ts";
import { parseNetwork } from "../../core/auth/addresses.ts";
import type { User } from "../../core/auth/basic.ts";
import { sha256 } from "../../core/auth/digest.ts";
import { type Grants, grantsOf } from "../../core/auth/grants.ts";
import { SignIn, type SignInSettings } from "../../core/auth/sign-in.ts";
import type { StoredToken } from "../../core/auth/tokens.ts";
import { fromHex, toHex } from "../../core/bytes/text.ts";
import type { Config } from "../../core/config/config.ts";
import {
  isPasswordHash,
  signsIn,
  takesCertificates,
  takesJwt,
} from "../../core/config/validate-auth.ts";
import type { Item } from "../../core/config/value.ts";
import { type AdminRoutes, type Gate, makeGate } from "../../core/http/gate.ts";
import type { TenantSettings } from "../../core/http/tenant.ts";
import type { Journal } from "../../core/ports/journal.ts";
import type { Meter } from "../../core/ports/meter.ts";
import type { TokenVerifier } from "../../core/ports/sign-in.ts";
import { runtime } from "./runtime.ts";

export interface GateParts {
  readonly tenants: TenantSettings;
  readonly journal: Journal;
  readonly meter: Meter;
}

export async function openGate(config: Config, parts: GateParts): Promise<Gate> {
  const signIn = signsIn(config) ? await openSignIn(config, parts) : undefined;
  return makeGate({
    ...(signIn === undefined ? {} : { signIn }),
    tenants: parts.tenants,
    openPaths: config.list("auth.open_paths"),
    adminRoutes: config.text("server.admin_routes") as AdminRoutes,
    trustedProxies: config.list("server.trusted_proxies").map((text) => parseNetwork(text)!),
    peerOf,
  });
}

async function openSignIn(config: Config, { journal, meter }: GateParts): Promise<SignIn> {
  const users = await Promise.all(config.items("auth.users").map(userOf));
  const tokens = await Promise.all(config.items("auth.tokens").map(tokenOf));
  const verifier = takesJwt(config) ? await openVerifier(config) : undefined;
  const settings: SignInSettings = {
    realm: config.text("auth.realm"),
    users,
    tokens,
    ...(verifier === undefined ? {} : { jwt: jwtSettings(config) }),
    ...(takesCertificates(config)
      ? { certificate: grantsAt(config, "auth.client_certificate") }
      : {}),
    throttle: {
      failuresMax: config.number("auth.failures_max"),
      windowMs: config.ms("auth.failures_window"),
    },
  };
  const salt = toHex(runtime.random.bytes(16));
  const parts = { clock: runtime.clock, journal, meter, passwords: bunPasswords, salt };
  return new SignIn(settings, verifier === undefined ? parts : { ...parts, verifier });
}

async function userOf(item: Item, index: number): Promise<User> {
  const hash = await secretOf(item, "password_hash", "password_hash_file");
  if (!isPasswordHash(hash)) {
    const file = String(item["password_hash_file"]);
    throw new Error(`auth.users[${index}].password_hash_file ${file} has no bcrypt or argon2 hash`);
  }
  return { name: String(item["name"]), passwordHash: hash, grants: itemGrants(item) };
}

async function tokenOf(item: Item, index: number): Promise<StoredToken> {
  const hex = String(item["sha256"]);
  const file = String(item["token_file"]);
  const grants = itemGrants(item);
  const name = String(item["name"]) || `tokens[${index}]`;
  if (hex !== "") return { name, digest: fromHex(hex), grants };
  const token = (await readFile(file, "utf8")).trim();
  if (token.length < TOKEN_LENGTH_MIN) {
    throw new Error(
      `auth.tokens[${index}].token_file ${file} has ${token.length} characters, want ${TOKEN_LENGTH_MIN}`,
    );
  }
  return { name, digest: await sha256(token), grants };
}

/** One fast digest is enough only for what cannot be guessed. */
const TOKEN_LENGTH_MIN = 20;

async function secretOf(item: Item, key: string, fileKey: string): Promise<string> {
  const file = String(item[fileKey]);
  return file === "" ? String(item[key]) : (await readFile(file, "utf8")).trim();
}

function itemGrants(item: Item): Grants {
  const list = (key: string) => item[key] as readonly string[];
  return grantsOf({
    ...{ read: list("read"), write: list("write"), admin: list("admin") },
    defaultTenant: String(item["default_tenant"]) || undefined,
  });
}

function listsAt(config: Config, path: string) {
  const list = (key: string) => config.list(`${path}.${key}`);
  return {
    ...{ read: list("read"), write: list("write"), admin: list("admin") },
    defaultTenant: config.text(`${path}.default_tenant`) || undefined,
  };
}

function grantsAt(config: Config, path: string): Grants {
  return grantsOf(listsAt(config, path));
}

function jwtSettings(config: Config): NonNullable<SignInSettings["jwt"]> {
  const claim = (name: string) => config.text(`auth.jwt.${name}_claim`);
  return {
    names: {
      ...{ name: claim("name"), tenants: claim("tenants") },
      ...{ read: claim("read"), write: claim("write"), admin: claim("admin") },
    },
    base: listsAt(config, "auth.jwt"),
  };
}

async function openVerifier(config: Config): Promise<TokenVerifier> {
  const { joseVerifier } = await import("../../adapters/jose/verify.ts");
  return joseVerifier({
    keys: await keySource(config),
    issuer: config.text("auth.jwt.issuer"),
    audience: config.list("auth.jwt.audience"),
    algorithms: config.list("auth.jwt.algorithms"),
    clockSkewMs: config.ms("auth.jwt.clock_skew"),
    nowMs: () => runtime.clock.nowMs(),
  });
}

async function keySource(config: Config): Promise<KeySource> {
  const text = (key: string) => config.text(`auth.jwt.${key}`);
  if (text("jwks_url") !== "") return { kind: "url", url: text("jwks_url") };
  if (text("jwks_file") !== "") {
    return { kind: "jwks", text: await readFile(text("jwks_file"), "utf8") };
  }
  if (text("public_key_file") !== "") {
    return { kind: "pem", text: await readFile(text("public_key_file"), "utf8") };
  }
  return { kind: "discovery" };
}

/** `server.http_tls_config`; undefined for plain HTTP. */
export async function openTls(config: Config): Promise<ListenTls | undefined> {
  const text = async (name: string) => {
    const inline = config.text(`server.http_tls_config.${name}`);
    const file = config.text(`server.http_tls_config.${name}_file`);
    return file === "" ? inline : await readFile(file, "utf8");
  };
  const cert = await text("cert");
  if (cert === "") return undefined;
  const verifies =
    config.text("server.http_tls_config.client_auth_type") === "RequireAndVerifyClientCert";
  return {
    ...{ cert, key: await text("key") },
    clientAuthority: verifies ? await text("client_ca") : undefined,
  };
}
