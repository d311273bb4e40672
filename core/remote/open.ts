/** Puts a store together from its settings and an adapter's wire. */
import type { Clock, Random } from "../ports/clock.ts";
import { Caller, type Observe } from "./caller.ts";
import { RemoteStore } from "./remote-store.ts";
import type { S3Settings } from "./s3-settings.ts";
import type { S3Wire } from "./s3-wire.ts";

/** Requests on the way at once, unless the world says otherwise. */
export const REQUESTS_MAX = 64;

export interface RemoteWorld {
  readonly clock: Clock;
  readonly random: Random;
  /** Told of every request. */
  readonly observe?: Observe;
  readonly requestsMax?: number;
}

export function openRemote(wire: S3Wire, settings: S3Settings, world: RemoteWorld): RemoteStore {
  const { http, backoff, buckets, encryption } = settings;
  const policy = {
    requestsMax: world.requestsMax ?? REQUESTS_MAX,
    delayMinMs: backoff.minMs,
    delayMaxMs: backoff.maxMs,
    triesMax: backoff.triesMax,
    patience: { silenceMs: http.silenceMs, totalMs: http.timeoutMs },
  };
  return new RemoteStore({
    wire,
    caller: new Caller({ ...world, policy }),
    buckets,
    random: world.random,
    opaqueEtags: encryption?.kind === "kms",
  });
}
