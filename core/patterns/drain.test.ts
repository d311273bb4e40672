/** Which patterns lines get, and that a pattern finds every line that it was made of. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { utf8 } from "../bytes/text.ts";
import { PatternFilter } from "../logql/stages/pattern-filter.ts";
import type { Cluster } from "./cluster.ts";
import { Drain } from "./drain.ts";
import { Tokens } from "./tokens.ts";

const tokens = new Tokens();

function add(drain: Drain, line: string | Uint8Array): Cluster {
  // Somewhere inside of a longer text, as in a push.
  const bytes = typeof line === "string" ? utf8(line) : line;
  const text = new Uint8Array(bytes.length + 20).fill(0x61);
  text.set(bytes, 10);
  const at = { start: 10, end: 10 + bytes.length };
  tokens.read(text, at.start, at.end);
  return drain.add(tokens, text, at).cluster;
}

/** The patterns of lines, in the order of their first line. */
function given(lines: readonly string[]): string[] {
  const drain = new Drain({ bucketsMax: 10 });
  const clusters = lines.map((line) => add(drain, line));
  assert.equal(drain.count, new Set(clusters).size);
  for (const [index, { pattern }] of clusters.entries()) {
    assert.ok(finds(pattern, utf8(lines[index]!)), `${pattern} does not find ${lines[index]}`);
  }
  return [...new Set(clusters)].map(({ pattern }) => pattern);
}

function finds(pattern: string, line: Uint8Array): boolean {
  return new PatternFilter(pattern).test(line, 0, line.length);
}

test("what differs between lines is a wildcard", () => {
  assert.deepEqual(given(["user ann logged in", "user bob logged in", "user eve logged in"]), [
    "user <_> logged in",
  ]);
  assert.deepEqual(given(["took 15ms", "took 3s"]), ["took <_>"]);
  assert.deepEqual(given(["a line that stays", "a line that stays"]), ["a line that stays"]);
});

test("lines that say something else have a pattern of their own", () => {
  assert.deepEqual(
    given(["connection to db refused", "opened file for writing", "shutting down now please"]),
    ["connection to db refused", "opened file for writing", "shutting down now please"],
  );
  // Not enough in common.
  assert.deepEqual(given(["job a b c d", "job e f g h"]).length, 2);
});

test("numbers and ids are wildcards from the first line on", () => {
  assert.deepEqual(given(["code=200 size=-5.5 id=c0ffee0123456789abcd word=http2x"]), [
    "code=<_> size=<_> id=<_> word=http2x",
  ]);
});

test("shapes are kept apart: logfmt, JSON, access logs", () => {
  const patterns = given([
    'level=info msg="GET /cart" took=12ms',
    'level=info msg="PUT /pay" took=1ms',
    '{"level":"info","took":12}',
    '{"level":"info","took":7}',
    '10.0.0.1 - - [28/Oct/2023:06:00:43 +0000] "GET /a HTTP/1.1" 200 55',
    '10.0.0.2 - - [29/Oct/2023:07:10:40 +0000] "GET /b HTTP/1.1" 404 7',
  ]);
  assert.deepEqual(patterns, [
    'level=info msg="<_> <_>" took=<_>',
    '{"level":"info","took":<_>}',
    '<_> - - [<_>:<_>:<_>:<_> <_>] "GET <_> HTTP/1.1" <_> <_>',
  ]);
});

test("text that a pattern could not hold becomes a wildcard", () => {
  assert.deepEqual(given(["open <html> tag", "a <_> b", "x <y z> w"]), [
    "open <_> tag",
    "a <_> b",
    "x <y z> w",
  ]);
  const drain = new Drain({ bucketsMax: 10 });
  const line = Uint8Array.of(0x61, 0x20, 0xff, 0xfe, 0x20, 0x62);
  const { pattern } = add(drain, line);
  assert.equal(pattern, "a <_> b");
  assert.ok(finds(pattern, line));
});

test("a line of very many tokens has a pattern that ends open", () => {
  const long = Array.from({ length: 200 }, (_, index) => `w${"x".repeat(index % 5)}`);
  const [pattern, ...others] = given([
    long.join(" "),
    [...long.slice(0, 64), "and", "more"].join(" "),
  ]);
  assert.deepEqual(others, []);
  assert.ok(pattern!.endsWith("<_>"));
  assert.equal(given([long.slice(0, 64).join(" ")])[0], long.slice(0, 64).join(" "));
});

test("a node tells so many words apart and no more, a leaf so many clusters", () => {
  const words = Array.from({ length: 3000 }, (_, index) => {
    const name = (n: number) =>
      String.fromCharCode(97 + (n % 26), 97 + (Math.floor(n / 26) % 26), 97 + Math.floor(n / 676));
    return `${name(index)} ${name(index * 7)} ${name(index * 11)} ${name(index * 13)}`;
  });
  const patterns = given(words);
  assert.ok(patterns.length < 33 * 33);
  assert.ok(patterns.length > 16);
});

const WORD = fc.constantFrom(
  "a",
  "b",
  "ab",
  "err",
  "<x>",
  "<_>",
  "<",
  ">",
  "1",
  "22",
  "ü",
  "",
  "x=y",
);
const GAP = fc.constantFrom(" ", "  ", "=", '="', '" ', ", ", ":", "[", "] ", "\t", "");
const LINE = fc
  .array(fc.tuple(WORD, GAP), { maxLength: 12 })
  .map((parts) => parts.flat().join(""))
  .filter((line) => line !== "");

test("a pattern finds every line that it was made of", () => {
  fc.assert(
    fc.property(fc.array(LINE, { minLength: 1, maxLength: 60 }), (lines) => {
      given(lines);
    }),
    { seed: 41, numRuns: 400 },
  );
});

test("so it does of any bytes", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 12 }), { maxLength: 30 }),
      fc.array(fc.constantFrom(0x20, 0x3c, 0x3e, 0x5f, 0x61, 0xc3, 0xbc, 0x0a), { minLength: 1 }),
      (lines, few) => {
        const drain = new Drain({ bucketsMax: 10 });
        const all = [...lines, Uint8Array.from(few)];
        const clusters = all.map((line) => add(drain, line));
        for (const [index, line] of all.entries()) {
          assert.ok(finds(clusters[index]!.pattern, line), `${clusters[index]!.pattern}: ${line}`);
        }
      },
    ),
    { seed: 42, numRuns: 500 },
  );
});
