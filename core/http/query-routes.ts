/** `query`, `query_range` and the old `/api/prom/query`. */
import { quote } from "../golang/quote.ts";
import { BadRequest } from "../model/errors.ts";
import type { QueryAnswer, QueryRequest } from "../ports/query-service.ts";
import { type AskContext, type Asking, ask } from "./asking.ts";
import { type EncodeOptions, encodeAnswer } from "./encode-json.ts";
import { BehindFrontend } from "./errors.ts";
import { encodeLegacyAnswer } from "./legacy-json.ts";
import { linesResponse } from "./lines-json.ts";
import { instantRequest, linesRequest, rangeRequest } from "./params.ts";
import type { QueryLog } from "./query-log.ts";
import { JSON_TYPE, pieceResponse } from "./responses.ts";
import { type Call, type Route, route } from "./router.ts";
import { isStrict, refuseWarnings, warningHeaders } from "./warnings.ts";

const SILENT_LOG: QueryLog = (_, run) => run();

const ENCODING_FLAGS = "X-Loki-Response-Encoding-Flags";

/** Queries are told of to `log` when there is one. */
export function queryRoutes(context: AskContext, log: QueryLog = SILENT_LOG): Route[] {
  const { query } = context;

  async function answer(call: Call, asking: Asking, request: QueryRequest): Promise<Response> {
    const prepared = query.prepare(asking.tenants, request);
    const run = whole(asking, (signal) => prepared.run(signal));
    const about = { http: call.request, tenants: asking.tenants, request, kind: prepared.kind };
    const result = await log(about, () => asking.behind(run));
    return answerResponse(result, {
      categorize: categorizes(call.request),
      instant: request.kind === "instant",
      direction: request.direction,
    });
  }

  async function legacy(call: Call): Promise<Response> {
    const asking = await ask(context, call);
    const request = rangeRequest(asking.form, asking.now);
    const regexp = asking.form.get("regexp");
    const text = regexp === "" ? request.query : `${request.query} |~ ${quote(regexp)}`;
    const prepared = query.prepare(asking.tenants, { ...request, query: text });
    if (prepared.kind === "metric") {
      throw new BehindFrontend(new BadRequest("legacy endpoints only support streams result type"));
    }
    const run = whole(asking, (signal) => prepared.run(signal));
    const about = { http: call.request, tenants: asking.tenants, request, kind: prepared.kind };
    const found = await log(about, () => asking.behind(run));
    const { result, warnings } = found;
    if (result.kind !== "streams") throw new TypeError(`log query gave a ${result.kind}`);
    const pieces = encodeLegacyAnswer(result, found);
    return pieceResponse(pieces, JSON_TYPE.data, warningHeaders(warnings));
  }

  /** `stream=true`, which Loki knows nothing of: JSON lines as they are found. */
  async function stream(call: Call, asking: Asking): Promise<Response> {
    const request = linesRequest(asking.form, asking.now);
    const gone = new AbortController();
    const signal = AbortSignal.any([call.signal, gone.signal]);
    const lines = query.lines(asking.tenants, request, signal);
    const options = {
      categorize: categorizes(call.request),
      cursor: request.cursor !== undefined,
      strict: isStrict(asking.form),
    };
    return await linesResponse(lines, { ...options, leave: () => gone.abort() });
  }

  async function range(call: Call): Promise<Response> {
    const asking = await ask(context, call);
    if (asking.form.get("stream") === "true") return await stream(call, asking);
    return await answer(call, asking, rangeRequest(asking.form, asking.now));
  }

  async function instant(call: Call): Promise<Response> {
    const asking = await ask(context, call);
    return await answer(call, asking, instantRequest(asking.form, asking.now));
  }

  const both = ["GET", "POST"] as const;
  const frontend = { newline: false };
  return [
    route(both, "/loki/api/v1/query_range", range, frontend),
    route(both, "/loki/api/v1/query", instant, frontend),
    route(both, "/api/prom/query", legacy, frontend),
  ];
}

/** Lines and numbers differ in their content types, and in the newline at the end. */
export function answerResponse(
  answer: QueryAnswer,
  options: EncodeOptions & { instant?: boolean } = {},
): Response {
  const { instant = false } = options;
  const isLines = answer.result.kind === "streams";
  const linesType = instant ? JSON_TYPE.handler : JSON_TYPE.data;
  const type = isLines ? linesType : JSON_TYPE.metric;
  return pieceResponse(encodeAnswer(answer, options), type, warningHeaders(answer.warnings));
}

/** The work, which with `strict=true` gives a whole answer or none. */
export function whole(
  { form }: Asking,
  work: (signal: AbortSignal) => Promise<QueryAnswer>,
): (signal: AbortSignal) => Promise<QueryAnswer> {
  if (!isStrict(form)) return work;
  return async (signal) => {
    const answer = await work(signal);
    refuseWarnings(answer.warnings);
    return answer;
  };
}

/** Whether the client wants to know where each label came from. */
export function categorizes({ headers }: Request): boolean {
  const flags = headers.get(ENCODING_FLAGS) ?? "";
  return flags.split(",").some((flag) => flag.trim() === "categorize-labels");
}
