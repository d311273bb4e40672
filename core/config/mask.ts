/** What a printed configuration hides: secrets, passwords within URLs, and whatever is named as one in blocks that we do not know. */
import type { Value } from "./value.ts";

/** What is printed in place of a secret that is set. */
export const MASK = "********";

export function maskSecret(text: string): string {
  return text === "" ? "" : MASK;
}

/**
 * The password of `scheme://user:password@host`: everything up to the last `@`, since people forget to escape;
 * so a port before a path with an `@` is taken for one, which hides too much rather than too little. A user
 * without one may be a token, and so may a parameter.
 */
export function maskUrls(text: string): string {
  const masked = text
    .replace(/(:\/\/[^:/@\s]*:)\S*@/g, `$1${MASK}@`)
    .replace(/(:\/\/)[^:/@?#\s]+@/g, `$1${MASK}@`);
  return maskParameters(masked);
}

/** Parameters of a URL that carry what lets somebody in: `access_token`, `X-Amz-Signature`, `sig`. */
const PARAMETER =
  /([?&](?:[^=&#\s"']*(?:token|secret|passw|signature|credential|(?:api|access|account)[-_]?key|authorization)[^=&#\s"']*|sig|key|auth|code)=)[^&#\s]+/gi;

export function maskParameters(text: string): string {
  return text.replace(PARAMETER, `$1${MASK}`);
}

/** Names of secrets in Loki's and Prometheus' own blocks: `account_key`, `bearer_token`, `sasl_password`… */
const NAMED =
  /pass(word|wd)|secret|token|credential|connection_string|(account|access|api|private|master)_?key|service_account|bearer|authorization|^headers$|^key$/i;
/** A place is no secret. */
const PLACE = /_(file|path|url|dir)$/i;

/** YAML of any shape. */
export function maskFree(value: Value, hidden = false): Value {
  if (Array.isArray(value)) return value.map((item) => maskFree(item, hidden));
  if (typeof value === "object") {
    const entries = Object.entries(value as { readonly [key: string]: Value });
    return Object.fromEntries(
      entries.map(([name, item]) => [
        name,
        maskFree(item, hidden || (NAMED.test(name) && !PLACE.test(name))),
      ]),
    );
  }
  if (hidden) return maskSecret(String(value));
  return typeof value === "string" ? maskUrls(value) : value;
}
