/** `format_query`: a query laid out for people (spec http-api §4.8). Its errors are JSON too. */
import { parseQuery } from "../logql/syntax/parse.ts";
import { prettyExpr } from "../logql/syntax/pretty.ts";
import { BadRequest } from "../model/errors.ts";
import { type BodyDoor, readForm } from "./form.ts";
import { jsonText } from "./json-text.ts";
import { JSON_TYPE, jsonResponse } from "./responses.ts";
import { type Call, type Route, route } from "./router.ts";

export function formatRoutes(door: BodyDoor): Route[] {
  async function format({ request }: Call): Promise<Response> {
    const form = await readForm(request, door);
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
