/**
 * Tokens that an identity provider has signed, verified with the package jose, which has the algorithms and
 * the keys' formats; only this folder imports it, and only when tokens are configured.
 */
import { createLocalJWKSet, errors, importSPKI, type JWTVerifyGetKey, jwtVerify } from "jose";
import { Unavailable } from "../../core/model/errors.ts";
import type { TokenVerdict, TokenVerifier } from "../../core/ports/sign-in.ts";
import { RemoteKeys } from "./remote-keys.ts";
import { fetchSmall } from "./small-answer.ts";

/** Where the keys come from. */
export type KeySource =
  | { readonly kind: "url"; readonly url: string }
  /** The text of a JWKS. */
  | { readonly kind: "jwks"; readonly text: string }
  /** One public key in PEM. */
  | { readonly kind: "pem"; readonly text: string }
  /** The URL that the issuer's OpenID configuration names. */
  | { readonly kind: "discovery" };

export interface VerifyOptions {
  readonly keys: KeySource;
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly algorithms: readonly string[];
  readonly clockSkewMs: number;
  readonly nowMs: () => number;
  /** Told when keys of a URL could not be renewed and those from before are believed on. */
  readonly stale: (error: unknown) => void;
}

const FETCH_TIMEOUT_MS = 5_000;

export function joseVerifier(options: VerifyOptions): TokenVerifier {
  const { issuer, audience, algorithms, clockSkewMs, nowMs } = options;
  const keyOf = keysOf(options);
  return {
    async verify(token): Promise<TokenVerdict> {
      try {
        const { payload } = await jwtVerify(token, await keyOf(), {
          issuer,
          audience: [...audience],
          algorithms: [...algorithms],
          clockTolerance: clockSkewMs / 1000,
          currentDate: new Date(nowMs()),
          requiredClaims: ["exp"],
        });
        return { ok: true, claims: payload };
      } catch (error) {
        const why = reason(error);
        if (why === undefined) {
          throw new Unavailable("the keys that sign tokens cannot be had", { cause: error });
        }
        return { ok: false, why };
      }
    },
  };
}

type KeyGetter = () => Promise<JWTVerifyGetKey>;

function keysOf({ keys, issuer, nowMs, stale }: VerifyOptions): KeyGetter {
  const remoteKeys = (url: string) => new RemoteKeys(url, { nowMs, stale }).keyOf;
  switch (keys.kind) {
    case "url": {
      const set = remoteKeys(keys.url);
      return async () => set;
    }
    case "jwks": {
      const set = createLocalJWKSet(JSON.parse(keys.text));
      return async () => set;
    }
    case "pem": {
      const { text } = keys;
      // The algorithm has passed the list of those allowed by the time that the key is asked for.
      return async () =>
        ({ alg }) =>
          importSPKI(text, alg);
    }
    case "discovery":
      return discovered(issuer, remoteKeys);
  }
}

type ByUrl = (url: string) => JWTVerifyGetKey;

/** Found once, with the first token; a failure is tried again with the next one. */
function discovered(issuer: string, byUrl: ByUrl): KeyGetter {
  let found: Promise<JWTVerifyGetKey> | undefined;
  return async () => {
    found ??= discover(issuer, byUrl);
    try {
      return await found;
    } catch (error) {
      found = undefined;
      throw error;
    }
  };
}

async function discover(issuer: string, byUrl: ByUrl): Promise<JWTVerifyGetKey> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const response = await fetchSmall(url, {
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
    redirect: "error",
  });
  if (!response.ok) throw new Unavailable(`${url} answers ${response.status}`);
  const { issuer: named, jwks_uri: keys } = (await response.json()) as Record<string, unknown>;
  if (named !== issuer) throw new Unavailable(`${url} is of another issuer`);
  if (typeof keys !== "string") throw new Unavailable(`${url} names no jwks_uri`);
  // Keys over plain http would be believed from whoever sits between; the issuer's own scheme decides.
  if (new URL(keys).protocol !== new URL(issuer).protocol) {
    throw new Unavailable(`${url} names keys on another protocol`);
  }
  return byUrl(keys);
}

/** Which check failed, without anything of the token; undefined when the keys are not to be had. */
function reason(error: unknown): string | undefined {
  if (error instanceof errors.JWTExpired) return "the token has expired";
  if (error instanceof errors.JWTClaimValidationFailed) {
    return `the token's claim ${error.claim} is ${error.reason === "missing" ? "missing" : "not as wanted"}`;
  }
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return undefined;
  if (error instanceof errors.JWKSNoMatchingKey) return "no key that we know has signed the token";
  if (error instanceof errors.JWKSMultipleMatchingKeys)
    return "several keys may have signed the token";
  if (error instanceof errors.JOSEAlgNotAllowed) return "the token's algorithm is not allowed";
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return "the token's signature is wrong";
  // jose says so in a plain error of its own when the key server answers something else.
  if (error instanceof errors.JOSEError && error.code !== "ERR_JOSE_GENERIC") return "no token";
  if (error instanceof TypeError) return "no key of ours fits the token";
  return undefined;
}
