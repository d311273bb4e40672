/** `context`: the lines around a line, in its own stream. Loki has no such thing. */
import { parseQuery } from "../logql/syntax/parse.ts";
import { BadRequest } from "../model/errors.ts";
import { type AskContext, ask } from "./asking.ts";
import { parseAround, parseMoment } from "./params.ts";
import { answerResponse, categorizes, whole } from "./query-routes.ts";
import { type Call, type Route, route } from "./router.ts";

/** Lines before and after when a request says nothing. */
const AROUND = 10;

export function contextRoutes(context: AskContext): Route[] {
  async function around(call: Call): Promise<Response> {
    const asking = await ask(context, call);
    const { form, tenants } = asking;
    const expr = parseQuery(form.get("query"));
    if (expr.kind !== "log") throw new BadRequest("only log selector is supported");
    const line = form.get("line");
    const request = {
      matchers: expr.matchers,
      time: parseMoment(form.get("time")),
      ...(line === "" ? {} : { line }),
      ...parseAround(form, AROUND),
    };
    const answer = await asking.behind(
      whole(asking, (signal) => context.query.context(tenants, request, signal)),
    );
    return answerResponse(answer, {
      categorize: categorizes(call.request),
      direction: "forward",
    });
  }

  return [route(["GET", "POST"], "/loki/api/v1/context", around, { newline: false })];
}
