/** A Loki server as the commands see it over HTTP. */
import { jsonOf, reasonOf } from "./answers.ts";
import { headersOf } from "./client-headers.ts";
import { type Transport, transportOf } from "./client-transport.ts";
import { type Flags, UsageError } from "./flags.ts";
import { remark } from "./remarks.ts";

const DEFAULT_ADDR = "http://localhost:3100";
/** Characters of a refusal that are shown. */
const REFUSAL_MAX = 4096;

/** nginx reads 8 KiB of it. */
const TARGET_MAX = 7000;

/** What logcli says when it gives up, by what was asked. */
export type Failure = "Query failed" | "Error doing request";

/** A path with parameters in the order of Go's. */
export function withParams(path: string, params: URLSearchParams): string {
  const sorted = new URLSearchParams(params);
  sorted.sort();
  return sorted.size === 0 ? path : `${path}?${sorted}`;
}

export class Client {
  readonly base: string;
  readonly transport: Transport;
  readonly retries: number;
  readonly #flags: Flags;
  readonly #failure: Failure;
  readonly #backoffMs: { readonly min: number; readonly max: number };

  /** Throws UsageError when the options do not go together or name files that cannot be read. */
  constructor(flags: Flags, failure: Failure = "Error doing request") {
    this.base = baseOf(flags.text("addr") ?? DEFAULT_ADDR);
    this.transport = transportOf(flags);
    this.retries = flags.count("retries") ?? 0;
    const seconds = (name: string) => flags.count(name) ?? 0;
    const min = Math.max(0.5, seconds("min-backoff"));
    this.#backoffMs = { min: 1000 * min, max: 1000 * Math.max(min, seconds("max-backoff")) };
    this.#flags = flags;
    this.#failure = failure;
    headersOf(flags);
  }

  /** Read anew each time: a file with a token may have another by now. */
  get headers(): Readonly<Record<string, string>> {
    return headersOf(this.#flags);
  }

  /** The whole address of a request, for people. */
  url(path: string, params: URLSearchParams): string {
    return this.base + withParams(path, params);
  }

  /** The answer's body. Throws with the server's own words when it refuses. */
  async get(path: string, params: URLSearchParams): Promise<unknown> {
    const target = withParams(path, params);
    const response = await this.send(target, {});
    try {
      return await jsonOf(response);
    } catch (error) {
      if (isBroken(error)) throw connectionError("GET", this.base + target, error);
      throw error;
    }
  }

  async send(path: string, init: RequestInit): Promise<Response> {
    for (let tries = 0; ; tries++) {
      const left = this.retries - tries;
      const failed = await this.#try(path, init, left);
      if (failed instanceof Response) return failed;
      if (left <= 0 || failed.final) throw failed.error;
      remark(failed.error.message);
      const { min, max } = this.#backoffMs;
      const waitMs = Math.min(max, min * 2 ** tries);
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }

  async #try(
    path: string,
    init: RequestInit,
    left: number,
  ): Promise<Response | { readonly error: Error; readonly final: boolean }> {
    const headers = { ...this.headers, ...(init.headers as Record<string, string> | undefined) };
    try {
      const [target, form] = asForm(path, init);
      const request = {
        ...init,
        ...form,
        ...this.transport,
        headers: { ...headers, ...form?.headers },
      };
      const response = await fetch(this.base + target, request as RequestInit);
      if (response.ok) return response;
      const { status } = response;
      const body = (await response.text()).trim().slice(0, REFUSAL_MAX);
      // A refusal stays a refusal: only what may pass is tried again.
      const final = status < 500 && status !== 429;
      const text = `Error response from server: ${body} (${status}) attempts remaining: ${final ? 0 : left}`;
      if (left > 0 && !final) return { error: new Error(text), final };
      const end = `${this.#failure}: run out of attempts while querying the server`;
      return { error: new Error(`${text}\n${end}`), final };
    } catch (error) {
      const final = !isBroken(error);
      return { error: connectionError(init.method ?? "GET", this.base + path, error), final };
    }
  }
}

/** Loki takes parameters as a form too, and a long line of an address stops at most proxies and servers. */
function asForm(path: string, { method = "GET" }: RequestInit) {
  const cut = path.indexOf("?");
  if (method !== "GET" || path.length <= TARGET_MAX || cut < 0) return [path, undefined] as const;
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  return [path.slice(0, cut), { method: "POST", body: path.slice(cut + 1), headers }] as const;
}

/** Throws UsageError unless it is an address of HTTP. User and password in it are for a header, not for messages. */
function baseOf(addr: string): string {
  const base = addr.replace(/\/+$/, "");
  if (!/^https?:\/\//.test(base) || !URL.canParse(base))
    throw new UsageError(`--addr is "${withoutUser(base)}", want http://… or https://…`);
  return withoutUser(base);
}

function withoutUser(base: string): string {
  return base.replace(/^(\w+:\/\/)[^/?#]*@/, "$1");
}

/** Errors of the connection have a code; a request that cannot be made at all has none. */
function isBroken(error: unknown): boolean {
  return error instanceof Error && "code" in error;
}

function connectionError(method: string, url: string, error: unknown): Error {
  const verb = method.slice(0, 1) + method.slice(1).toLowerCase();
  return new Error(`error sending request ${verb} "${url}": ${reasonOf(error)}`, {
    cause: error,
  });
}
