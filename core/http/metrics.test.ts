/** The text of `/metrics` (Prometheus' exposition format 0.0.4), and the lines of our own log. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SimClock } from "../sim/clock.ts";
import { makeJournal } from "./journal.ts";
import { Metrics } from "./metrics.ts";

test("Metrics prints counters, gauges and histograms, sorted by name", () => {
  const metrics = new Metrics();
  metrics.count("b_total", 2, { tenant: 'a"\\\n' });
  metrics.count("b_total", 1.5, { tenant: 'a"\\\n' });
  metrics.gauge("a", Number.POSITIVE_INFINITY);
  metrics.observe("loki_ingester_chunk_utilization", 0.2, { x: "y" });
  metrics.observe("loki_ingester_chunk_utilization", 0.5, { x: "y" });
  metrics.observe("loki_ingester_chunk_utilization", 7, { x: "y" });
  assert.equal(
    metrics.print(),
    `# TYPE a gauge
a +Inf
# TYPE b_total counter
b_total{tenant="a\\"\\\\\\n"} 3.5
# TYPE loki_ingester_chunk_utilization histogram
loki_ingester_chunk_utilization_bucket{x="y",le="0"} 0
loki_ingester_chunk_utilization_bucket{x="y",le="0.2"} 1
loki_ingester_chunk_utilization_bucket{x="y",le="0.4"} 1
loki_ingester_chunk_utilization_bucket{x="y",le="0.6"} 2
loki_ingester_chunk_utilization_bucket{x="y",le="0.8"} 2
loki_ingester_chunk_utilization_bucket{x="y",le="1"} 2
loki_ingester_chunk_utilization_bucket{x="y",le="+Inf"} 3
loki_ingester_chunk_utilization_sum{x="y"} 7.7
loki_ingester_chunk_utilization_count{x="y"} 3
`,
  );
});

test("families that are known beforehand have texts, and series before anything is counted", () => {
  const metrics = new Metrics(
    new Map([
      [
        "a_total",
        { kind: "counter", help: "What a is.", initial: [{ reason: "x" }, { reason: "y" }] },
      ],
      ["unseen", { kind: "gauge", help: "Not set.", initial: [] }],
    ]),
  );
  metrics.count("a_total", 2, { reason: "y" });
  metrics.count("b_lines_total", 1);
  assert.equal(
    metrics.print(),
    `# HELP a_total What a is.
# TYPE a_total counter
a_total{reason="x"} 0
a_total{reason="y"} 2
# HELP b_lines_total b lines.
# TYPE b_lines_total counter
b_lines_total 1
`,
  );
});

test("an observation may count several times", () => {
  const metrics = new Metrics();
  metrics.observe("loki_bytes_per_line", 8, undefined, 3);
  assert.match(
    metrics.print(),
    /_bucket\{le="8"\} 3\n[\s\S]*_sum 24\nloki_bytes_per_line_count 3\n/,
  );
});

test("Metrics asks its collectors before each print", () => {
  const metrics = new Metrics();
  let value = 1;
  metrics.onPrint((meter) => meter.gauge("g", value++));
  assert.match(metrics.print(), /^g 1$/m);
  assert.match(metrics.print(), /^g 2$/m);
});

test("a family keeps a bounded number of series and counts the rest", () => {
  const metrics = new Metrics();
  for (let tenant = 0; tenant < 20_005; tenant++)
    metrics.count("c_total", 1, { tenant: String(tenant) });
  const text = metrics.print();
  assert.equal(text.match(/^c_total\{/gm)?.length, 20_000);
  assert.match(text, /^lokits_metrics_series_dropped_total\{metric="c_total"\} 5$/m);
});

function journalLines(format: "logfmt" | "json") {
  const lines: string[] = [];
  const clock = new SimClock(1_698_743_494_892_385_377n);
  const journal = makeJournal({ clock, level: "info", format, write: (line) => lines.push(line) });
  return { journal, lines };
}

test("makeJournal() writes logfmt with Loki's keys", () => {
  const { journal, lines } = journalLines("logfmt");
  journal.log("debug", "not this");
  journal.log("info", "flushing stream", {
    user: "fake",
    count: 3,
    labels: '{a="b"}',
    none: undefined,
  });
  journal.log("error", "x", {
    err: new TypeError("bad\nthing", { cause: new Error("why") }),
    at: 5n,
    list: [1, "a b"],
  });
  assert.deepEqual(lines, [
    'level=info ts=2023-10-31T09:11:34.892385377Z msg="flushing stream" user=fake count=3 labels="{a=\\"b\\"}" none=null',
    'level=error ts=2023-10-31T09:11:34.892385377Z msg=x err="TypeError: bad\\nthing: why" at=5 list="[1,\\"a b\\"]"',
  ]);
});

test("makeJournal() writes JSON, and its level may change", () => {
  const { journal, lines } = journalLines("json");
  journal.level = "debug";
  journal.log("debug", "m", { err: new Error("e"), at: 5n, tree: { a: [1n] } });
  assert.deepEqual(lines, [
    '{"level":"debug","ts":"2023-10-31T09:11:34.892385377Z","msg":"m","err":"e","at":"5","tree":{"a":["1"]}}',
  ]);
});

test("makeJournal() tells the file and line that speaks, unless the line has its own", () => {
  const lines: string[] = [];
  const clock = new SimClock(1_698_743_494_892_385_377n);
  const write = (line: string) => lines.push(line);
  const journal = makeJournal({ clock, level: "info", write, callers: true });
  journal.log("info", "m");
  journal.log("info", "m", { caller: "metrics.go" });
  assert.match(lines[0]!, /^level=info ts=\S+ caller=metrics\.test\.ts:\d+ msg=m$/);
  assert.match(lines[1]!, /^level=info ts=\S+ msg=m caller=metrics\.go$/);
});

test("secrets in errors stay out of the log", () => {
  const { journal, lines } = journalLines("logfmt");
  journal.log("warn", "store", {
    err: new Error(
      "GET https://user:hunter2@s3/x?X-Amz-Credential=AKIA%2F&X-Amz-Signature=abcdef&a=b failed",
    ),
  });
  assert.doesNotMatch(lines[0]!, /hunter2|AKIA|abcdef/);
  assert.match(lines[0]!, /a=b failed/);
});
