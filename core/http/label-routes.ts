/** Label names, label values and series, and their old names. */
import { parseSelector } from "../logql/syntax/parse.ts";
import { BadRequest } from "../model/errors.ts";
import type { Matcher } from "../model/matcher.ts";
import type { SelectorRequest } from "../ports/query-service.ts";
import { type AskContext, type Asking, ask, type Warned } from "./asking.ts";
import type { Form } from "./form.ts";
import { jsonList } from "./json-text.ts";
import { LabelTexts } from "./label-texts.ts";
import { bounds } from "./params.ts";
import { JSON_TYPE, jsonResponse } from "./responses.ts";
import { type Call, type Route, route } from "./router.ts";
import { warningHeaders, warningsMember } from "./warnings.ts";

export function labelRoutes(context: AskContext): Route[] {
  const { query } = context;
  const texts = new LabelTexts();

  async function names(call: Call): Promise<Warned<readonly string[]>> {
    const asking = await ask(context, call);
    const request = selectorRequest(asking);
    return asking.warned((warn, signal) =>
      query.labelNames(asking.tenants, { ...request, warn }, signal),
    );
  }

  async function values(call: Call): Promise<Warned<readonly string[]>> {
    const asking = await ask(context, call);
    const request = selectorRequest(asking);
    const name = call.params["name"]!;
    return asking.warned((warn, signal) =>
      query.labelValues(asking.tenants, name, { ...request, warn }, signal),
    );
  }

  async function series(call: Call): Promise<Response> {
    const asking = await ask(context, call);
    const request = { ...bounds(asking.form, asking.now), groups: matcherGroups(asking.form) };
    const { found, warnings } = await asking.warned((warn, signal) =>
      query.series(asking.tenants, { ...request, warn }, signal),
    );
    const data = found.map((labels) => texts.of(labels)).join(",");
    const rest = memberAfter(warnings);
    return jsonResponse(
      `{"status":"success","data":[${data}]${rest}}\n`,
      JSON_TYPE.data,
      200,
      warningHeaders(warnings),
    );
  }

  const both = ["GET", "POST"] as const;
  const frontend = { newline: false };
  const named = async (call: Call) => listResponse(await names(call));
  const valued = async (call: Call) => listResponse(await values(call));
  const legacyNamed = async (call: Call) => legacyResponse(await names(call));
  const legacyValued = async (call: Call) => legacyResponse(await values(call));
  return [
    route(both, "/loki/api/v1/labels", named, frontend),
    route(both, "/loki/api/v1/label", named, frontend),
    route(both, "/loki/api/v1/label/:name/values", valued, frontend),
    route(both, "/loki/api/v1/series", series, frontend),
    route(both, "/api/prom/label", legacyNamed, frontend),
    route(both, "/api/prom/label/:name/values", legacyValued, frontend),
    route(both, "/api/prom/series", series, frontend),
  ];
}

/** No names, no `data`: so it is in Loki. */
function listResponse({ found, warnings }: Warned<readonly string[]>): Response {
  const data = found.length === 0 ? "" : `,"data":${jsonList(found)}`;
  const text = `{"status":"success"${data}${memberAfter(warnings)}}\n`;
  return jsonResponse(text, JSON_TYPE.data, 200, warningHeaders(warnings));
}

function legacyResponse({ found, warnings }: Warned<readonly string[]>): Response {
  const text = found.length === 0 ? "{}" : `{"values":${jsonList(found)}}`;
  return jsonResponse(`${text}\n`, JSON_TYPE.data, 200, warningHeaders(warnings));
}

function memberAfter(warnings: readonly string[]): string {
  return warnings.length === 0 ? "" : `,${warningsMember(warnings)}`;
}

function selectorRequest({ form, now }: Asking): SelectorRequest {
  const { start, end } = bounds(form, now);
  const text = form.get("query");
  return { start, end, matchers: text === "" ? [] : parseSelector(text) };
}

/** The selectors of `match[]` and `match`, each once. None, or `{}` alone, stands for every stream. */
function matcherGroups(form: Form): (readonly Matcher[])[] {
  const texts = [...new Set([...form.all("match"), ...form.all("match[]")])].sort();
  const groups = texts.map((text) => parseSelector(text));
  if (groups.length === 1 && groups[0]!.length === 0) return [];
  if (groups.some((group) => group.length === 0)) throw new BadRequest("0 matchers in group: {}");
  return groups;
}
