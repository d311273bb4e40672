/** What Grafana asks to offer labels and fields: `detected_labels`, `detected_fields` and a field's values (spec http-api §4.7). */
import { portableSearch } from "../bytes/search.ts";
import { compareText } from "../bytes/text.ts";
import { Pacer } from "../logql/exec/pacer.ts";
import { parseLogQuery, parseSelector } from "../logql/syntax/parse.ts";
import { BadRequest } from "../model/errors.ts";
import type { Labels } from "../model/labels.ts";
import { NS_PER_MS } from "../model/time.ts";
import { type DetectedField, FieldDetector } from "../patterns/fields.ts";
import type { RangeRequest } from "../ports/query-service.ts";
import { type AskContext, type Asking, ask } from "./asking.ts";
import type { Form } from "./form.ts";
import { jsonText } from "./json-text.ts";
import { bounds, parseLimit } from "./params.ts";
import { whole } from "./query-routes.ts";
import { JSON_TYPE, jsonResponse } from "./responses.ts";
import { type Call, type Route, route } from "./router.ts";
import { warningHeaders } from "./warnings.ts";

const FIELDS_DEFAULT = 1000;

export function detectedRoutes(context: AskContext): Route[] {
  const { query, services } = context;

  async function labels(call: Call): Promise<Response> {
    const asking = await ask(context, call);
    const text = asking.form.get("query");
    const matchers = text === "" ? [] : parseSelector(text);
    const groups = matchers.length === 0 ? [] : [matchers];
    const request = { ...bounds(asking.form, asking.now), groups };
    const { found, warnings } = await asking.warned((warn, signal) =>
      query.series(asking.tenants, { ...request, warn }, signal),
    );
    const items = cardinalities(found).map(
      ([name, count]) => `{"label":${jsonText(name)},"cardinality":${count}}`,
    );
    return listed(`{"detectedLabels":[${items.join(",")}]}`, warnings);
  }

  /** Looks at as many lines as the query may have. */
  async function detect(asking: Asking, fieldsMax: number): Promise<Detected> {
    const { form, tenants } = asking;
    const log = parseLogQuery(form.get("query"));
    const prepared = query.prepare(tenants, linesOf(asking));
    const run = whole(asking, (signal) => prepared.run(signal));
    return await asking.behind(async (signal) => {
      const { result, warnings } = await run(signal);
      const pacer = new Pacer(services.clock, signal);
      const detector = new FieldDetector({ log, fieldsMax, pacer, search: portableSearch });
      if (result.kind === "streams") await detector.add(result.streams);
      return { fields: detector.fields, warnings };
    });
  }

  async function fields(call: Call): Promise<Response> {
    const asking = await ask(context, call);
    const limit = fieldLimit(asking.form);
    const { fields, warnings } = await detect(asking, limit);
    const items = [...fields.values()].sort((a, b) => compareText(a.label, b.label));
    const list = items.map(jsonField).join(",");
    return listed(`{"fields":[${list}],"limit":${limit}}`, warnings);
  }

  async function values(call: Call): Promise<Response> {
    const asking = await ask(context, call);
    const limit = fieldLimit(asking.form);
    const { fields, warnings } = await detect(asking, Number.POSITIVE_INFINITY);
    const found = [...(fields.get(call.params["name"]!)?.values ?? [])].sort(compareText);
    const list = found.slice(0, limit).map(jsonText).join(",");
    return listed(`{"values":[${list}],"limit":${limit}}`, warnings);
  }

  const both = ["GET", "POST"] as const;
  const frontend = { newline: false };
  return [
    route(both, "/loki/api/v1/detected_labels", labels, frontend),
    route(both, "/loki/api/v1/detected_fields", fields, frontend),
    route(both, "/loki/api/v1/detected_field/:name/values", values, frontend),
  ];
}

interface Detected {
  readonly fields: ReadonlyMap<string, DetectedField>;
  readonly warnings: readonly string[];
}

function listed(json: string, warnings: readonly string[]): Response {
  return jsonResponse(`${json}\n`, JSON_TYPE.data, 200, warningHeaders(warnings));
}

/** The newest lines of the time asked for; `line_limit` is how many, since `limit` counts fields. */
function linesOf({ form, now }: Asking): RangeRequest {
  const { start, end } = bounds(form, now);
  if (end < start) {
    throw new BadRequest("end timestamp must not be before or equal to start time");
  }
  return {
    ...{ kind: "range", query: form.get("query"), start, end, interval: 0n },
    // Lines have no steps; one as long as the time asked for offends no rule.
    stepMs: Math.max(1, Number((end - start) / NS_PER_MS)),
    limit: parseLimit(form.get("line_limit")),
    direction: "backward",
  };
}

function fieldLimit(form: Form): number {
  const text = form.get("limit") || form.get("field_limit");
  return text === "" ? FIELDS_DEFAULT : parseLimit(text);
}

/** Names with the number of their values, sorted. */
function cardinalities(series: readonly Labels[]): [name: string, values: number][] {
  const values = new Map<string, Set<string>>();
  for (const labels of series) {
    for (const [name, value] of labels) {
      const known = values.get(name);
      if (known === undefined) values.set(name, new Set([value]));
      else known.add(value);
    }
  }
  return [...values]
    .map(([name, { size }]): [string, number] => [name, size])
    .sort(([a], [b]) => compareText(a, b));
}

/** Metadata has no parsers, and says so with null: Grafana tells the two apart by that. */
function jsonField({ label, type, values, parsers, jsonPath }: DetectedField): string {
  const path = jsonPath === undefined ? "" : `,"jsonPath":[${jsonPath.map(jsonText).join(",")}]`;
  const by = parsers === undefined ? "null" : `[${[...parsers].sort().map(jsonText).join(",")}]`;
  return (
    `{"label":${jsonText(label)},"type":"${type ?? "string"}","cardinality":${values.size},` +
    `"parsers":${by}${path}}`
  );
}
