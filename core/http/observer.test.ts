/** Requests as metrics name them: few names, whatever is asked. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { testServices } from "../../fixtures/http/fakes.ts";
import { SILENT } from "../ports/journal.ts";
import type { QueryService } from "../ports/query-service.ts";
import { SimClock } from "../sim/clock.ts";
import { makeApp } from "./app.ts";
import { Metrics } from "./metrics.ts";
import { makeObserver } from "./observer.ts";
import { DEFAULT_HTTP_SETTINGS } from "./services.ts";

async function namesAfter(paths: readonly string[]): Promise<string[]> {
  const metrics = new Metrics();
  const query = { labels: async () => [] } as unknown as QueryService;
  const app = makeApp(testServices({ metrics, query }), DEFAULT_HTTP_SETTINGS);
  for (const path of paths) await (await app.fetch(new Request(`http://loki${path}`))).text();
  return countsOf(metrics);
}

/** Not every runtime makes a request of any method, though a server may be sent one. */
function observed(methods: readonly string[]): string[] {
  const metrics = new Metrics();
  const parts = { clock: new SimClock(), meter: metrics, journal: SILENT, logAtInfo: false };
  const observer = makeObserver(parts);
  for (const method of methods) {
    const request = { method, url: "http://loki/ready", headers: new Headers() };
    observer.begin(request as Request, "ready")(405);
  }
  return countsOf(metrics);
}

function countsOf(metrics: Metrics): string[] {
  const lines = metrics.print().matchAll(/^loki_request_duration_seconds_count\{(.*)\} (\d+)$/gm);
  return [...lines].map(([, labels, count]) => `${labels} ${count}`);
}

test("a thousand paths that are no routes are one series, and so are a thousand methods", async () => {
  const numbers = Array.from({ length: 1000 }, (_, index) => index);
  assert.deepEqual(await namesAfter(numbers.map((n) => `/${n}/x`)), [
    'method="GET",route="other",status_code="404",ws="false" 1000',
  ]);
  assert.deepEqual(observed(numbers.map((n) => `M${n}`)), [
    'method="other",route="ready",status_code="405",ws="false" 1000',
  ]);
  assert.deepEqual(observed(["GET", "PATCH"]), [
    'method="GET",route="ready",status_code="405",ws="false" 1',
    'method="PATCH",route="ready",status_code="405",ws="false" 1',
  ]);
});

test("a route with a name in it is one series for all names", async () => {
  const asked = ["a", "b", "%00", "c%2fd"].map((name) => `/loki/api/v1/label/${name}/values`);
  assert.deepEqual(await namesAfter(asked), [
    'method="GET",route="loki_api_v1_label_name_values",status_code="401",ws="false" 4',
  ]);
});
