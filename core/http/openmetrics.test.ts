/** `/metrics` as OpenMetrics 1.0.0, for who asks for it first. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { appOf } from "../../fixtures/http/asking.ts";
import { formatFor } from "./exposition.ts";
import { Metrics } from "./metrics.ts";

const TEXT = "text/plain; version=0.0.4; charset=utf-8";
const OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8";

test("counters, gauges and histograms are named and written as OpenMetrics has them", () => {
  const metrics = new Metrics(
    new Map([["a_total", { kind: "counter", help: "What a is.", initial: [] }]]),
  );
  metrics.count("a_total", 2, { tenant: 'a"\\\n' });
  metrics.count("loki_stream_sharding_count", 1);
  metrics.gauge("g", Number.NEGATIVE_INFINITY);
  metrics.observe("loki_ingester_chunk_utilization", 0.3);
  assert.equal(
    metrics.print("openmetrics"),
    `# HELP a What a is.
# TYPE a counter
a_total{tenant="a\\"\\\\\\n"} 2
# HELP g g.
# TYPE g gauge
g -Inf
# HELP loki_ingester_chunk_utilization loki ingester chunk utilization.
# TYPE loki_ingester_chunk_utilization histogram
loki_ingester_chunk_utilization_bucket{le="0.0"} 0
loki_ingester_chunk_utilization_bucket{le="0.2"} 0
loki_ingester_chunk_utilization_bucket{le="0.4"} 1
loki_ingester_chunk_utilization_bucket{le="0.6"} 1
loki_ingester_chunk_utilization_bucket{le="0.8"} 1
loki_ingester_chunk_utilization_bucket{le="1.0"} 1
loki_ingester_chunk_utilization_bucket{le="+Inf"} 1
loki_ingester_chunk_utilization_sum 0.3
loki_ingester_chunk_utilization_count 1
# HELP loki_stream_sharding_count loki stream sharding count.
# TYPE loki_stream_sharding_count unknown
loki_stream_sharding_count 1
# EOF
`,
  );
});

test("formatFor() takes what is liked best, of equals the first", () => {
  const given = (accept: string, want: string) => assert.equal(formatFor(accept), want, accept);
  given("", "text");
  given("*/*", "text");
  given("text/html,application/xhtml+xml,*/*;q=0.8", "text");
  given("application/openmetrics-text", "openmetrics");
  given("application/openmetrics-text; version=1.0.0", "openmetrics");
  given("Application/OpenMetrics-Text;Version=1.0.0; charset=utf-8", "openmetrics");
  given("application/openmetrics-text;version=0.0.1", "text");
  given("application/openmetrics-text;version=2.0.0,text/plain", "text");
  given("text/plain,application/openmetrics-text", "text");
  given("text/plain;q=0.5,application/openmetrics-text;q=0.6", "openmetrics");
  given("application/openmetrics-text;q=0", "text");
  given("application/openmetrics-text;q=x", "text");
  // As Prometheus 2.42 and 3.0 ask.
  given(
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    "openmetrics",
  );
  given(
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
    "openmetrics",
  );
});

test("/metrics answers in the format asked for, compressed when that is taken", async () => {
  const metrics = new Metrics();
  for (let index = 0; index < 100; index++) metrics.count("c_total", 1, { index: String(index) });
  const given = async (headers: Readonly<Record<string, string>>) => {
    const { headers: got, ...response } = await appOf({ metrics }).request("/metrics", { headers });
    return { got, response };
  };
  for (const [accept, type] of [
    ["*/*", TEXT],
    ["application/openmetrics-text", OPEN],
  ] as const) {
    const plain = await given({ Accept: accept });
    assert.equal(plain.got.get("content-type"), type);
    assert.equal(plain.got.get("vary"), "Accept, Accept-Encoding");
    assert.equal(plain.got.get("content-encoding"), null);
    const packed = await given({ Accept: accept, "Accept-Encoding": "gzip" });
    assert.equal(packed.got.get("content-encoding"), "gzip");
  }
});
