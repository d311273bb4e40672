/** `query`, `query_range` and the old `/api/prom/query`. */
import { quote } from "../golang/quote.ts";
import { BadRequest } from "../model/errors.ts";
import type { QueryAnswer, QueryRequest } from "../ports/query-service.ts";
import { type AskContext, type Asking, ask } from "./asking.ts";
import { encodeAnswer } from "./encode-json.ts";
import { BehindFrontend } from "./errors.ts";
import { encodeLegacyAnswer } from "./legacy-json.ts";
import { instantRequest, rangeRequest } from "./params.ts";
import { JSON_TYPE, pieceResponse } from "./responses.ts";
import { type Call, type Route, route } from "./router.ts";

const ENCODING_FLAGS = "X-Loki-Response-Encoding-Flags";

export function queryRoutes(context: AskContext): Route[] {
  const { query } = context;

  async function answer(call: Call, read: (asking: Asking) => QueryRequest): Promise<Response> {
    const asking = await ask(context, call);
    const request = read(asking);
    const prepared = query.prepare(asking.tenants, request);
    const result = await asking.behind((signal) => prepared.run(signal));
    return answerResponse(result, {
      categorize: categorizes(call.request),
      instant: request.kind === "instant",
    });
  }

  async function legacy(call: Call): Promise<Response> {
    const asking = await ask(context, call);
    const request = rangeRequest(asking.form, asking.now);
    const regexp = asking.form.get("regexp");
    const text = regexp === "" ? request.query : `${request.query} |~ ${quote(regexp)}`;
    const prepared = query.prepare(asking.tenants, { ...request, query: text });
    if (prepared.kind !== "log") {
      throw new BehindFrontend(new BadRequest("legacy endpoints only support streams result type"));
    }
    const { result, stats } = await asking.behind((signal) => prepared.run(signal));
    if (result.kind !== "streams") throw new TypeError(`log query gave a ${result.kind}`);
    return pieceResponse(encodeLegacyAnswer(result, stats), JSON_TYPE.data);
  }

  const both = ["GET", "POST"] as const;
  const frontend = { newline: false };
  return [
    route(
      both,
      "/loki/api/v1/query_range",
      (call) => answer(call, ({ form, now }) => rangeRequest(form, now)),
      frontend,
    ),
    route(
      both,
      "/loki/api/v1/query",
      (call) => answer(call, ({ form, now }) => instantRequest(form, now)),
      frontend,
    ),
    route(both, "/api/prom/query", legacy, frontend),
  ];
}

/** Lines and numbers differ in their content types, and in the newline at the end. */
export function answerResponse(
  answer: QueryAnswer,
  options: { categorize?: boolean; instant?: boolean } = {},
): Response {
  const { categorize = false, instant = false } = options;
  const isLines = answer.result.kind === "streams";
  const linesType = instant ? JSON_TYPE.handler : JSON_TYPE.data;
  return pieceResponse(
    encodeAnswer(answer, { categorize }),
    isLines ? linesType : JSON_TYPE.metric,
  );
}

/** Whether the client wants to know where each label came from. */
export function categorizes({ headers }: Request): boolean {
  const flags = headers.get(ENCODING_FLAGS) ?? "";
  return flags.split(",").some((flag) => flag.trim() === "categorize-labels");
}
