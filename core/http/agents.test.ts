/** Requests of agents byte for byte (fixtures/push/agents): each is taken, and its lines arrive as they were. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { testServices } from "../../fixtures/http/fakes.ts";
import { givenRows } from "../../fixtures/push/rows.ts";
import { DEFAULT_LIMITS, type Limits } from "../model/limits.ts";
import type { PushStream } from "../model/push.ts";
import type { Tenant } from "../model/tenant.ts";
import { SimClock } from "../sim/clock.ts";
import { makeApp } from "./app.ts";

const FOLDER = new URL("../../fixtures/push/agents/", import.meta.url);
const LIMITS: Limits = { ...DEFAULT_LIMITS, allowStructuredMetadata: true };
/** 2023-11-14T22:13:20Z, the second of all entries. */
const SECOND = 1_700_000_000_000_000_000n;
const POD =
  '{app="shop", component="api", container="api", filename="/var/log/pods/prod_shop-7d9_1f/api/0.log", instance="shop", job="prod/shop", namespace="prod", node_name="n1", pod="shop-7d9", stream="stderr"}';

type Stored = readonly [labels: string, ...rows: ReturnType<typeof givenRows>];

/** By file: what a push brings, in the order it came. */
const WANTED: Readonly<Record<string, readonly Stored[]>> = {
  promtail: [
    [
      POD,
      [SECOND + 1n, 'level=info msg="listening" addr=:8080'],
      [SECOND + 2n, 'tab\tquote " backslash \\ 한글 \u{1f600}'],
      [SECOND + 3n, ""],
      [SECOND + 999_999_999n, "x".repeat(5000)],
    ],
    ['{job="quote\\"s", path="C:\\\\logs"}', [SECOND + 4n, "escaped labels"]],
  ],
  "promtail-large": [
    [
      '{job="batch"}',
      ...Array.from({ length: 2000 }, (_, row): [bigint, string] => [
        SECOND + BigInt(row * 1000),
        `row=${row} ${(row * 2_654_435_761).toString(16).repeat(1 + (row % 60))}`,
      ]),
    ],
  ],
  "promtail-old-json": [['{job="old"}', [SECOND + 1n, "old form"]]],
  "grafana-agent": [['{agent_hostname="n1", job="varlogs"}', [SECOND + 1n, "from the agent"]]],
  alloy: [
    [
      '{job="loki.source.kubernetes.pods", service_name="shop"}',
      [SECOND + 1n, "with metadata", { trace_id: "5b8efff798038103", pod: "shop-7d9" }],
    ],
  ],
  "otelcol-loki-exporter": [
    [
      '{exporter="OTLP", job="prod/shop", level="INFO"}',
      [
        SECOND + 1n,
        '{"body":"order shipped","traceid":"5b8efff798038103d269b633813fc60c","severity":"INFO"}',
      ],
    ],
  ],
  "otelcol-otlphttp": [
    [
      '{k8s_pod_name="shop-7d9", service_name="shop", service_namespace="prod"}',
      [
        SECOND + 1n,
        "order shipped",
        {
          host_name: "n1",
          scope_name: "go.opentelemetry.io/contrib",
          scope_version: "0.46.1",
          order_id: "4711",
          observed_timestamp: "1700000000000000099",
          severity_number: "9",
          severity_text: "INFO",
          trace_id: "5b8efff798038103d269b633813fc60c",
          span_id: "eee19b7ec3c1b174",
          flags: "1",
        },
      ],
    ],
  ],
  "fluent-bit": [
    [
      '{container="api", job="fluent-bit"}',
      [SECOND + 123_456_789n, '{"log":"a line\\n","stream":"stdout"}'],
      [SECOND + 123_456_790n, 'key="value" 한글 \u001b[31mred'],
    ],
  ],
  "fluent-bit-gzip": [['{job="fluent-bit"}', [SECOND + 1n, "packed", { trace_id: "00ff" }]]],
  vector: [['{agent="vector"}', [SECOND + 1n, '{"message":"from vector"}']]],
  fluentd: [['{worker="0"}', [SECOND + 1n, 'message="from fluentd"']]],
  "grafana-alert-history": [
    [
      '{folderUID="f1", from="state-history", group="g1", orgID="1"}',
      [SECOND + 1n, '{"schemaVersion":1,"previous":"Normal","current":"Alerting"}'],
    ],
  ],
};

for (const name of readdirSync(FOLDER).filter((file) => file.endsWith(".http"))) {
  test(`${name} is taken as it came`, async () => {
    const stored: [Tenant, Stored][] = [];
    const pusher = {
      push: async (tenant: Tenant, streams: readonly PushStream[]) => {
        for (const stream of streams)
          stored.push([tenant, [stream.labelText, ...givenRows(stream)]]);
      },
    };
    const limits = { of: () => LIMITS };
    const app = makeApp(testServices({ pusher, limits, clock: new SimClock(SECOND) }));
    const request = requestOf(readFileSync(new URL(name, FOLDER)));
    const tenant = request.headers.get("x-scope-orgid");
    // Those that bring no tenant talk to a server without sign-in.
    if (tenant === null) request.headers.set("x-scope-orgid", "none");
    const response = await app.fetch(request);
    assert.deepEqual([response.status, await response.text()], [204, ""]);
    assert.deepEqual(
      stored,
      WANTED[name.replace(".http", "")]!.map((stream) => [tenant ?? "none", stream]),
    );
  });
}

/** A request as it goes over the wire. */
function requestOf(bytes: Uint8Array): Request {
  const split = Buffer.from(bytes).indexOf("\r\n\r\n");
  const [first = "", ...lines] = new TextDecoder().decode(bytes.subarray(0, split)).split("\r\n");
  const [method = "", path = ""] = first.split(" ");
  const body = new Uint8Array(bytes.subarray(split + 4));
  const request = new Request(`http://loki:3100${path}`, { method, body });
  request.headers.delete("content-type");
  for (const line of lines) {
    const [key = "", ...rest] = line.split(": ");
    request.headers.set(key, rest.join(": "));
  }
  return request;
}
