/** `explain`: what a query would do or, with `analyze=true`, did. Loki has no such thing. */
import { type AskContext, ask } from "./asking.ts";
import { textResponse } from "./errors.ts";
import type { Form } from "./form.ts";
import { instantRequest, rangeRequest } from "./params.ts";
import { JSON_TYPE, jsonResponse } from "./responses.ts";
import { type Call, type Route, route } from "./router.ts";

export function explainRoutes(context: AskContext): Route[] {
  async function explain(call: Call): Promise<Response> {
    const asking = await ask(context, call);
    const { form, tenants, now } = asking;
    // With a `time` it is the query of /query, without one that of /query_range.
    const request = form.get("time") === "" ? rangeRequest(form, now) : instantRequest(form, now);
    const analyze = form.get("analyze") === "true";
    const { text, json } = await asking.behind((signal) =>
      context.query.explain(tenants, request, { analyze, signal }),
    );
    if (!wantsJson(call.request, form)) return textResponse(200, `${text}\n`);
    const body = JSON.stringify({ status: "success", data: { text, ...json } });
    return jsonResponse(`${body}\n`, JSON_TYPE.data);
  }

  return [route(["GET", "POST"], "/loki/api/v1/explain", explain, { newline: false })];
}

function wantsJson({ headers }: Request, form: Form): boolean {
  if (form.get("format") !== "") return form.get("format") === "json";
  return (headers.get("accept") ?? "").includes("application/json");
}
