/** Lines of the log that a stranger has a word in: a query, a header, a tag. None of them can make a second line. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SimClock } from "../sim/clock.ts";
import { makeJournal } from "./journal.ts";
import { Metrics } from "./metrics.ts";
import { withTags } from "./query-log.ts";

const SEED = 20_261_123;

/** What somebody takes for the end of a line: terminals, Python's splitlines, JavaScript. */
const LINE_ENDS = /[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/;
/** What moves a terminal's cursor, changes its colours, or the direction of what follows. */
const CONTROLS = /[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/** Texts that somebody would send to be taken for more than a text. */
const HOSTILE = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({
    unit: fc.constantFrom(
      ...[
        "\n",
        "\r",
        "\t",
        "\0",
        "\x1b[2J",
        "\x7f",
        "\x85",
        "\x9b1m",
        "\u2028",
        "\u2029",
        "\u202e",
      ],
      ...['"', "\\", "=", " ", "{", "}", "level=error", "msg=x", "\ud800", "\udc00", "é", "\ufffd"],
    ),
  }),
);

function lineOf(format: "logfmt" | "json", fields: Readonly<Record<string, unknown>>): string {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const journal = makeJournal({ clock: new SimClock(0n), level: "info", format, write });
  journal.log("info", "query", fields);
  assert.equal(lines.length, 1);
  return lines[0]!;
}

/** The fields of a line of logfmt, each as often as it is there. */
function readLogfmt(line: string): [name: string, value: string][] {
  const pairs = line.matchAll(/(?:^| )([^\s="]+)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?= |$)/gy);
  return [...pairs].map(([, name, value]) => [
    name!,
    value!.startsWith('"') ? String(JSON.parse(value!)) : value!,
  ]);
}

/** As it is written: half of a pair of surrogates is shown as its escape, which reads as itself. */
const given = (check: (text: string, other: string) => void) =>
  fc.assert(fc.property(HOSTILE, HOSTILE, check), { seed: SEED, numRuns: 500 });

test("a field of logfmt is one field of one line, and reads back as it was", () => {
  given((text, other) => {
    const line = lineOf("logfmt", { query: text, err: new Error(other), org_id: "a" });
    assert.doesNotMatch(line, LINE_ENDS);
    assert.doesNotMatch(line, CONTROLS);
    const fields = readLogfmt(line);
    assert.deepEqual(
      fields.map(([name]) => name),
      ["level", "ts", "msg", "query", "err", "org_id"],
    );
    assert.equal(fields[3]![1], text);
  });
});

test("a field of JSON is one field of one line, and reads back as it was", () => {
  given((text, other) => {
    const line = lineOf("json", { query: text, list: [other], org_id: "a" });
    assert.doesNotMatch(line, LINE_ENDS);
    assert.doesNotMatch(line, CONTROLS);
    const fields = JSON.parse(line) as Record<string, unknown>;
    assert.deepEqual(Object.keys(fields), ["level", "ts", "msg", "query", "list", "org_id"]);
    assert.deepEqual([fields["query"], fields["list"]], [text, [other]]);
  });
});

test("tags of a query are words, and none stands in for a field of ours", () => {
  given((name, value) => {
    const tags = withTags({ query: "q", status: 200 }, `${name}=${value},Status=500,level=error`);
    const line = lineOf("logfmt", tags);
    assert.doesNotMatch(line, CONTROLS);
    const fields = readLogfmt(line);
    const count = (wanted: string) => fields.filter(([found]) => found === wanted).length;
    assert.deepEqual([count("level"), count("status"), count("query")], [1, 1, 1]);
    for (const [found] of fields) assert.match(found, /^\w+$/);
  });
});

test("a label of a metric is one label of one line", () => {
  given((text, other) => {
    const metrics = new Metrics();
    metrics.count("a_total", 1, { tenant: text, other });
    const [type, series, ...rest] = metrics.print().split("\n");
    assert.equal(type, "# TYPE a_total counter");
    assert.deepEqual(rest, [""]);
    const label = String.raw`"((?:[^"\\]|\\.)*)"`;
    const shape = new RegExp(`^a_total\\{tenant=${label},other=${label}\\} 1$`, "s");
    const [, value] = shape.exec(series ?? "") ?? [];
    assert.ok(value !== undefined, String(series));
    const unescaped = value.replace(/\\(.)/gs, (_: string, char: string) =>
      char === "n" ? "\n" : char,
    );
    assert.equal(unescaped, text);
  });
});
