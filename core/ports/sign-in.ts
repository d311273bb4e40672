/** What sign-in needs from outside: slow password hashes, signed tokens, and certificates that were verified. */

/** Compares a password with its stored hash, bcrypt or argon2. */
export interface PasswordCheck {
  /** False for a wrong password and for a hash that is none; it never throws. Takes long on purpose. */
  verify(password: string, hash: string): Promise<boolean>;
}

/** Verifies tokens that somebody else has signed. */
export interface TokenVerifier {
  /** The token's claims, or why it is not believed. Throws Unavailable when the keys cannot be had. */
  verify(token: string): Promise<TokenVerdict>;
}

export type TokenVerdict =
  | { readonly ok: true; readonly claims: Readonly<Record<string, unknown>> }
  /** `why` is for the log: it names the check that failed and nothing of the token. */
  | { readonly ok: false; readonly why: string };

/** What a verified certificate says of its owner. */
export interface ClientCertificate {
  /** Of the subject. */
  readonly commonNames: readonly string[];
  /** `DNS:agent.example`, `URI:spiffe://example/agent`, `email:a@b.example`, `IP:10.0.0.1` */
  readonly altNames: readonly string[];
  /** Of its DER, lower-case hex. */
  readonly sha256: string;
  /** Unix milliseconds. A connection may live longer than the certificate that opened it. */
  readonly expiresMs: number;
}
