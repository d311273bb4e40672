/**
 * Where in a file a problem between values comes from: the first key without which the problem would not be
 * there. Found by trying, so that no check has to say which keys it looked at.
 */
import type { ConfigProblem } from "./config-error.ts";
import type { FileLayer } from "./file.ts";
import type { Layer } from "./value.ts";

/** Keys that are tried; no file of ours has as many. */
const TRIED_MAX = 2_000;

/** `check` gives the problems of a file that sets these keys. */
export function blame(
  problems: readonly string[],
  { layer, places }: FileLayer,
  check: (layer: Layer) => readonly string[],
): readonly ConfigProblem[] {
  const open = new Set(problems);
  const found = new Map<string, { readonly line: number; readonly column: number }>();
  for (const path of [...layer.keys()].slice(0, TRIED_MAX)) {
    if (open.size === 0) break;
    const place = places.get(path);
    if (place === undefined) continue;
    const without = new Map(layer);
    without.delete(path);
    const left = new Set(check(without));
    for (const text of open) {
      if (left.has(text)) continue;
      found.set(text, { line: place.line, column: place.column });
      open.delete(text);
    }
  }
  return problems.map((text) => ({ text, ...found.get(text) }));
}
