/**
 * Who sends a request: the credential that it presents, or why it has none. What was presented shows in no
 * answer and no line of the log.
 */
import type { Clock } from "../ports/clock.ts";
import type { Journal } from "../ports/journal.ts";
import type { Meter } from "../ports/meter.ts";
import type { PasswordCheck, TokenVerifier } from "../ports/sign-in.ts";
import { type Presented, presentedBy } from "./authorization.ts";
import { Passwords, type User } from "./basic.ts";
import { type BaseGrants, type ClaimNames, grantsOfClaims, nameOfClaims } from "./claims.ts";
import type { Grants } from "./grants.ts";
import { Throttle, type ThrottleSettings } from "./throttle.ts";
import { findToken, type StoredToken } from "./tokens.ts";

/** Ways to sign in; one that is left out is closed. */
export interface SignInSettings {
  readonly realm: string;
  readonly users: readonly User[];
  readonly tokens: readonly StoredToken[];
  readonly jwt?: { readonly names: ClaimNames; readonly base: BaseGrants };
  /** Of whoever came over a listener that lets nobody in without a certificate of the client authority. */
  readonly certificate?: Grants;
  readonly throttle: ThrottleSettings;
}

export interface SignInParts {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly meter: Meter;
  readonly passwords: PasswordCheck;
  readonly verifier?: TokenVerifier;
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
  | { readonly kind: "throttled"; readonly waitMs: number };

export class SignIn {
  readonly #settings: SignInSettings;
  readonly #parts: SignInParts;
  readonly #passwords: Passwords;
  readonly #throttle: Throttle;

  constructor(settings: SignInSettings, parts: SignInParts) {
    this.#settings = settings;
    this.#parts = parts;
    const { clock, passwords: check, salt } = parts;
    this.#passwords = new Passwords(settings.users, { check, clock, salt });
    this.#throttle = new Throttle(settings.throttle, clock);
  }

  /** Throws Unavailable when it cannot be found out now. */
  async who(authorization: string | null, peer: string): Promise<Verdict> {
    const presented = presentedBy(authorization);
    switch (presented.kind) {
      case "none": {
        const { certificate: grants } = this.#settings;
        if (grants === undefined) return { kind: "unknown", challenge: this.#challenge(false) };
        return { kind: "known", credential: { kind: "certificate", name: "", grants } };
      }
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
    const { verifier } = this.#parts;
    if (jwt === undefined || verifier === undefined || token.split(".").length !== 3) {
      return this.#refuse(presented, peer, "unknown token");
    }
    const verdict = await verifier.verify(token);
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

function userVerdict({ name, grants }: User): Verdict {
  return { kind: "known", credential: { kind: "user", name, grants } };
}
