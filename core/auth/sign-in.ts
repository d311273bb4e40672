/**
 * Who sends a request: the credential that it presents, or why it has none. What was presented shows in no
 * answer and no line of the log.
 */
import type { Clock } from "../ports/clock.ts";
import type { Journal } from "../ports/journal.ts";
import type { Meter } from "../ports/meter.ts";
import type { ClientCertificate, PasswordCheck, TokenVerifier } from "../ports/sign-in.ts";
import { type Presented, presentedBy } from "./authorization.ts";
import { Passwords, type User } from "./basic.ts";
import { findCertificate, type KnownCertificate } from "./certificates.ts";
import { type BaseGrants, type ClaimNames, grantsOfClaims, nameOfClaims } from "./claims.ts";
import type { Grants } from "./grants.ts";
import { Throttle, type ThrottleSettings } from "./throttle.ts";
import { findToken, type StoredToken } from "./tokens.ts";

/** Ways to sign in; one that is left out is closed. */
export interface SignInSettings {
  readonly realm: string;
  readonly users: readonly User[];
  readonly tokens: readonly StoredToken[];
  readonly jwt?: {
    readonly names: ClaimNames;
    readonly base: BaseGrants;
    readonly verifier: TokenVerifier;
  };
  readonly certificates: readonly KnownCertificate[];
  /** Of every other certificate of the client authority; undefined lets none of them in. */
  readonly certificate?: Grants;
  readonly throttle: ThrottleSettings;
}

export interface SignInParts {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly meter: Meter;
  readonly passwords: PasswordCheck;
  /** Random text of this process. */
  readonly salt: string;
}

export interface Credential {
  readonly kind: "user" | "token" | "jwt" | "certificate";
  readonly name: string;
  readonly grants: Grants;
}

export type Verdict =
  | { readonly kind: "known"; readonly credential: Credential }
  /** Nothing, or nothing right, was presented. `challenge` is for `WWW-Authenticate`. */
  | { readonly kind: "unknown"; readonly challenge: string }
  | { readonly kind: "throttled"; readonly waitMs: number }
  /** The connection's certificate is verified, and it is nobody's who may come in. `why` is for the client. */
  | { readonly kind: "stranger"; readonly why: string };

/** How often a certificate that is nobody's is told of in the log. */
const STRANGER_LOG_MS = 60_000;

export class SignIn {
  #settings: SignInSettings;
  readonly #parts: SignInParts;
  #passwords: Passwords;
  readonly #throttle: Throttle;
  readonly #strangers: Throttle;

  constructor(settings: SignInSettings, parts: SignInParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#passwords = passwordsOf(settings, parts);
    this.#throttle = new Throttle(settings.throttle, parts.clock);
    const once = { failuresMax: 1, windowMs: STRANGER_LOG_MS };
    this.#strangers = new Throttle(once, parts.clock);
  }

  /** From now on these count. Failures stay counted, and no password is remembered from before. */
  replace(settings: SignInSettings): void {
    this.#settings = settings;
    this.#passwords = passwordsOf(settings, this.#parts);
  }

  /**
   * A header goes before the connection's certificate. Throws Unavailable when it cannot be found out now.
   */
  async who(
    authorization: string | null,
    peer: string,
    certificate?: ClientCertificate,
  ): Promise<Verdict> {
    const presented = presentedBy(authorization);
    switch (presented.kind) {
      case "none":
        if (certificate === undefined)
          return { kind: "unknown", challenge: this.#challenge(false) };
        return this.#certificate(certificate, peer);
      case "unknown":
        return this.#refuse(
          presented,
          peer,
          "the header Authorization is neither basic nor bearer",
        );
      case "basic":
        return await this.#basic(presented, peer);
      case "bearer":
        return await this.#bearer(presented, peer);
    }
  }

  #certificate(certificate: ClientCertificate, peer: string): Verdict {
    if (certificate.expiresMs <= this.#parts.clock.nowMs()) {
      return this.#stranger(certificate, peer, "has expired since this connection was made");
    }
    const known = findCertificate(this.#settings.certificates, certificate);
    const grants = known?.grants ?? this.#settings.certificate;
    if (grants === undefined) {
      return this.#stranger(certificate, peer, "is none of those that auth.certificates lists");
    }
    return {
      kind: "known",
      credential: { kind: "certificate", name: known?.name ?? "", grants },
    };
  }

  /** Nobody guesses certificates, so it costs the address nothing. Its digest is what a list would need. */
  #stranger(certificate: ClientCertificate, peer: string, why: string): Verdict {
    const { journal, meter } = this.#parts;
    const { commonNames, sha256 } = certificate;
    meter.count("lokits_auth_failures_total", 1, { kind: "certificate" });
    if (this.#strangers.failed(sha256) === 1) {
      const names = { common_name: commonNames.join(","), sha256 };
      journal.log("warn", "sign-in refused", {
        ...{ peer, kind: "certificate", ...names, why: `the certificate ${why}` },
      });
    }
    return { kind: "stranger", why: `the client certificate of this connection ${why}` };
  }

  async #basic(presented: Presented & { kind: "basic" }, peer: string): Promise<Verdict> {
    const { user: name, password } = presented;
    // Before the throttle: whoever else sits behind a failing peer's address stays in.
    const known = await this.#passwords.recall(name, password);
    if (known !== undefined) return userVerdict(known);
    const waitMs = this.#throttle.waitMs(peer);
    if (waitMs > 0) return { kind: "throttled", waitMs };
    const user = await this.#passwords.verify(name, password);
    if (user !== undefined) return userVerdict(user);
    const why = this.#passwords.knows(name) ? "wrong password" : "unknown user";
    return this.#refuse(presented, peer, why);
  }

  async #bearer(presented: Presented & { kind: "bearer" }, peer: string): Promise<Verdict> {
    const { token } = presented;
    const stored = await findToken(this.#settings.tokens, token);
    if (stored !== undefined) {
      const { name, grants } = stored;
      return { kind: "known", credential: { kind: "token", name, grants } };
    }
    const { jwt } = this.#settings;
    if (jwt === undefined || token.split(".").length !== 3) {
      return this.#refuse(presented, peer, "unknown token");
    }
    const verdict = await jwt.verifier.verify(token);
    if (!verdict.ok) return this.#refuse(presented, peer, verdict.why);
    const grants = grantsOfClaims(verdict.claims, jwt.names, jwt.base);
    const name = nameOfClaims(verdict.claims, jwt.names);
    return { kind: "known", credential: { kind: "jwt", name, grants } };
  }

  /** The first failure of a peer's window is logged, and the last one that was looked at. */
  #refuse(presented: Presented, peer: string, why: string): Verdict {
    const { journal, meter } = this.#parts;
    meter.count("lokits_auth_failures_total", 1, { kind: presented.kind });
    const waitMs = this.#throttle.waitMs(peer);
    if (waitMs > 0) return { kind: "throttled", waitMs };
    const failures = this.#throttle.failed(peer);
    if (failures === 1 || this.#throttle.waitMs(peer) > 0) {
      // A user's name is logged only when it is one of ours: people type passwords into the wrong field.
      const user =
        presented.kind === "basic" && this.#passwords.knows(presented.user)
          ? { user: presented.user }
          : {};
      journal.log("warn", "sign-in refused", {
        peer,
        kind: presented.kind,
        ...user,
        why,
        failures,
      });
    }
    return { kind: "unknown", challenge: this.#challenge(presented.kind === "bearer") };
  }

  #challenge(wrongToken: boolean): string {
    const { realm, users, tokens, jwt } = this.#settings;
    const quoted = `realm="${realm.replace(/["\\]/g, "\\$&")}"`;
    const ways: string[] = [];
    if (users.length > 0) ways.push(`Basic ${quoted}, charset="UTF-8"`);
    if (tokens.length > 0 || jwt !== undefined || users.length === 0) {
      ways.push(`Bearer ${quoted}${wrongToken ? ', error="invalid_token"' : ""}`);
    }
    return ways.join(", ");
  }
}

function passwordsOf(settings: SignInSettings, parts: SignInParts): Passwords {
  const { clock, passwords: check, salt } = parts;
  return new Passwords(settings.users, { check, clock, salt });
}

function userVerdict({ name, grants }: User): Verdict {
  return { kind: "known", credential: { kind: "user", name, grants } };
}
