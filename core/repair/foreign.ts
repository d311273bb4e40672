/** Which objects of a bucket neither Loki nor lokits has put there, as far as their names say. */
import { DELETE_REQUESTS } from "../index/table.ts";

/** What belongs to a bucket beside chunks and index files: Loki's, and ours under a name of their own. */
const KNOWN = [/^loki_cluster_seed\.json$/, /^rules\//, /^lokits\//];

export function isForeign(object: string, indexPrefix: string): boolean {
  if (object.startsWith(`${indexPrefix}${DELETE_REQUESTS}/`)) return false;
  return !KNOWN.some((name) => name.test(object));
}
