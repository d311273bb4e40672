/** The requests that Grafana makes, as recorded in fixtures/http/grafana.json, through a whole server in memory. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { Served } from "../../fixtures/http/served.ts";

interface Case {
  readonly name: string;
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  };
  readonly want: Want;
}

interface Want {
  readonly status: number;
  readonly type?: string;
  /** `Content-Encoding`, "" for none. */
  readonly encoding?: string;
  /** The whole text. */
  readonly text?: string;
  /** The whole body but for `stats`. */
  readonly body?: unknown;
  /** A part of the body. */
  readonly subset?: object;
  /** Its keys. */
  readonly has?: readonly string[];
  /** Metrics of the result, in any order. */
  readonly metrics?: readonly unknown[];
  /** Lines of the result, in order. */
  readonly lines?: readonly string[];
}

interface Body {
  readonly data?: {
    stats?: unknown;
    readonly result: readonly { metric?: unknown; values: readonly (readonly string[])[] }[];
  };
}

const { push, cases } = JSON.parse(
  readFileSync(new URL("../../fixtures/http/grafana.json", import.meta.url), "utf8"),
) as { push: readonly unknown[]; cases: readonly Case[] };

const LIMITS = { volumeEnabled: true, discoverLogLevels: true, logLevelFields: ["level"] };

async function given(): Promise<Served> {
  const limitsPage = { of: () => ({ volume_enabled: true }) };
  const upgrade = () => undefined;
  const http = { compressResponses: true };
  const options = { limits: LIMITS, patterns: true, http, own: { limitsPage, upgrade } };
  const served = await new Served(options).start();
  await served.clock.advance(60_000);
  for (const body of push) {
    const response = await served.request("/loki/api/v1/push", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    assert.equal(response.status, 204, await response.text());
  }
  return served;
}

async function check(served: Served, { name, request, want }: Case): Promise<void> {
  const { url, ...init } = request;
  const response = await served.request(url, init);
  const encoding = response.headers.get("content-encoding") ?? "";
  const text = await textOf(response, encoding);
  assert.equal(response.status, want.status, `${name}: ${text}`);
  if (want.encoding !== undefined) assert.equal(encoding, want.encoding, name);
  if (want.type !== undefined) assert.equal(response.headers.get("content-type"), want.type, name);
  if (want.text !== undefined) assert.equal(text, want.text, name);
  if (response.status !== 200) return;
  const body = JSON.parse(text) as Body;
  delete body.data?.stats;
  if (want.body !== undefined) assert.deepEqual(body, want.body, name);
  if (want.has !== undefined) assert.deepEqual(Object.keys(body), want.has, name);
  if (want.subset !== undefined) assertHas(body, want.subset, name);
  const result = body.data?.result ?? [];
  if (want.metrics !== undefined) {
    const metrics = result.map(({ metric }) => JSON.stringify(metric)).sort();
    assert.deepEqual(metrics, want.metrics.map((metric) => JSON.stringify(metric)).sort(), name);
  }
  if (want.lines !== undefined) {
    const lines = result.flatMap(({ values }) => values.map(([, line]) => line));
    assert.deepEqual(lines, want.lines, name);
  }
}

async function textOf(response: Response, encoding: string): Promise<string> {
  if (encoding !== "gzip") return await response.text();
  return gunzipSync(new Uint8Array(await response.arrayBuffer())).toString();
}

function assertHas(value: unknown, part: object, name: string): void {
  for (const [key, want] of Object.entries(part)) {
    const got = (value as Record<string, unknown>)[key];
    if (typeof want === "object") assertHas(got, want, name);
    else assert.equal(got, want, `${name}: ${key}`);
  }
}

for (const each of cases) {
  test(`Grafana: ${each.name}`, async () => {
    const served = await given();
    // Each case stands alone, but what is read must have been written.
    const index = cases.indexOf(each);
    for (const before of cases.slice(0, index)) {
      if (before.request.method === "POST") await check(served, before);
    }
    await check(served, each);
  });
}
