/** `format_query`: a query laid out for people (spec http-api §4.8). Its errors are JSON too. */
import { parseQuery } from "../logql/syntax/parse.ts";
import { prettyExpr } from "../logql/syntax/pretty.ts";
import { BadRequest } from "../model/errors.ts";
import { readForm } from "./form.ts";
import { jsonText } from "./json-text.ts";
import { JSON_TYPE, jsonResponse } from "./responses.ts";
import { type Call, type Route, route } from "./router.ts";
import type { HttpSettings } from "./services.ts";

export function formatRoutes(settings: HttpSettings): Route[] {
  async function format({ request }: Call): Promise<Response> {
    const form = await readForm(request, settings.queryBytesMax);
    try {
      const text = prettyExpr(parseQuery(form.get("query")));
      return jsonResponse(`{"status":"success","data":${jsonText(text)}}\n`, JSON_TYPE.handler);
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      const text = `{"status":"invalid-query","error":${jsonText(error.message)}}\n`;
      return jsonResponse(text, JSON_TYPE.handler, 400);
    }
  }

  return [route(["GET", "POST"], "/loki/api/v1/format_query", format)];
}
