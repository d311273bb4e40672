/** The cases of fixtures/logql/stages: every worked example of the spec, and what follows from its rules. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { portableSearch } from "../../bytes/search.ts";
import { printLabels } from "../../labels/labels.ts";
import type { Labels } from "../../model/labels.ts";
import type { Expr, LogExpr, RangeAggregation } from "../syntax/ast.ts";
import { parseQuery } from "../syntax/parse.ts";
import { compileExtractor, pushGrouping } from "./extract.ts";
import { compilePipeline } from "./pipeline.ts";
import { blockOf } from "./testing/blocks.ts";
import { type Case, type CaseLine, type Outcome, parseCases } from "./testing/cases.ts";

const FOLDER = new URL("../../../fixtures/logql/stages/", import.meta.url);
const TIME = 1698462000_000000000n;
const SEARCH = { search: portableSearch };

for (const file of readdirSync(FOLDER).filter((name) => name.endsWith(".test"))) {
  for (const one of parseCases(file, readFileSync(new URL(file, FOLDER), "utf8"))) {
    test(`${one.place} ${one.text} ${one.about}`, () => check(one));
  }
}

function check(one: Case): void {
  if (one.fails !== undefined) {
    assert.throws(() => compile(one), { message: one.fails });
    return;
  }
  const run = compile(one);
  for (const line of one.lines) {
    const { outcome } = line;
    if (outcome.kind === "fails") {
      const { message } = outcome;
      assert.throws(
        () => run(line),
        (error: Error) => error.message.startsWith(message),
      );
    } else assert.equal(run(line), expected(one.stream, line, outcome), line.place);
  }
}

/** What comes of a line, as a text. */
type Run = (line: CaseLine) => string;

function compile({ kind, stream, text }: Case): Run {
  const id = { labels: stream, fingerprint: 1n };
  const rows = { first: 0, end: 1 };
  if (kind === "eval") {
    const pipeline = compilePipeline(logQuery(text), SEARCH).forStream(id);
    return (line) => {
      const survivors = pipeline.run(blockOf([{ ...line, time: TIME }]), rows);
      if (survivors.count === 0) return "dropped";
      return shown(survivors.labelsOf(0).labels, JSON.stringify(survivors.line(0)));
    };
  }
  const extractor = compileExtractor(aggregation(parseQuery(text)), SEARCH).forStream(id);
  return (line) => {
    const samples = extractor.run(blockOf([{ ...line, time: TIME }]), rows);
    if (samples.count === 0) return "dropped";
    const set = "labels" in samples.labels ? samples.labels : samples.labels[0]!;
    return shown(set.labels, `${samples.values[0]}`);
  };
}

function logQuery(stages: string): LogExpr {
  const expr = parseQuery(`{p="s"} ${stages}`);
  assert.ok(expr.kind === "log");
  return expr;
}

function aggregation(expr: Expr): RangeAggregation {
  if (expr.kind === "range") return expr;
  const pushed = expr.kind === "vector-aggregation" ? pushGrouping(expr) : undefined;
  assert.ok(pushed !== undefined);
  return pushed;
}

function expected(stream: Labels, { line }: CaseLine, outcome: Outcome): string {
  switch (outcome.kind) {
    case "value":
      return shown(outcome.labels, `${outcome.value}`);
    case "keeps":
    case "labels": {
      const base = outcome.kind === "labels" ? [] : stream;
      const all = [...base, ...outcome.labels].sort(([a], [b]) => (a < b ? -1 : 1));
      return shown(all, JSON.stringify(outcome.line ?? line));
    }
    default:
      return outcome.kind;
  }
}

function shown(labels: Labels, rest: string): string {
  return `${printLabels(labels)} ${rest}`;
}
