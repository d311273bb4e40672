/** What the index alone can tell: how much there is of a selection (spec http-api §4.5, §4.6). */
import { parseQuery } from "../logql/syntax/parse.ts";
import { selectorsOf } from "../logql/syntax/visit.ts";
import { BadRequest } from "../model/errors.ts";
import type { Matcher } from "../model/matcher.ts";
import { NS_PER_MS } from "../model/time.ts";
import type { QueryAnswer, VolumeRequest } from "../ports/query-service.ts";
import { type AskContext, type Asking, ask } from "./asking.ts";
import { bounds, parseStep, parseVolumeLimit } from "./params.ts";
import { answerResponse, whole } from "./query-routes.ts";
import { JSON_TYPE, jsonResponse } from "./responses.ts";
import { type Call, type Route, route } from "./router.ts";
import { warningHeaders } from "./warnings.ts";

export function indexRoutes(context: AskContext): Route[] {
  const { query, services } = context;

  async function stats(call: Call): Promise<Response> {
    const asking = await ask(context, call);
    const request = { ...bounds(asking.form, asking.now), matchers: matchersOf(asking) };
    const { found, warnings } = await asking.warned((warn, signal) =>
      query.indexStats(asking.tenants, { ...request, warn }, signal),
    );
    const { streams, chunks, bytes, entries } = found;
    return jsonResponse(
      `${JSON.stringify({ streams, chunks, bytes, entries })}\n`,
      JSON_TYPE.data,
      200,
      warningHeaders(warnings),
    );
  }

  async function volume(call: Call, ranged: boolean): Promise<Response> {
    const asking = await ask(context, call);
    if (!asking.tenants.every((tenant) => services.limits.of(tenant).volumeEnabled)) {
      throw new BadRequest("not found", { status: 404 });
    }
    const request = volumeRequest(asking, ranged);
    const answer = await asking.behind(
      whole(asking, (signal) => query.volume(asking.tenants, request, signal)),
    );
    return answerResponse(withoutData(answer));
  }

  const both = ["GET", "POST"] as const;
  const frontend = { newline: false };
  return [
    route(both, "/loki/api/v1/index/stats", stats, frontend),
    route(both, "/loki/api/v1/index/volume", (call) => volume(call, false), frontend),
    route(both, "/loki/api/v1/index/volume_range", (call) => volume(call, true), frontend),
  ];
}

/** A matrix of nothing is a vector in Loki. */
function withoutData(answer: QueryAnswer): QueryAnswer {
  const { result } = answer;
  if (result.kind !== "matrix" || result.series.length > 0) return answer;
  return { ...answer, result: { kind: "vector", samples: [] } };
}

function volumeRequest(asking: Asking, ranged: boolean): VolumeRequest {
  const { form, now } = asking;
  const { start, end } = bounds(form, now);
  const limit = parseVolumeLimit(form.get("limit"));
  const targetLabels = form
    .get("targetLabels")
    .split(",")
    .filter((name) => name !== "");
  const aggregateBy = form.get("aggregateBy") || "series";
  if (aggregateBy !== "series" && aggregateBy !== "labels") {
    throw new BadRequest("invalid aggregation option");
  }
  const request = { start, end, limit, targetLabels, aggregateBy } as const;
  const matchers = matchersOf(asking);
  if (!ranged) return { ...request, matchers };
  const stepMs = Math.max(1, Number(parseStep(form, { start, end }) / NS_PER_MS));
  return { ...request, matchers, stepMs };
}

/** The selector of the query, whatever is around it. */
function matchersOf({ form }: Asking): readonly Matcher[] {
  return selectorsOf(parseQuery(form.get("query")))[0] ?? [];
}
