/** The shapes of the old `/api/prom` endpoints (spec http-api §4.11). */
import { printLabels } from "../labels/labels.ts";
import type { StreamsResult } from "../model/result.ts";
import { printNanos } from "../model/time.ts";
import type { QueryAnswer } from "../ports/query-service.ts";
import { jsonText } from "./json-text.ts";
import { jsonStats } from "./stats-json.ts";

/** `{"streams":[{"labels":"{…}","entries":[{"ts":"…","line":"…"}]}],"stats":{…}}` */
export function* encodeLegacyAnswer(
  result: StreamsResult,
  { stats, warnings }: Pick<QueryAnswer, "stats" | "warnings">,
): Generator<string> {
  let entries = 0;
  yield '{"streams":[';
  for (const [index, stream] of result.streams.entries()) {
    entries += stream.entries.length;
    const lines = stream.entries.map(({ time, line }) => encodeLegacyEntry(time, line));
    const labels = jsonText(printLabels(stream.labels));
    yield `${index > 0 ? "," : ""}{"labels":${labels},"entries":[${lines.join(",")}]}`;
  }
  yield `],"stats":${jsonStats(stats, entries, warnings)}}\n`;
}

export function encodeLegacyEntry(time: bigint, line: string): string {
  return `{"ts":"${printNanos(time)}","line":${jsonText(line)}}`;
}
