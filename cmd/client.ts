/** A Loki server as `query`, `tail` and `ingest` see it over HTTP. */
import type { ArgsDef } from "citty";
import { labelsOf } from "../core/labels/labels.ts";
import type { Labels } from "../core/model/labels.ts";
import type { QueryResult } from "../core/model/result.ts";
import { type Flags, UsageError } from "./flags.ts";
import { VERSION } from "./version.ts";

/** Options of every command that talks to a server; logcli's names and variables. */
export const CLIENT_ARGS: ArgsDef = {
  addr: { type: "string", description: "Server to talk to (LOKI_ADDR)", valueHint: "URL" },
  "org-id": {
    type: "string",
    description: "Tenant, sent as X-Scope-OrgID (LOKI_ORG_ID)",
    valueHint: "ID",
  },
  username: { type: "string", description: "User of HTTP basic auth (LOKI_USERNAME)" },
  password: { type: "string", description: "Its password (LOKI_PASSWORD)" },
  "bearer-token": {
    type: "string",
    description: "Token for the Authorization header (LOKI_BEARER_TOKEN)",
  },
  retries: {
    type: "string",
    description: "More tries when the server does not answer (LOKI_CLIENT_RETRIES)",
  },
};

export const CLIENT_ENVIRONMENT = {
  addr: "LOKI_ADDR",
  "org-id": "LOKI_ORG_ID",
  username: "LOKI_USERNAME",
  password: "LOKI_PASSWORD",
  "bearer-token": "LOKI_BEARER_TOKEN",
  retries: "LOKI_CLIENT_RETRIES",
};

export const DEFAULT_ADDR = "http://localhost:3100";

export class Client {
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly #retries: number;

  constructor(flags: Flags) {
    this.base = (flags.text("addr") ?? DEFAULT_ADDR).replace(/\/+$/, "");
    if (!/^https?:\/\//.test(this.base))
      throw new UsageError(`--addr is "${this.base}", want http://… or https://…`);
    this.headers = { "User-Agent": `lokits/${VERSION}`, ...authOf(flags) };
    this.#retries = flags.count("retries") ?? 0;
  }

  /** The answer's body. Throws with the server's own words when it refuses. */
  async get(path: string, params: URLSearchParams): Promise<unknown> {
    const response = await this.send(`${path}?${params}`, {});
    return await response.json();
  }

  async send(path: string, init: RequestInit): Promise<Response> {
    for (let left = this.#retries; ; left--) {
      try {
        const response = await fetch(this.base + path, {
          ...init,
          headers: { ...this.headers, ...(init.headers as Record<string, string> | undefined) },
        });
        if (response.ok) return response;
        const body = (await response.text()).trim();
        // A refusal stays a refusal: only what may pass is tried again.
        if (left <= 0 || (response.status < 500 && response.status !== 429)) {
          throw new Error(`Error response from server: ${body} (${response.status})`);
        }
      } catch (error) {
        if (left <= 0) throw connectionError(this.base, error);
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

function authOf(flags: Flags): Record<string, string> {
  const [user, password, token] = [
    flags.text("username"),
    flags.text("password"),
    flags.text("bearer-token"),
  ];
  if (user !== undefined && token !== undefined) {
    throw new UsageError(
      "at most one of HTTP basic auth (username/password), bearer-token is allowed to be configured",
    );
  }
  const org = flags.text("org-id");
  return {
    ...(org !== undefined && { "X-Scope-OrgID": org }),
    ...(user !== undefined && { Authorization: `Basic ${btoa(`${user}:${password ?? ""}`)}` }),
    ...(token !== undefined && { Authorization: `Bearer ${token}` }),
  };
}

function connectionError(base: string, error: unknown): Error {
  if (error instanceof Error && error.message.startsWith("Error response")) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new Error(`error sending request to ${base}: ${reason}`, { cause: error });
}

interface WireStream {
  readonly stream: Record<string, string>;
  readonly values: readonly (readonly [string, string])[];
}

interface WireSeries {
  readonly metric: Record<string, string>;
  readonly values?: readonly (readonly [number, string])[];
  readonly value?: readonly [number, string];
}

/** Loki's JSON of a query's answer as a result. */
export function resultOf(body: unknown): QueryResult {
  const { data } = body as { data: { resultType: string; result: unknown } };
  switch (data.resultType) {
    case "streams":
      return {
        kind: "streams",
        streams: (data.result as WireStream[]).map(({ stream, values }) => ({
          labels: labelsIn(stream),
          entries: values.map(([time, line]) => ({ time: BigInt(time), line })),
        })),
      };
    case "matrix":
      return {
        kind: "matrix",
        series: (data.result as WireSeries[]).map(({ metric, values = [] }) => ({
          labels: labelsIn(metric),
          times: values.map(([time]) => time * 1000),
          values: values.map(([, value]) => numberOf(value)),
        })),
      };
    case "vector":
      return {
        kind: "vector",
        samples: (data.result as WireSeries[]).map(({ metric, value }) => ({
          labels: labelsIn(metric),
          timeMs: value![0] * 1000,
          value: numberOf(value![1]),
        })),
      };
    case "scalar": {
      const [timeMs, value] = data.result as [number, string];
      return { kind: "scalar", timeMs, value: numberOf(value) };
    }
    default:
      throw new Error(`the server answered with the result type ${data.resultType}`);
  }
}

function labelsIn(object: Record<string, string>): Labels {
  return labelsOf(object);
}

function numberOf(text: string): number {
  if (text === "+Inf") return Number.POSITIVE_INFINITY;
  if (text === "-Inf") return Number.NEGATIVE_INFINITY;
  return Number(text);
}
