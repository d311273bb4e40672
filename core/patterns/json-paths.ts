/** By which keys one comes to the fields of a JSON line: `a_b` is `["a", "b"]`. */
import { joinNames } from "../logql/stages/sanitize.ts";

/** As deep as `| json` goes. */
const DEPTH_MAX = 128;

/** Empty for a line that is no JSON. Of two ways to one name the first counts. */
export function pathsIn(line: string): ReadonlyMap<string, readonly string[]> {
  const paths = new Map<string, readonly string[]>();
  let root: unknown;
  try {
    root = JSON.parse(line);
  } catch {
    return paths; // What the lenient parser of queries takes need not be JSON.
  }
  const waiting: [name: string, path: readonly string[], value: unknown][] = [["", [], root]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [prefix, path, value] = next;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      if (!paths.has(prefix)) paths.set(prefix, path);
    } else if (path.length < DEPTH_MAX) {
      for (const [key, inner] of Object.entries(value).reverse()) {
        waiting.push([joinNames(prefix, key), [...path, key], inner]);
      }
    }
  }
  return paths;
}
