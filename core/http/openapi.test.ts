/** The description of the API against the routes that it describes. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ask } from "../../fixtures/http/asking.ts";
import { everyApp, everyRoute } from "../../fixtures/http/routes.ts";
import { apiPage } from "./api-page.ts";
import { methodsOf, openApi, templateOf } from "./openapi.ts";
import { docOf } from "./route-docs.ts";
import { route } from "./router.ts";

interface Schema {
  readonly type: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly {
    name?: string;
    in?: string;
    required?: boolean;
    $ref?: string;
    schema?: Schema;
  }[];
  readonly requestBody?: {
    readonly content: Readonly<
      Record<string, { schema?: { properties: Record<string, Schema> } } | undefined>
    >;
  };
  readonly responses: Readonly<Record<string, { description: string }>>;
}

interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly parameters: Readonly<Record<string, unknown>> };
}

const document = openApi(everyRoute(), { version: "1", prefix: "" }) as unknown as Document;
const operations = Object.entries(document.paths).flatMap(([path, all]) =>
  Object.entries(all).map(([method, operation]) => ({ path, method, operation })),
);

test("every route is described, with all of its methods", () => {
  for (const each of everyRoute()) {
    assert.ok(docOf(each) !== undefined, `${each.path} has no description in route-docs.ts`);
    const described = Object.keys(document.paths[templateOf(each.path)] ?? {});
    const methods = methodsOf(each).map((method) => method.toLowerCase());
    assert.deepEqual(described.sort(), methods.sort(), each.path);
  }
});

test("what is closed to other machines says so", () => {
  const closed = operations
    .filter(({ operation }) => operation.responses["403"]?.description.includes("admin_routes"))
    .map(({ path, method }) => `${method} ${path}`);
  for (const each of ["post /flush", "post /ingester/flush_shutdown", "get /config"])
    assert.ok(closed.includes(each), each);
  for (const each of ["get /ready", "get /log_level", "post /loki/api/v1/push"])
    assert.ok(!closed.includes(each), each);
  assert.match(
    apiPage(everyRoute()),
    /### `POST, PUT, GET, DELETE [^`]*delete`\n\n.*; parameters in the URL only\)/,
  );
  assert.match(
    apiPage(everyRoute()),
    /### `GET, POST \/log_level`\n\n.*\(operators: POST; no tenant\)/,
  );
});

test("an operation has a name of its own, a summary and answers", () => {
  const names = new Set(operations.map(({ operation }) => operation.operationId));
  assert.equal(names.size, operations.length);
  for (const { path, method, operation } of operations) {
    const what = `${method} ${path}`;
    assert.match(operation.operationId, /^[A-Za-z0-9_]+$/, what);
    assert.match(operation.summary, /\.$/, what);
    assert.ok(Object.keys(operation.responses).length > 0, what);
    for (const [status, { description }] of Object.entries(operation.responses)) {
      assert.match(status, /^[1-5]\d\d$/, what);
      assert.ok(description !== "", what);
    }
  }
});

test("parameters in a path are those of its template, no parameter comes twice", () => {
  for (const { path, method, operation } of operations) {
    const { parameters = [] } = operation;
    const inPath = parameters.filter((each) => each.in === "path");
    const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    assert.deepEqual(
      inPath.map(({ name }) => name),
      wanted,
      path,
    );
    assert.ok(inPath.every(({ required }) => required === true));
    const names = parameters.map(({ name, $ref }) => $ref ?? name);
    assert.equal(new Set(names).size, names.length, `${method} ${path}: ${names.join(" ")}`);
    for (const { $ref } of parameters) {
      if ($ref === undefined) continue;
      assert.ok($ref.replace("#/components/parameters/", "") in document.components.parameters);
    }
    if (method === "get") assert.equal(operation.requestBody, undefined, path);
  }
});

test("defaults are of their type and among what is allowed", () => {
  const parameters = operations.flatMap(({ operation }) => operation.parameters ?? []);
  const forms = operations.flatMap(({ operation }) => {
    const form = operation.requestBody?.content["application/x-www-form-urlencoded"];
    return Object.entries(form?.schema?.properties ?? {});
  });
  const schemas = parameters.flatMap(({ name = "", schema }) =>
    schema ? [[name, schema] as const] : [],
  );
  assert.ok(schemas.length > 50 && forms.length > 20);
  for (const [name, schema] of [...schemas, ...forms]) {
    if (schema.default === undefined) continue;
    const kind = schema.type === "integer" ? "number" : schema.type;
    assert.equal(typeof schema.default, kind, name);
    assert.ok(!Number.isNaN(schema.default), name);
    assert.ok(schema.enum === undefined || schema.enum.includes(String(schema.default)), name);
  }
});

test("a request without a tenant is 401 just where the description says so", async () => {
  const app = everyApp({ authEnabled: true });
  for (const { path, method, operation } of operations) {
    const [status] = await ask(app, path.replace(/\{\w+\}/g, "x"), {
      method: method.toUpperCase(),
    });
    assert.equal(status === 401, "401" in operation.responses, `${method} ${path}: ${status}`);
  }
});

test("/openapi.json is the description, under the prefix", async () => {
  const app = everyApp({ authEnabled: false, pathPrefix: "/logs" });
  const [status, type, text] = await ask(app, "/logs/openapi.json");
  assert.deepEqual([status, type], [200, "application/json"]);
  const served = JSON.parse(text) as Document & { servers: unknown };
  assert.deepEqual([served.openapi, served.info.version], ["3.1.0", "2.9.1"]);
  assert.deepEqual(served.servers, [{ url: "/logs" }]);
  assert.deepEqual(Object.keys(served.paths).sort(), Object.keys(document.paths).sort());
});

test("a route may bring its description along", () => {
  const doc = { summary: "Says hello.", group: "Own", tenants: "none", answers: {} } as const;
  const own = { ...route(["GET"], "/hello/:name", () => new Response("hello")), doc };
  const { paths } = openApi([own], { version: "1", prefix: "" }) as unknown as Document;
  assert.equal(paths["/hello/{name}"]!["get"]!.summary, "Says hello.");
});

test("API.md is up to date: run scripts/api-reference.ts", () => {
  assert.equal(readFileSync(new URL("API.md", import.meta.url), "utf8"), apiPage(everyRoute()));
});
