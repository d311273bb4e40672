/** Who may sign in, as `auth` says: files read, credentials made. */
import type { KeySource } from "../../adapters/jose/verify.ts";
import type { User } from "../../core/auth/basic.ts";
import { CERTIFICATE_MARKS, type KnownCertificate } from "../../core/auth/certificates.ts";
import { sha256 } from "../../core/auth/digest.ts";
import { type Grants, grantsOf } from "../../core/auth/grants.ts";
import type { ReadText } from "../../core/auth/reload.ts";
import type { SignInSettings } from "../../core/auth/sign-in.ts";
import type { StoredToken } from "../../core/auth/tokens.ts";
import { fromHex } from "../../core/bytes/text.ts";
import type { Config } from "../../core/config/config.ts";
import { isPasswordHash, takesAnyCertificate, takesJwt } from "../../core/config/validate-auth.ts";
import type { Item } from "../../core/config/value.ts";
import type { Journal } from "../../core/ports/journal.ts";
import type { TokenVerifier } from "../../core/ports/sign-in.ts";
import { runtime } from "./runtime.ts";

/** Makes the settings from what the files say now. */
export class SignInFiles {
  readonly #config: Config;
  readonly #journal: Journal;
  /** Of keys that are asked for by URL: it remembers them. */
  #remote: TokenVerifier | undefined;

  constructor(config: Config, journal: Journal) {
    this.#config = config;
    this.#journal = journal;
  }

  async settings(read: ReadText): Promise<SignInSettings> {
    const config = this.#config;
    const users = config.items("auth.users");
    const tokens = config.items("auth.tokens");
    return {
      realm: config.text("auth.realm"),
      users: await Promise.all(users.map((item, index) => userOf(item, index, read))),
      tokens: await Promise.all(tokens.map((item, index) => tokenOf(item, index, read))),
      ...(takesJwt(config) ? { jwt: await this.#jwt(read) } : {}),
      certificates: config.items("auth.certificates").map(certificateOf),
      ...(takesAnyCertificate(config)
        ? { certificate: grantsOf(listsAt(config, "auth.client_certificate")) }
        : {}),
      throttle: {
        failuresMax: config.number("auth.failures_max"),
        windowMs: config.ms("auth.failures_window"),
      },
    };
  }

  async #jwt(read: ReadText): Promise<NonNullable<SignInSettings["jwt"]>> {
    const config = this.#config;
    const claim = (name: string) => config.text(`auth.jwt.${name}_claim`);
    return {
      names: {
        ...{ name: claim("name"), tenants: claim("tenants") },
        ...{ read: claim("read"), write: claim("write"), admin: claim("admin") },
      },
      base: listsAt(config, "auth.jwt"),
      verifier: await this.#verifier(read),
    };
  }

  async #verifier(read: ReadText): Promise<TokenVerifier> {
    if (this.#remote !== undefined) return this.#remote;
    const keys = await keySource(this.#config, read);
    const verifier = await openVerifier(this.#config, { keys, journal: this.#journal });
    if (keys.kind === "url" || keys.kind === "discovery") this.#remote = verifier;
    return verifier;
  }
}

async function userOf(item: Item, index: number, read: ReadText): Promise<User> {
  const file = String(item["password_hash_file"]);
  const hash = file === "" ? String(item["password_hash"]) : (await read(file)).trim();
  if (!isPasswordHash(hash)) {
    throw new Error(`auth.users[${index}].password_hash_file ${file} has no bcrypt or argon2 hash`);
  }
  return { name: String(item["name"]), passwordHash: hash, grants: itemGrants(item) };
}

/** One fast digest is enough only for what cannot be guessed. */
const TOKEN_LENGTH_MIN = 20;

async function tokenOf(item: Item, index: number, read: ReadText): Promise<StoredToken> {
  const hex = String(item["sha256"]);
  const file = String(item["token_file"]);
  const grants = itemGrants(item);
  const name = String(item["name"]) || `tokens[${index}]`;
  if (hex !== "") return { name, digest: fromHex(hex), grants };
  const token = (await read(file)).trim();
  if (token.length < TOKEN_LENGTH_MIN) {
    throw new Error(
      `auth.tokens[${index}].token_file ${file} has ${token.length} characters, want ${TOKEN_LENGTH_MIN}`,
    );
  }
  return { name, digest: await sha256(token), grants };
}

function certificateOf(item: Item, index: number): KnownCertificate {
  const by = CERTIFICATE_MARKS.find((mark) => item[mark] !== "")!;
  const name = String(item["name"]) || `certificates[${index}]`;
  return { name, by, value: String(item[by]), grants: itemGrants(item) };
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

async function openVerifier(
  config: Config,
  { keys, journal }: { keys: KeySource; journal: Journal },
): Promise<TokenVerifier> {
  const { joseVerifier } = await import("../../adapters/jose/verify.ts");
  return joseVerifier({
    keys,
    issuer: config.text("auth.jwt.issuer"),
    audience: config.list("auth.jwt.audience"),
    algorithms: config.list("auth.jwt.algorithms"),
    clockSkewMs: config.ms("auth.jwt.clock_skew"),
    nowMs: () => runtime.clock.nowMs(),
    stale: (error) =>
      journal.log("warn", "keys that sign tokens not renewed, those from before count", {
        err: error,
      }),
  });
}

async function keySource(config: Config, read: ReadText): Promise<KeySource> {
  const text = (key: string) => config.text(`auth.jwt.${key}`);
  if (text("jwks_url") !== "") return { kind: "url", url: text("jwks_url") };
  if (text("jwks_file") !== "") return { kind: "jwks", text: await read(text("jwks_file")) };
  if (text("public_key_file") !== "") {
    return { kind: "pem", text: await read(text("public_key_file")) };
  }
  return { kind: "discovery" };
}
