/** Loki's JSON of a query's answer as a result. */
import { byName } from "../core/labels/labels.ts";
import type { Labels } from "../core/model/labels.ts";
import type { QueryResult } from "../core/model/result.ts";
import { notLokis } from "./answers.ts";

interface WireStream {
  readonly stream: Record<string, string>;
  readonly values: readonly (readonly [string, string])[];
}

interface WireSeries {
  readonly metric: Record<string, string>;
  readonly values?: readonly (readonly [number, string])[];
  readonly value?: readonly [number, string];
}

/** Throws when it is not what Loki's API answers. */
export function resultOf(body: unknown): QueryResult {
  const data = ((body ?? {}) as { data?: { resultType?: unknown; result?: unknown } }).data;
  const result = data?.result ?? [];
  if (typeof data?.resultType !== "string" || !Array.isArray(result))
    throw notLokis('"data" with "resultType" and "result"', body);
  switch (data.resultType) {
    case "streams":
      return {
        kind: "streams",
        streams: (result as WireStream[]).map(({ stream, values }) => ({
          labels: labelsAsSent(stream),
          entries: values.map(([time, line]) => ({ time: BigInt(time), line })),
        })),
      };
    case "matrix":
      return {
        kind: "matrix",
        series: (result as WireSeries[]).map(({ metric, values = [] }) => ({
          labels: labelsAsSent(metric),
          times: values.map(([time]) => time * 1000),
          values: values.map(([, value]) => numberOf(value)),
        })),
      };
    case "vector":
      return {
        kind: "vector",
        samples: (result as WireSeries[]).map(({ metric, value }) => ({
          labels: labelsAsSent(metric),
          timeMs: value![0] * 1000,
          value: numberOf(value![1]),
        })),
      };
    case "scalar": {
      const [timeMs, value] = result as [number, string];
      return { kind: "scalar", timeMs, value: numberOf(value) };
    }
    default:
      throw new Error(`the server answered with the result type ${data.resultType}`);
  }
}

/** With the empty ones: `logfmt x="y"` gives them to lines without `y`, a volume by label names to all. */
export function labelsAsSent(object: Record<string, string>): Labels {
  return Object.entries(object).sort(byName);
}

function numberOf(text: string): number {
  if (text === "+Inf") return Number.POSITIVE_INFINITY;
  if (text === "-Inf") return Number.NEGATIVE_INFINITY;
  return Number(text);
}
