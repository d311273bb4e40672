/** Do templates make of rows what Loki made of them? The rows are recorded: see fixtures/template. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { compileTemplate } from "./template.ts";
import { TemplateError } from "./template-error.ts";

interface Recorded {
  readonly template: string;
  readonly labels: Record<string, string>;
  readonly timeNs: string;
  readonly line: string;
  readonly text?: string;
  readonly error?: string;
}

const FIXTURE = new URL("../../../fixtures/template/recorded.json", import.meta.url);

test("execute() makes what Loki 2.9.1 made", () => {
  const rows = JSON.parse(readFileSync(FIXTURE, "utf8")) as Recorded[];
  assert.ok(rows.length > 0);
  for (const { template, labels, timeNs, line, text, error } of rows) {
    const map = new Map(Object.entries(labels));
    const data = { get: (name: string) => map.get(name), all: () => map };
    const compiled = compileTemplate("line", template);
    const execute = () => compiled.execute(data, { line, timeNs: BigInt(timeNs) });
    if (error === undefined) assert.equal(execute(), text, template);
    else assert.throws(execute, new TemplateError(error), template);
  }
});
