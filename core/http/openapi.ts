/** The API as an OpenAPI 3.1 document. Its routes are the source; what they mean is in route-docs.ts. */
import { accessOf, type RouteAccess } from "./access.ts";
import { docOf } from "./route-docs.ts";
import type { AnswerDoc, Method, ParameterDoc, Route, RouteDoc } from "./router.ts";
import { TENANT_HEADER } from "./tenant.ts";

type Json = string | number | boolean | readonly Json[] | { readonly [name: string]: Json };
type Tree = { readonly [name: string]: Json };

const SCHEMAS: Readonly<Record<ParameterDoc["type"], Tree>> = {
  string: { type: "string" },
  integer: { type: "integer" },
  boolean: { type: "boolean" },
  list: { type: "array", items: { type: "string" } },
};

/** Routes that nobody described are left out. */
export function openApi(
  routes: readonly Route[],
  { version, prefix }: { version: string; prefix: string },
): Tree {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const doc = docOf(route);
    if (doc === undefined) continue;
    const operations = methodsOf(route).map((method) => [
      method.toLowerCase(),
      operation(route.path, method, doc),
    ]);
    paths[templateOf(route.path)] = Object.fromEntries(operations);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "lokits",
      version,
      description: "Grafana Loki's HTTP API, and what lokits adds to it.",
    },
    servers: [{ url: prefix === "" ? "/" : prefix }],
    paths,
    components: {
      parameters: {
        tenant: tenantParameter("The tenant. Not looked at without `auth_enabled`."),
        tenants: tenantParameter(
          "The tenant; with `querier.multi_tenant_queries_enabled` several as `a|b`.",
        ),
      },
    },
  };
}

export function methodsOf({ methods }: Route): Method[] {
  return Object.keys(methods) as Method[];
}

/** `/label/{name}/values` of `/label/:name/values`. */
export function templateOf(path: string): string {
  return path.replace(/:(\w+)(\{[^}]*\})?/g, "{$1}");
}

function operation(path: string, method: Method, doc: RouteDoc): Tree {
  const {
    summary,
    group,
    tenants,
    parameters = [],
    body,
    answers,
    ours,
    deprecated,
    urlOnly,
  } = doc;
  const inPath = [...templateOf(path).matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  const takesForm = method === "POST" && body === undefined && urlOnly === undefined;
  const isForm = takesForm && parameters.length > inPath.length;
  const rest = parameters.filter(({ name }) => !inPath.includes(name));
  const header = `#/components/parameters/${tenants === "many" ? "tenants" : "tenant"}`;
  const listed: Json[] = [
    ...(tenants === "none" ? [] : [{ $ref: header }]),
    ...inPath.map((name) => inPathParameter(name, parameters)),
    // A form may have all of them, so none of the URL is required any more.
    ...rest.map((parameter) => queryParameter(parameter, isForm)),
  ];
  return {
    operationId: `${method.toLowerCase()}${path.replace(/[^A-Za-z0-9]+/g, "_")}`,
    summary,
    tags: [group],
    ...(deprecated === undefined ? {} : { deprecated: true, description: deprecated }),
    ...(ours === undefined ? {} : { "x-lokits": true }),
    ...(listed.length === 0 ? {} : { parameters: listed }),
    ...requestBody(isForm ? rest : [], method === "GET" ? undefined : body),
    responses: responses(answers, tenants, accessOf(path, method)),
  };
}

function requestBody(form: readonly ParameterDoc[], body: RouteDoc["body"]): Tree {
  if (body !== undefined) {
    const content = Object.fromEntries(body.types.map((type) => [type, {}]));
    return { requestBody: { description: body.text, required: true, content } };
  }
  if (form.length === 0) return {};
  const properties = Object.fromEntries(
    form.map((each) => [each.name, { ...schemaOf(each), description: textOf(each) }]),
  );
  const schema = { type: "object", properties };
  return {
    requestBody: {
      description: "The parameters, before those of the URL.",
      content: { "application/x-www-form-urlencoded": { schema } },
    },
  };
}

function responses(
  answers: RouteDoc["answers"],
  tenants: RouteDoc["tenants"],
  access: RouteAccess,
): Tree {
  const all: Record<string, Json> = {};
  for (const [status, answer] of Object.entries(answers)) all[status] = response(answer);
  if (tenants !== "none") {
    all["401"] ??= response({ text: "No tenant is named.", type: "text/plain" });
    all["400"] ??= response({ text: "The tenant or a parameter is none.", type: "text/plain" });
  }
  if (access === "operate") {
    const text = "Asked from another machine, and `server.admin_routes` does not open the route.";
    all["403"] ??= response({ text, type: "text/plain" });
  }
  return all;
}

function response({ text, type, example }: AnswerDoc): Tree {
  if (type === undefined) return { description: text };
  const shown = example === undefined ? {} : { example: exampleOf(type, example) };
  return { description: text, content: { [type]: shown } };
}

function exampleOf(type: string, example: string): Json {
  return type.includes("json") && !type.includes("ndjson")
    ? (JSON.parse(example) as Json)
    : example;
}

function tenantParameter(description: string): Tree {
  return { name: TENANT_HEADER, in: "header", description, schema: { type: "string" } };
}

function inPathParameter(name: string, parameters: readonly ParameterDoc[]): Tree {
  const doc = parameters.find((each) => each.name === name);
  const description = doc?.text ?? "";
  return { name, in: "path", required: true, description, schema: { type: "string" } };
}

function queryParameter(parameter: ParameterDoc, isForm: boolean): Tree {
  const { name, required } = parameter;
  return {
    ...{ name, in: "query", description: textOf(parameter), schema: schemaOf(parameter) },
    ...(required === undefined || isForm ? {} : { required: true }),
  };
}

function schemaOf(parameter: ParameterDoc): Tree {
  const initial = defaultOf(parameter);
  return {
    ...SCHEMAS[parameter.type],
    ...(initial === undefined ? {} : { default: initial }),
    ...(parameter.among === undefined ? {} : { enum: parameter.among }),
  };
}

/** What a client could as well send. Words such as "every stream" are none, and go into the text. */
function defaultOf({ type, otherwise, among }: ParameterDoc): Json | undefined {
  if (otherwise === undefined) return undefined;
  if (type === "integer") return Number(otherwise);
  if (type === "boolean") return otherwise === "true";
  return among?.includes(otherwise) ? otherwise : undefined;
}

function textOf(parameter: ParameterDoc): string {
  const { text, otherwise } = parameter;
  if (otherwise === undefined || defaultOf(parameter) !== undefined) return text;
  return `${text} Without it: ${otherwise}.`;
}
