/** Where keys come from when they are not simply given: STS, for the token of a web identity (IRSA on EKS). */
import type { Clock } from "../../core/ports/clock.ts";
import { NO_ANSWER, S3Failure } from "../../core/remote/s3-failure.ts";
import type { StaticKeys } from "../../core/remote/s3-settings.ts";
import { textOf } from "./xml.ts";

export interface Credentials {
  keys(signal?: AbortSignal): Promise<StaticKeys>;
  /** The service does not take these keys any more: the next ones are new. */
  expired(keys: StaticKeys): void;
}

export function staticCredentials(keys: StaticKeys): Credentials {
  return { keys: async () => keys, expired: () => {} };
}

export interface WebIdentity {
  readonly roleArn: string;
  /** Reads the token anew for each exchange: whoever writes it renews it. */
  readonly readToken: () => Promise<string>;
  /** `https://sts.eu-west-1.amazonaws.com` */
  readonly stsEndpoint: string;
  readonly sessionName: string;
  readonly clock: Clock;
}

/** Keys are renewed when this much of their time is left, so that no request is signed with old ones. */
const RENEW_BEFORE_MS = 5 * 60_000;

interface Lease {
  readonly keys: StaticKeys;
  readonly renewMs: number;
}

export class WebIdentityCredentials implements Credentials {
  readonly #identity: WebIdentity;
  #lease: Lease | undefined;
  /** The exchange on its way: all who wait for keys wait for one. */
  #asking: Promise<Lease> | undefined;

  constructor(identity: WebIdentity) {
    this.#identity = identity;
  }

  async keys(signal?: AbortSignal): Promise<StaticKeys> {
    const nowMs = this.#identity.clock.nowMs();
    if (this.#lease === undefined || nowMs >= this.#lease.renewMs) {
      this.#asking ??= exchange(this.#identity).finally(() => {
        this.#asking = undefined;
      });
      this.#lease = await this.#asking;
      signal?.throwIfAborted();
    }
    return this.#lease.keys;
  }

  expired(keys: StaticKeys): void {
    if (this.#lease?.keys === keys) this.#lease = undefined;
  }
}

async function exchange({ clock, ...identity }: WebIdentity): Promise<Lease> {
  const query = new URLSearchParams({
    Action: "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    RoleArn: identity.roleArn,
    RoleSessionName: identity.sessionName,
    WebIdentityToken: (await identity.readToken()).trim(),
  });
  const nowMs = clock.nowMs();
  const { status, xml } = await post(identity.stsEndpoint, query);
  const part = (name: string) => textOf(xml, name) ?? "";
  if (status !== 200) {
    throw new S3Failure(part("Code") || "AssumeRoleWithWebIdentity", status, part("Message"));
  }
  const keys = {
    accessKeyId: part("AccessKeyId"),
    secretAccessKey: part("SecretAccessKey"),
    sessionToken: part("SessionToken"),
  };
  const endMs = Date.parse(part("Expiration"));
  if (keys.accessKeyId === "" || keys.secretAccessKey === "" || Number.isNaN(endMs)) {
    throw new S3Failure("AssumeRoleWithWebIdentity", NO_ANSWER, "STS answered without keys");
  }
  // Of a short life the second half is for renewing.
  const renewMs = Math.max(endMs - RENEW_BEFORE_MS, nowMs + (endMs - nowMs) / 2);
  return { keys, renewMs };
}

async function post(url: string, body: URLSearchParams): Promise<{ status: number; xml: string }> {
  try {
    const answer = await fetch(url, { method: "POST", body });
    return { status: answer.status, xml: await answer.text() };
  } catch {
    throw new S3Failure("NoAnswer", NO_ANSWER, `STS at ${url} did not answer`);
  }
}
