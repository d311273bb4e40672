/**
 * The keys of an identity provider, asked for by URL and remembered. Agents push all the time and a provider
 * may be away for a while, so keys that cannot be renewed are believed on for a day; what its tokens say of
 * their own end still counts.
 */
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from "jose";
import { fetchSmall } from "./small-answer.ts";

const FETCH_TIMEOUT_MS = 5_000;
/** Keys are asked for again after this, or when a token names one that is not there. */
const AGE_MAX_MS = 10 * 60_000;
/** At most so often, whatever tokens name and however often it fails. */
const COOLDOWN_MS = 30_000;
/** How long keys are believed that cannot be renewed. */
const STALE_MAX_MS = 24 * 60 * 60_000;

export interface RemoteKeysOptions {
  readonly nowMs: () => number;
  /** Told when keys could not be renewed and those from before are believed on. */
  readonly stale: (error: unknown) => void;
}

export class RemoteKeys {
  readonly #options: RemoteKeysOptions;
  readonly #set: ReturnType<typeof createRemoteJWKSet>;
  #fetchedMs = Number.NEGATIVE_INFINITY;
  #triedMs = Number.NEGATIVE_INFINITY;
  /** Why the last attempt failed. */
  #failure: unknown;

  constructor(url: string, options: RemoteKeysOptions) {
    this.#options = options;
    // When to ask is decided here.
    const never = {
      cooldownDuration: Number.POSITIVE_INFINITY,
      cacheMaxAge: Number.POSITIVE_INFINITY,
    };
    this.#set = createRemoteJWKSet(new URL(url), {
      ...{ timeoutDuration: FETCH_TIMEOUT_MS, [customFetch]: fetchSmall },
      ...never,
    });
  }

  readonly keyOf: JWTVerifyGetKey = async (header, token) => {
    if (this.#ageMs() > AGE_MAX_MS) await this.#renew();
    try {
      return await this.#set(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await this.#renew();
      // With a provider that cannot be asked nobody knows whether the key is a new one of its.
      if (this.#failure !== undefined) throw this.#failure;
      return await this.#set(header, token);
    }
  };

  #ageMs(): number {
    return this.#options.nowMs() - this.#fetchedMs;
  }

  /** Does nothing for a while after the last attempt. Throws when there are no keys that are of use. */
  async #renew(): Promise<void> {
    const isUsable = this.#ageMs() <= STALE_MAX_MS;
    const nowMs = this.#options.nowMs();
    if (isUsable && nowMs - this.#triedMs < COOLDOWN_MS) return;
    this.#triedMs = nowMs;
    try {
      await this.#set.reload();
      this.#fetchedMs = nowMs;
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error;
      if (!isUsable) throw error;
      this.#options.stale(error);
    }
  }
}
