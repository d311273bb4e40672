/** Traces of requests, taken by a receiver of OTLP, within the trace that the client began. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { inFolder, pushLines, startServer } from "./testing/process.ts";

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly parentSpanId?: string;
  readonly kind: number;
  readonly status: { readonly code?: number };
  readonly attributes: readonly {
    key: string;
    value: { stringValue?: string; intValue?: number };
  }[];
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Span["attributes"] };
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
}

async function receiver() {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (piece) => (text += piece));
    request.on("end", () => {
      bodies.push(`${request.url} ${text}`);
      response.writeHead(200, { "Content-Type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`;
  return { url, bodies, close: () => server.close() };
}

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";

test("requests become spans of the client's trace", async () => {
  const { url, bodies, close } = await receiver();
  await inFolder(async (cwd) => {
    const server = await startServer([`-tracing.otlp-endpoint=${url}`, "-log.level=debug"], {
      cwd,
    });
    await pushLines(server.url, { app: "a" }, [[BigInt(Date.now()) * 1_000_000n, "one"]]);
    const headers = { traceparent: `00-${TRACE}-${PARENT}-01` };
    const query = `${server.url}/loki/api/v1/query_range?query=${encodeURIComponent('{app="a"}')}`;
    await (await fetch(query, { headers })).arrayBuffer();
    await (
      await fetch(query, { headers: { traceparent: `00-${TRACE}-${PARENT}-00` } })
    ).arrayBuffer();
    await (
      await fetch(`${server.url}/loki/api/v1/query?query=x`, { headers: { traceparent: "no" } })
    ).text();
    await server.stop();
    assert.match(server.log(), new RegExp(`traceID=${TRACE}`));
  });
  const exports = bodies.map((text) => JSON.parse(text.slice("/v1/traces ".length)) as Export);
  const resources = exports.flatMap(({ resourceSpans }) => resourceSpans);
  const spans = resources.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
  const value = (span: { attributes: Span["attributes"] }, key: string) =>
    Object.values(span.attributes.find((each) => each.key === key)?.value ?? {})[0];
  assert.equal(value(resources[0]!.resource, "service.name"), "lokits-all");

  const named = (name: string) => spans.filter((span) => span.name === name);
  const [push] = named("POST loki_api_v1_push");
  assert.equal(value(push!, "http.response.status_code"), 204);
  assert.equal(push!.kind, 2); // A server's.
  assert.ok(!push!.parentSpanId);
  // The second of the two was not sampled by whoever asked.
  const [range, ...others] = named("GET loki_api_v1_query_range");
  assert.deepEqual([range!.traceId, range!.parentSpanId, others.length], [TRACE, PARENT, 0]);
  const [wrong] = named("GET loki_api_v1_query");
  assert.equal(value(wrong!, "http.response.status_code"), 400);
  assert.notEqual(wrong!.traceId, TRACE);
  assert.doesNotMatch(bodies.join(), /app=/);
  close();
});
