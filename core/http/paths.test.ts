/** Paths as clients may write them: equal ones reach the same route, others none. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { appOf, ask } from "../../fixtures/http/asking.ts";
import { testQuery } from "../../fixtures/http/fakes.ts";

/** An app that answers with the name of the label whose values it was asked for. */
function given(pathPrefix = "") {
  const query = testQuery({
    labelNames: async () => ["app"],
    labelValues: async (_tenants, name) => [name],
  });
  return appOf({ query }, { pathPrefix });
}

const NAMES = '{"status":"success","data":["app"]}\n';

async function assertReaches(path: string, want: string, prefix?: string): Promise<void> {
  const [status, , text] = await ask(given(prefix), path);
  assert.deepEqual([status, text], [200, want], path);
}

async function assertLost(path: string): Promise<void> {
  const [status, , text] = await ask(given(), path);
  assert.deepEqual([status, text], [404, "404 page not found\n"], path);
}

test("letters of a path may be escaped once, by either case of hex", async () => {
  await assertReaches("/loki/api/v1/labels", NAMES);
  await assertReaches("/loki/api/v1/%6cabels", NAMES);
  await assertReaches("/loki/api/v1/%6Cabels", NAMES);
  await assertReaches("/%6c%6f%6b%69/api/v1/%6c%61%62%65%6c%73", NAMES);
  await assertReaches("/loki/api/v%31/labels", NAMES);
  await assertReaches("/loki/api/v1/index%5fx/%2e%2e/labels", NAMES);
  await assertReaches("/pre%66ix/loki/api/v1/labels", NAMES, "/prefix");
});

test("what is escaped twice, or separates, stays what it is", async () => {
  await assertLost("/loki/api/v1/%256cabels");
  await assertLost("/loki/api/v1%2flabels");
  await assertLost("/loki/api/v1/%zzlabels");
  await assertLost("/loki/api/v1/%6labels");
  await assertLost("/loki/api/v1/labels%00");
  await assertLost("/loki/api/v1/labels%20");
  await assertLost("/loki/api/v1/%ef%bd%8cabels");
});

test("a part of the path is decoded once", async () => {
  const values = (name: string) => `{"status":"success","data":["${name}"]}\n`;
  const path = (name: string) => `/loki/api/v1/label/${name}/values`;
  await assertReaches(path("app"), values("app"));
  await assertReaches(path("%61pp"), values("app"));
  await assertReaches(path("%2561pp"), values("%61pp"));
  await assertReaches(path("a%2Fb"), values("a/b"));
  await assertReaches(path("a%252Fb"), values("a%2Fb"));
  await assertReaches(path("%c3%bc"), values("ü"));
});
