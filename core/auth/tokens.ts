/** Bearer tokens of our own, kept as SHA-256: a token is long and random, so one fast digest is enough. */
import { equalDigests, sha256 } from "./digest.ts";
import type { Grants } from "./grants.ts";

export interface StoredToken {
  /** For the log; says nothing of the token. */
  readonly name: string;
  readonly digest: Uint8Array;
  readonly grants: Grants;
}

/** Looks at every token, so that the time tells nothing about which one was near. */
export async function findToken(
  stored: readonly StoredToken[],
  token: string,
): Promise<StoredToken | undefined> {
  const digest = await sha256(token);
  let found: StoredToken | undefined;
  for (const each of stored) if (equalDigests(each.digest, digest)) found = each;
  return found;
}
