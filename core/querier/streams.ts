/** Lines that come one by one, as the streams of an answer: in the order of their labels. */
import { compareText } from "../bytes/text.ts";
import { printLabels } from "../labels/labels.ts";
import type { Labels } from "../model/labels.ts";
import type { ResultEntry, ResultStream } from "../model/result.ts";
import type { EntryLabels, LineEntry } from "../ports/query-service.ts";

export function groupLines(lines: Iterable<LineEntry>): ResultStream[] {
  const bySet = new Map<EntryLabels, ResultEntry[]>();
  const byKey = new Map<string, { labels: Labels; entries: ResultEntry[] }>();
  for (const { time, line, labels: set } of lines) {
    let entries = bySet.get(set);
    if (entries === undefined) {
      const key = printLabels(set.labels);
      const known = byKey.get(key);
      entries = known?.entries ?? [];
      if (known === undefined) byKey.set(key, { labels: set.labels, entries });
      bySet.set(set, entries);
    }
    entries.push({ time, line, metadata: set.metadata, parsed: set.parsed });
  }
  return [...byKey].sort(([a], [b]) => compareText(a, b)).map(([, stream]) => stream);
}
