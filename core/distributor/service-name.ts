/** Loki 3's `service_name`: streams without one get it from the first label that is likely to say so. */
import { labelsOf, labelValue, printLabels } from "../labels/labels.ts";
import type { LabelSet } from "./label-cache.ts";

export const SERVICE_NAME = "service_name";
export const UNKNOWN_SERVICE = "unknown_service";

/** The set itself when it has a service name, or when `names` is empty: then nothing is discovered. */
export function withServiceName(set: LabelSet, names: readonly string[]): LabelSet {
  if (names.length === 0 || set.labels.length === 0) return set;
  if (labelValue(set.labels, SERVICE_NAME) !== "") return set;
  const source = names.find((name) => labelValue(set.labels, name) !== "");
  const value = source === undefined ? UNKNOWN_SERVICE : labelValue(set.labels, source);
  const labels = labelsOf([...set.labels, [SERVICE_NAME, value]]);
  return { labels, text: printLabels(labels) };
}
