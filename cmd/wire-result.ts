/** Loki's JSON of a query's answer as a result. */
import { byName, labelsOf } from "../core/labels/labels.ts";
import type { Labels } from "../core/model/labels.ts";
import type { QueryResult } from "../core/model/result.ts";

interface WireStream {
  readonly stream: Record<string, string>;
  readonly values: readonly (readonly [string, string])[];
}

interface WireSeries {
  readonly metric: Record<string, string>;
  readonly values?: readonly (readonly [number, string])[];
  readonly value?: readonly [number, string];
}

export function resultOf(body: unknown): QueryResult {
  const { data } = body as { data: { resultType: string; result: unknown } };
  switch (data.resultType) {
    case "streams":
      return {
        kind: "streams",
        streams: (data.result as WireStream[]).map(({ stream, values }) => ({
          labels: labelsOf(stream),
          entries: values.map(([time, line]) => ({ time: BigInt(time), line })),
        })),
      };
    case "matrix":
      return {
        kind: "matrix",
        series: (data.result as WireSeries[]).map(({ metric, values = [] }) => ({
          labels: metricOf(metric),
          times: values.map(([time]) => time * 1000),
          values: values.map(([, value]) => numberOf(value)),
        })),
      };
    case "vector":
      return {
        kind: "vector",
        samples: (data.result as WireSeries[]).map(({ metric, value }) => ({
          labels: metricOf(metric),
          timeMs: value![0] * 1000,
          value: numberOf(value![1]),
        })),
      };
    case "scalar": {
      const [timeMs, value] = data.result as [number, string];
      return { kind: "scalar", timeMs, value: numberOf(value) };
    }
    default:
      throw new Error(`the server answered with the result type ${data.resultType}`);
  }
}

/** As it came: a volume by label names has them without values. */
function metricOf(object: Record<string, string>): Labels {
  return Object.entries(object).sort(byName);
}

function numberOf(text: string): number {
  if (text === "+Inf") return Number.POSITIVE_INFINITY;
  if (text === "-Inf") return Number.NEGATIVE_INFINITY;
  return Number(text);
}
