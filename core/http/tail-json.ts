/** Frames of a tail as JSON: every entry is a stream of its own, as in Loki. */
import { printLabels } from "../labels/labels.ts";
import type { TailEntry } from "../ports/query-service.ts";
import { type EncodeOptions, encodeEntry, streamLabels } from "./encode-json.ts";
import { jsonStreamLabels, jsonText } from "./json-text.ts";
import { encodeLegacyEntry } from "./legacy-json.ts";
import type { TailFrame } from "./tail-session.ts";

/** `{"streams":[{"stream":{…},"values":[["<ns>","line"]]}],"dropped_entries":[…]}`; empty lists are left out. */
export function encodeTailFrame(
  { entries, dropped }: TailFrame,
  options: EncodeOptions = {},
): string {
  const members: string[] = [];
  if (entries.length > 0) {
    const streams = entries.map((entry) => encodeTailEntry(entry, options));
    members.push(`"streams":[${streams.join(",")}]`);
  }
  if (options.categorize) members.push('"encodingFlags":["categorize-labels"]');
  if (dropped.length > 0) {
    const drops = dropped.map(
      ({ time, labels }) => `{"timestamp":"${time}","labels":${jsonStreamLabels(labels)}}`,
    );
    members.push(`"dropped_entries":[${drops.join(",")}]`);
  }
  return `{${members.join(",")}}`;
}

function encodeTailEntry(entry: TailEntry, options: EncodeOptions): string {
  const labels = options.categorize ? streamLabels(entry.labels, entry) : entry.labels;
  return `{"stream":${jsonStreamLabels(labels)},"values":[${encodeEntry(entry, options)}]}`;
}

/** The frames of `/api/prom/tail`. */
export function encodeLegacyTailFrame({ entries, dropped }: TailFrame): string {
  const streams = entries.map(
    ({ labels, time, line }) =>
      `{"labels":${jsonText(printLabels(labels))},"entries":[${encodeLegacyEntry(time, line)}]}`,
  );
  const drops = dropped.map(
    ({ time, labels }) => `{"timestamp":"${time}","labels":${jsonText(printLabels(labels))}}`,
  );
  const dropList = drops.length === 0 ? "null" : `[${drops.join(",")}]`;
  return `{"streams":[${streams.join(",")}],"dropped_entries":${dropList}}\n`;
}
