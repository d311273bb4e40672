/** No way of writing a tenant's name shows one tenant what another has, nor leaves its place in the store. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { everyRoute } from "../../fixtures/http/routes.ts";
import { Served } from "../../fixtures/http/served.ts";

const VICTIM = "victim";
/** Stands in every line, label and value of the victim. */
const SECRET = "sesame";

/** Ways to write the victim's name so that somebody careless might read it as the victim's. */
const SPELLINGS: readonly string[] = [
  "%76ictim",
  "%2576ictim",
  "victi%6D",
  "VICTIM",
  "Victim",
  "./victim",
  "../victim",
  "..%2fvictim",
  "%2e%2e%2fvictim",
  "..%5cvictim",
  "attacker/../victim",
  "attacker%2f..%2fvictim",
  "attacker\\..\\victim",
  "victim/",
  "victim/.",
  "//victim",
  "victim%00",
  "victim%0a",
  "victim%20",
  "attacker,victim",
  "attacker;victim",
  "attacker victim",
  '"victim"',
  "victim#",
  "victim?",
  "*",
  "vict?m",
  "vict*",
  ".*",
  "(victim)",
  "attacker'victim",
  "v\u00edctim",
  "vict\u00a1m",
  "fake",
  ".",
  "..",
  "...",
  "~",
  "-",
  "null",
  "undefined",
  "__proto__",
  "constructor",
];

/** Tenants that the attacker may ask for when only the attacker is named, or nobody. */
const OTHER_HEADERS: readonly Readonly<Record<string, string>>[] = [
  { "X-Scope-Org-ID": VICTIM },
  { "X-Org-Id": VICTIM },
  { "X-Tenant": VICTIM },
  { "X-Original-Scope-OrgID": VICTIM },
  { "X-HTTP-Method-Override": "POST", "X-Original-URL": "/loki/api/v1/labels?tenant=victim" },
  { "X-Rewrite-URL": "/loki/api/v1/labels", Cookie: "X-Scope-OrgID=victim" },
  { Authorization: `Basic ${btoa("victim:x")}` },
  { Forwarded: "for=127.0.0.1;host=victim", "X-Forwarded-Host": VICTIM },
];

const START = "1700000000000000000";
const END = "1700003600000000000";

async function given(http: { multiTenantQueries?: boolean } = {}): Promise<Served> {
  const limitsPage = { of: (tenant: string) => (tenant === VICTIM ? { SECRET } : {}) };
  const served = await new Served({
    http: { authEnabled: true, ...http },
    limits: { volumeEnabled: true },
    own: { limitsPage, upgrade: () => undefined },
  }).start();
  const labels = { app: SECRET, [SECRET]: "1" };
  await served.push(labels, [[1, `${SECRET}=1 stored`]], VICTIM);
  await served.flush();
  await served.push(labels, [[2, `${SECRET}=2 in memory`, { trace: SECRET }]], VICTIM);
  await served.push({ app: "mine" }, [[1, "mine=1"]], "attacker");
  return served;
}

const QUERIES = [
  '{app=~".+"}',
  '{__tenant_id__="victim", app=~".+"}',
  '{app="mine"} or {app="sesame"}',
  '{app=~".+"} | json | logfmt',
];

/** All that reads, with what it wants to know. */
function questions(queries: readonly string[] = QUERIES.slice(0, 1)): string[] {
  const reads = everyRoute().filter(({ path }) =>
    /^\/(loki|api\/prom|config\/tenant)\//.test(path),
  );
  return reads.flatMap(({ path }) =>
    queries.flatMap((query) => {
      const all = { query, start: START, end: END, time: "1700000002000000000", step: "60" };
      const params = new URLSearchParams({ ...all, targetLabels: "app" });
      return `${path.replace(":name", "app")}?${params}`;
    }),
  );
}

function assertSilent(text: string, what: string): void {
  assert.ok(!text.includes(SECRET), `${what} told: ${text.slice(0, 200)}`);
}

test("the victim sees its own: what is looked for can be found", async () => {
  const served = await given();
  const headers = { "X-Scope-OrgID": VICTIM };
  const seen = new Set<string>();
  for (const url of questions()) {
    const text = await (await served.request(url, { headers })).text();
    if (text.includes(SECRET)) seen.add(url.replace(/\?.*/, ""));
  }
  for (const path of ["query_range", "labels", "label/app/values", "series", "detected_fields"]) {
    assert.ok(seen.has(`/loki/api/v1/${path}`), path);
  }
  assert.ok(seen.size >= 12, [...seen].join(" "));
});

for (const multiTenantQueries of [false, true]) {
  const mode = multiTenantQueries ? "multi-tenant queries" : "one tenant a query";
  test(`${mode}: no spelling of a foreign tenant's name is that tenant`, async () => {
    const served = await given({ multiTenantQueries });
    for (const tenant of SPELLINGS) {
      for (const url of questions()) {
        const response = await served.request(url, { headers: { "X-Scope-OrgID": tenant } });
        assertSilent(await response.text(), `${tenant} at ${url}`);
      }
    }
  });
}

test("only one header says who asks", async () => {
  const served = await given();
  for (const others of OTHER_HEADERS) {
    for (const url of questions()) {
      const own = await served.request(url, {
        headers: { "X-Scope-OrgID": "attacker", ...others },
      });
      assertSilent(await own.text(), `${JSON.stringify(others)} at ${url}`);
      const nobody = await served.request(url, { headers: others });
      const text = await nobody.text();
      assertSilent(text, `${JSON.stringify(others)} alone at ${url}`);
      if (!url.includes("format_query") && !url.includes("buildinfo")) {
        // Deletes are no part of this server.
        assert.ok([401, 404, 405].includes(nobody.status), `${nobody.status} ${url}`);
      }
    }
  }
});

test("a header that comes twice is one tenant of both names, or none", async () => {
  for (const multiTenantQueries of [false, true]) {
    const served = await given({ multiTenantQueries });
    const headers = new Headers({ "X-Scope-OrgID": "attacker" });
    headers.append("X-Scope-OrgID", VICTIM);
    for (const url of questions(QUERIES)) {
      assertSilent(await (await served.request(url, { headers })).text(), url);
    }
  }
});

test("nothing in a path or a parameter names a tenant", async () => {
  const served = await given();
  const headers = { "X-Scope-OrgID": "attacker" };
  const inPath = ["..%2fvictim", "%2e%2e%2fvictim", "%252e%252e%252fvictim", "victim", "%00victim"];
  const paths = inPath.flatMap((name) => [
    `/loki/api/v1/label/${name}/values`,
    `/loki/api/v1/detected_field/${name}/values`,
    `/loki/api/v1/${name}/labels`,
    `/${name}/loki/api/v1/labels`,
    `/loki/api/v1/labels/${name}`,
    `/loki/api/v1/labels;tenant=${name}`,
    `/loki/api/v1/../../../${name}/index`,
  ]);
  const params = ["X-Scope-OrgID", "tenant", "org_id", "orgID", "user", "__tenant_id__"]
    .map((name) => `${name}=${VICTIM}`)
    .join("&");
  for (const path of [...paths, "/loki/api/v1/labels", "/loki/api/v1/series"]) {
    const url = `${path}?start=${START}&end=${END}&query=%7Bapp%3D~%22.%2B%22%7D&${params}`;
    assertSilent(await (await served.request(url, { headers })).text(), url);
  }
});

test("what is pushed under a hostile name stays in a place of its own", async () => {
  const served = await given();
  const body = JSON.stringify({
    streams: [{ stream: { app: "evil" }, values: [[START, "evil"]] }],
  });
  const taken: string[] = [];
  for (const tenant of SPELLINGS) {
    const headers = { "X-Scope-OrgID": tenant, "Content-Type": "application/json" };
    const init = { method: "POST", headers, body };
    const { status } = await served.request("/loki/api/v1/push", init);
    assert.ok(status === 204 || status === 400, `${tenant}: ${status}`);
    if (status === 204) taken.push(tenant);
  }
  await served.flush();
  const folders = new Set<string>();
  for await (const { key } of served.objects.list("")) {
    const parts = key.split("/");
    assert.ok(!parts.includes("..") && !parts.includes(".") && !parts.includes(""), key);
    folders.add(parts[0]!);
  }
  for (const folder of folders) {
    assert.ok(["index", "attacker", VICTIM, ...taken].includes(folder), folder);
  }
  // Each that was taken in has what it pushed, and the victim has nothing of it.
  const answer = await served.get("labels", {}, { "X-Scope-OrgID": VICTIM });
  assert.deepEqual(((await answer.json()) as { data: unknown }).data, ["app", SECRET]);
  const evil = await served.get("label/app/values", {}, { "X-Scope-OrgID": VICTIM });
  assert.deepEqual(((await evil.json()) as { data: unknown }).data, [SECRET]);
});
