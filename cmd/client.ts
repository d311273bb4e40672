/** A Loki server as the commands see it over HTTP. */
import { readFileSync } from "node:fs";
import { type Flags, UsageError } from "./flags.ts";
import { VERSION } from "./version.ts";

const DEFAULT_ADDR = "http://localhost:3100";

/** What Bun's fetch and WebSocket take beyond the standard. */
interface Transport {
  readonly tls?: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly rejectUnauthorized?: boolean;
  };
  readonly proxy?: string;
}

export class Client {
  readonly base: string;
  readonly transport: Transport;
  readonly #flags: Flags;
  readonly #retries: number;
  readonly #backoffMs: { readonly min: number; readonly max: number };

  /** Throws UsageError when the options do not go together or name files that cannot be read. */
  constructor(flags: Flags) {
    this.base = (flags.text("addr") ?? DEFAULT_ADDR).replace(/\/+$/, "");
    if (!/^https?:\/\//.test(this.base))
      throw new UsageError(`--addr is "${this.base}", want http://… or https://…`);
    this.#flags = flags;
    this.transport = transportOf(flags);
    this.#retries = flags.count("retries") ?? 0;
    const seconds = (name: string) => flags.count(name) ?? 0;
    const min = Math.max(0.5, seconds("min-backoff"));
    this.#backoffMs = { min: 1000 * min, max: 1000 * Math.max(min, seconds("max-backoff")) };
    headersOf(flags);
  }

  /** Read anew each time: a file with a token may have another by now. */
  get headers(): Readonly<Record<string, string>> {
    return headersOf(this.#flags);
  }

  /** The whole address of a request, for people. */
  url(path: string, params: URLSearchParams): string {
    return `${this.base}${path}?${params}`;
  }

  /** The answer's body. Throws with the server's own words when it refuses. */
  async get(path: string, params: URLSearchParams): Promise<unknown> {
    const response = await this.send(`${path}?${params}`, {});
    return await response.json();
  }

  async send(path: string, init: RequestInit): Promise<Response> {
    for (let tries = 0; ; tries++) {
      const left = this.#retries - tries;
      try {
        const request = {
          ...init,
          ...this.transport,
          headers: { ...this.headers, ...(init.headers as Record<string, string> | undefined) },
        };
        const response = await fetch(this.base + path, request as RequestInit);
        if (response.ok) return response;
        const body = (await response.text()).trim();
        // A refusal stays a refusal: only what may pass is tried again.
        if (left <= 0 || (response.status < 500 && response.status !== 429)) {
          throw new Error(
            `Error response from server: ${body} (${response.status}) attempts remaining: 0\n` +
              "Query failed: run out of attempts while querying the server",
          );
        }
      } catch (error) {
        if (error instanceof UsageError) throw error;
        if (left <= 0 || isRefusal(error)) {
          throw connectionError(init.method ?? "GET", this.base + path, error);
        }
      }
      const { min, max } = this.#backoffMs;
      const waitMs = Math.min(max, min * 2 ** tries);
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}

function headersOf(flags: Flags): Record<string, string> {
  const org = flags.text("org-id");
  const tags = flags.text("query-tags");
  const headers: Record<string, string> = {
    "User-Agent": `lokits/${VERSION}`,
    ...(org !== undefined && { "X-Scope-OrgID": org }),
    ...(tags !== undefined && { "X-Query-Tags": tags }),
    ...(flags.on("nocache") && { "Cache-Control": "no-cache" }),
  };
  for (const header of flags.list("header")) {
    const cut = header.indexOf(":");
    if (cut <= 0) throw new UsageError(`--header has no colon, want "Name: value"`);
    headers[header.slice(0, cut).trim()] = header.slice(cut + 1).trim();
  }
  const auth = authOf(flags);
  if (auth !== undefined) headers[flags.text("auth-header") ?? "Authorization"] = auth;
  return headers;
}

function authOf(flags: Flags): string | undefined {
  const [user, password] = [flags.text("username"), flags.text("password")];
  const [token, file] = [flags.text("bearer-token"), flags.text("bearer-token-file")];
  if (user !== undefined && (token !== undefined || file !== undefined)) {
    throw new UsageError(
      "at most one of HTTP basic auth (username/password), bearer-token & bearer-token-file is allowed to be configured",
    );
  }
  if (token !== undefined && file !== undefined) {
    throw new UsageError(
      "at most one of the options bearer-token & bearer-token-file is allowed to be configured",
    );
  }
  if (user !== undefined) return `Basic ${base64(`${user}:${password ?? ""}`)}`;
  if (token !== undefined) return `Bearer ${token}`;
  return file === undefined ? undefined : `Bearer ${readText("bearer-token-file", file).trim()}`;
}

/** Names and passwords may hold any letters. */
function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

function transportOf(flags: Flags): Transport {
  const file = (name: string) => {
    const path = flags.text(name);
    return path === undefined ? undefined : readText(name, path);
  };
  const [ca, cert, key] = [file("ca-cert"), file("cert"), file("key")];
  const tls = {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(flags.on("tls-skip-verify") && { rejectUnauthorized: false }),
  };
  const proxy = flags.text("proxy-url") ?? (flags.on("envproxy") ? proxyOf(flags) : undefined);
  return {
    ...(Object.keys(tls).length > 0 && { tls }),
    ...(proxy !== undefined && { proxy }),
  };
}

/** The usual variables, in either case of letters. */
function proxyOf(flags: Flags): string | undefined {
  const isPlain = flags.text("addr")?.startsWith("https:") !== true;
  const names = isPlain ? ["http_proxy", "HTTP_PROXY"] : ["https_proxy", "HTTPS_PROXY"];
  return names.map((name) => process.env[name]).find((value) => value);
}

function readText(name: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--${name} ${path} cannot be read: ${reason}`);
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("Error response");
}

function connectionError(method: string, url: string, error: unknown): Error {
  if (isRefusal(error)) return error as Error;
  const verb = method.slice(0, 1) + method.slice(1).toLowerCase();
  const reason = error instanceof Error ? error.message : String(error);
  return new Error(`error sending request ${verb} "${url}": ${reason}`, { cause: error });
}
