/** One signed request by `fetch`, its answer or its failure. Nothing is tried twice. */
import type { Clock } from "../../core/ports/clock.ts";
import { readBody } from "../../core/remote/body.ts";
import { NO_ANSWER, S3Failure } from "../../core/remote/s3-failure.ts";
import type { Attempt } from "../../core/remote/s3-wire.ts";
import type { Credentials } from "./credentials.ts";
import { sha256Hex, sign, UNSIGNED_PAYLOAD } from "./sign.ts";
import { textOf } from "./xml.ts";

export interface Call {
  readonly method: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export interface Reply {
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

const SKEWED = new Set(["RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"]);
const EXPIRED = new Set(["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"]);
const EMPTY = new Uint8Array(0);

export class SignedHttp {
  readonly #credentials: Credentials;
  readonly #region: string;
  readonly #clock: Clock;
  /** How far the service's clock is ahead of ours, learnt when it refuses our time. */
  #aheadMs = 0;

  constructor(credentials: Credentials, region: string, clock: Clock) {
    this.#credentials = credentials;
    this.#region = region;
    this.#clock = clock;
  }

  /** Throws S3Failure for every status but 2xx. */
  async send({ method, url, headers = {}, body }: Call, attempt: Attempt): Promise<Reply> {
    const keys = await this.#credentials.keys(attempt.signal);
    const bodyHash = url.protocol === "https:" ? UNSIGNED_PAYLOAD : await sha256Hex(body ?? EMPTY);
    const how = {
      keys,
      region: this.#region,
      service: "s3",
      timeMs: this.#clock.nowMs() + this.#aheadMs,
    };
    const signed = await sign({ method, url, headers, bodyHash }, how);
    const answer = await this.#fetch(url, attempt, {
      method,
      // Bytes are to come as they are stored.
      headers: { ...signed, "accept-encoding": "identity" },
      ...(body !== undefined && { body: body as Uint8Array<ArrayBuffer> }),
      redirect: "manual",
    });
    if (answer.ok) return answer;
    const failure = failureOf(answer);
    if (EXPIRED.has(failure.code)) this.#credentials.expired(keys);
    if (SKEWED.has(failure.code)) this.#setClock(answer.headers.get("date"));
    throw failure;
  }

  async #fetch(
    url: URL,
    { signal, progress }: Attempt,
    init: RequestInit,
  ): Promise<Reply & { ok: boolean; status: number }> {
    try {
      const answer = await fetch(url, { ...init, signal });
      progress();
      const { ok, status, headers } = answer;
      const length = init.method === "HEAD" ? null : headers.get("content-length");
      const size = length === null ? undefined : Number(length);
      const bytes = answer.body ? await readBody(chunksOf(answer.body), size, progress) : EMPTY;
      return { ok, status, headers, bytes };
    } catch (error) {
      if (error instanceof S3Failure) throw error;
      // Only words: the error may hold the request.
      const { code, message } = error as { code?: unknown; message?: string };
      throw new S3Failure(typeof code === "string" ? code : "NoAnswer", NO_ANSWER, message);
    }
  }

  #setClock(date: string | null): void {
    const serverMs = Date.parse(date ?? "");
    if (!Number.isNaN(serverMs)) this.#aheadMs = serverMs - this.#clock.nowMs();
  }
}

/** The failure that an answer tells of. Those to HEAD have no body, and only their status. */
export function failureOf({
  status,
  headers,
  bytes,
}: {
  status: number;
  headers: Headers;
  bytes: Uint8Array;
}): S3Failure {
  const xml = new TextDecoder().decode(bytes);
  const region = headers.get("x-amz-bucket-region");
  const place = status === 301 && region ? `the bucket is in region ${region}` : undefined;
  const message = place ?? textOf(xml, "Message") ?? "";
  return new S3Failure(textOf(xml, "Code") ?? `HTTP${status}`, status, message);
}

async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
