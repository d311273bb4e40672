/** Every route × method × tenant mode: who gets in, and what stops the others (spec http-api §1, §1.1, §2). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { everyApp, everyRoute } from "../../fixtures/http/routes.ts";

/** Looked at in the header: nothing, one tenant, one or with multi-tenant queries several. */
type Tenants = "none" | "one" | "many";

interface Row {
  readonly path: string;
  /** As it is asked: with what it needs to be answered at all. */
  readonly url: string;
  readonly methods: string;
  readonly tenants: Tenants;
  /** Who is let in is answered this, by method. */
  readonly statuses: readonly number[];
}

const V1 = "/loki/api/v1";
const SELECTOR = "query=%7Ba%3D%22b%22%7D";

const TABLE: readonly Row[] = [
  row(`${V1}/push`, "POST", "one", 400),
  row("/api/prom/push", "POST", "one", 400),
  row("/otlp/v1/logs", "POST", "one", 400),
  row(`${V1}/query_range?query=%7Ba%3D%22b%22%7D`, "GET POST", "many", 200),
  row(`${V1}/query?query=1`, "GET POST", "many", 200),
  row(`${V1}/labels`, "GET POST", "many", 200),
  row(`${V1}/label`, "GET POST", "many", 200),
  row(`${V1}/label/:name/values`, "GET POST", "many", 200),
  row(`${V1}/series`, "GET POST", "many", 200),
  row(`${V1}/index/stats?${SELECTOR}`, "GET POST", "many", 200),
  row(`${V1}/index/volume?${SELECTOR}`, "GET POST", "many", 404),
  row(`${V1}/index/volume_range?${SELECTOR}`, "GET POST", "many", 404),
  row(`${V1}/index/shards?${SELECTOR}`, "GET POST", "many", 200),
  row(`${V1}/detected_labels`, "GET POST", "many", 200),
  row(`${V1}/detected_fields?${SELECTOR}`, "GET POST", "many", 200),
  row(`${V1}/detected_field/:name/values?${SELECTOR}`, "GET POST", "many", 200),
  row(`${V1}/patterns?${SELECTOR}`, "GET POST", "many", 404),
  row(`${V1}/explain?${SELECTOR}`, "GET POST", "many", 200),
  row(`${V1}/context?${SELECTOR}&time=1`, "GET POST", "many", 200),
  row(`${V1}/drilldown-limits`, "GET", "one", 200),
  row("/config/tenant/v1/limits", "GET", "one", 200),
  row(`${V1}/tail?${SELECTOR}`, "GET", "one", 204),
  row("/api/prom/tail?query=x", "GET", "one", 204),
  row("/api/prom/query?query=x", "GET POST", "many", 200),
  row("/api/prom/label", "GET POST", "many", 200),
  row("/api/prom/label/:name/values", "GET POST", "many", 200),
  row("/api/prom/series", "GET POST", "many", 200),
  row(`${V1}/delete`, "POST PUT GET DELETE", "one", 400, 400, 200, 400),
  row(`${V1}/cache/generation_numbers`, "GET", "one", 200),
  row(`${V1}/format_query?query=1`, "GET POST", "none", 200),
  row(`${V1}/status/buildinfo`, "GET", "none", 200),
  row("/openapi.json", "GET", "none", 200),
  row("/ready", "GET", "none", 200),
  row("/metrics", "GET", "none", 200),
  row("/config", "GET", "none", 200),
  row("/services", "GET", "none", 200),
  row("/analytics", "GET", "none", 200),
  row("/debug/pprof/", "GET", "none", 200),
  row("/debug/pprof/:name", "GET", "none", 404),
  row("/debug/fgprof", "GET POST", "none", 501),
  row("/log_level?log_level=info", "GET POST", "none", 200),
  row("/ring", "GET POST", "none", 200, 302),
  row("/distributor/ring", "GET POST", "none", 200, 302),
  row("/ruler/ring", "GET POST", "none", 200, 302),
  row("/compactor/ring", "GET POST", "none", 200, 302),
  row("/scheduler/ring", "GET POST", "none", 200, 302),
  row("/partition-ring", "GET", "none", 200),
  row("/memberlist", "GET", "none", 200),
  row("/flush", "GET POST", "none", 204),
  row("/ingester/flush_shutdown", "POST", "none", 204),
  row("/ingester/shutdown", "GET POST", "none", 204),
  row("/ingester/prepare_shutdown", "GET POST DELETE", "none", 200, 204, 204),
];

/** One status stands for all methods. */
function row(url: string, methods: string, tenants: Tenants, ...statuses: number[]): Row {
  const path = url.replace(/\?.*/, "");
  return { path, url: url.replace(":name", "app"), methods, tenants, statuses };
}

const MODES = {
  open: everyApp({ authEnabled: false }),
  literal: everyApp({ authEnabled: true }),
  multi: everyApp({ authEnabled: true, multiTenantQueries: true }),
};

async function asked(
  mode: keyof typeof MODES,
  { url }: Row,
  { method, tenant }: { method: string; tenant?: string | undefined },
): Promise<readonly [status: number, text: string]> {
  const headers: Record<string, string> = tenant === undefined ? {} : { "X-Scope-OrgID": tenant };
  const response = await MODES[mode].request(url, { method, headers });
  return [response.status, await response.text()];
}

test("the table has every route with its methods", () => {
  const routes = everyRoute().map(({ path, methods }) => [path, Object.keys(methods).join(" ")]);
  assert.deepEqual(routes.sort(), TABLE.map(({ path, methods }) => [path, methods]).sort());
});

test("a method that a route has not is 405 without a text, whoever asks", async () => {
  const words = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "constructor", "toString"]
    // Not every runtime has every word.
    .filter((method) => new Request("http://x", { method }).method === method);
  for (const row of TABLE) {
    for (const method of words.filter((word) => !row.methods.split(" ").includes(word))) {
      for (const tenant of [undefined, "a", "a|b", ".."]) {
        const what = `${method} ${row.path} ${tenant}`;
        assert.deepEqual(await asked("multi", row, { method, tenant }), [405, ""], what);
      }
    }
  }
});

/** What a tenant id gives: let in, or status and text of the refusal. */
type Verdict = "in" | readonly [number, string];

const INVALID: Verdict = [400, "invalid tenant ID"];

const VERDICTS: readonly [
  mode: keyof typeof MODES,
  tenant: string | undefined,
  one: Verdict,
  many?: Verdict,
][] = [
  ["open", undefined, "in"],
  ["open", "a", "in"],
  ["open", "a|b", "in"],
  ["open", "..", "in"],
  ["literal", undefined, [401, "no org id"]],
  ["literal", "a", "in"],
  ["literal", "a|b", "in"],
  ["literal", "a b", "in"],
  ["literal", ".", INVALID],
  ["literal", "..", INVALID],
  ["literal", "a/b", INVALID],
  ["literal", "a\\b", INVALID],
  ["literal", "x".repeat(255), "in"],
  ["literal", "x".repeat(256), [400, "tenant ID is too long: max 255 characters"]],
  ["multi", undefined, [401, "no org id"]],
  ["multi", "a", "in"],
  ["multi", "a|b", [400, "multiple org IDs present"], "in"],
  ["multi", "a|a", "in"],
  ["multi", "..", INVALID],
  ["multi", "a|..", INVALID],
  ["multi", "a|", INVALID],
  ["multi", "a b", [400, "tenant ID 'a b' contains unsupported character ' '"]],
  ["multi", "a/b", [400, "tenant ID 'a/b' contains unsupported character '/'"]],
  ["multi", "x".repeat(151), [400, "tenant ID is too long: max 150 characters"]],
];

for (const [mode, tenant, one, many = one] of VERDICTS) {
  test(`${mode} mode, tenant ${tenant === undefined ? "none" : tenant.slice(0, 20)}`, async () => {
    for (const row of TABLE) {
      const verdict = row.tenants === "none" ? "in" : row.tenants === "one" ? one : many;
      for (const [index, method] of row.methods.split(" ").entries()) {
        const [status, text] = await asked(mode, row, { method, tenant });
        const what = `${method} ${row.path}: ${status} ${text}`;
        if (verdict === "in") assert.equal(status, row.statuses[index] ?? row.statuses[0], what);
        else assert.deepEqual([status, text.trimEnd()], verdict, what);
      }
    }
  });
}

test("HEAD is GET without a body", async () => {
  for (const row of TABLE) {
    const [status] = await asked("open", row, { method: "HEAD" });
    const index = row.methods.split(" ").indexOf("GET");
    const ofGet = row.statuses[index] ?? row.statuses[0];
    assert.equal(status, index < 0 ? 405 : ofGet, row.path);
  }
});

test("what is no route is 404, with everybody", async () => {
  for (const url of ["/", "/loki", "/loki/api/v1", "/loki/api/v1/push/", "/LOKI/api/v1/labels"]) {
    for (const tenant of [undefined, "a", ".."]) {
      const answer = await asked("literal", row(url, "GET", "none", 404), {
        method: "GET",
        tenant,
      });
      assert.deepEqual(answer, [404, "404 page not found\n"], url);
    }
  }
});
