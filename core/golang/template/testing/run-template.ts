/** What the tests of templates share: a row, and a template run on it. */
import { compileTemplate } from "../template.ts";

export const LINE = "the line";
/** 2023-10-28T08:56:13.200624196Z, a Saturday. */
export const TIME_NS = 1698483373200624196n;

/** The text that a template makes of labels. */
export function run(template: string, labels: Record<string, string> = {}): string {
  const map = new Map(Object.entries(labels));
  const data = { get: (name: string) => map.get(name), all: () => map };
  const compiled = compileTemplate("line", template, { now: () => 1_700_000_000_000_000_000n });
  return compiled.execute(data, { line: LINE, timeNs: TIME_NS });
}
