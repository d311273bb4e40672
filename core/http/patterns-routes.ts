/** `/patterns`: what lines look alike, and how many there were (spec http-api §4.7). */
import { parseLogQuery } from "../logql/syntax/parse.ts";
import { BadRequest } from "../model/errors.ts";
import { msOf, NS_PER_MS } from "../model/time.ts";
import type { PatternRequest, PatternSeries, PatternSource } from "../ports/patterns.ts";
import { type AskContext, type Asking, ask } from "./asking.ts";
import { jsonText } from "./json-text.ts";
import { bounds, parseStep } from "./params.ts";
import { JSON_TYPE, jsonResponse } from "./responses.ts";
import { type Call, type Route, route } from "./router.ts";

/** Without a source nobody looks for patterns, and the route says so cleanly. */
export function patternsRoutes(context: AskContext, source: PatternSource | undefined): Route[] {
  async function patterns(call: Call): Promise<Response> {
    const asking = await ask(context, call);
    if (source === undefined) throw new BadRequest("not found", { status: 404 });
    const request = requestOf(asking);
    const found = await asking.behind(async () => {
      const all: PatternSeries[] = [];
      for (const tenant of asking.tenants) all.push(...(await source.patterns(tenant, request)));
      return all;
    });
    const data = found.map(jsonSeries).join(",");
    return jsonResponse(`{"status":"success","data":[${data}]}\n`, JSON_TYPE.data);
  }

  const frontend = { newline: false };
  return [route(["GET", "POST"], "/loki/api/v1/patterns", patterns, frontend)];
}

/** Of a query with stages only the selector counts. */
function requestOf({ form, now }: Asking): PatternRequest {
  const { matchers } = parseLogQuery(form.get("query"));
  const { start, end } = bounds(form, now);
  if (end < start) {
    throw new BadRequest("end timestamp must not be before or equal to start time");
  }
  const stepMs = Number(parseStep(form, { start, end }) / NS_PER_MS);
  return { matchers, startMs: msOf(start), endMs: msOf(end), stepMs };
}

function jsonSeries({ pattern, level, times, counts }: PatternSeries): string {
  const samples = times.map((time, index) => `[${Math.floor(time / 1000)},${counts[index]}]`);
  return `{"pattern":${jsonText(pattern)},"level":"${level}","samples":[${samples.join(",")}]}`;
}
