/** Expected tokens are from spec logql §2; the errors are in fixtures/logql-parse/lexical-errors.test. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type LexOptions, lex } from "./lexer.ts";
import { TOKEN_NAMES } from "./tokens.ts";

/** `IDENTIFIER:a = STRING:b`; tokens that are their own text, or stand for one word, by name only. */
function tokensOf(text: string, options: LexOptions = {}): string {
  const { tokens, error } = lex(text, options);
  assert.equal(error, undefined, text);
  return tokens
    .slice(0, -1)
    .map(({ kind, text: value }) => {
      const name = TOKEN_NAMES[kind]!;
      return /^(IDENTIFIER|STRING|NUMBER|DURATION|BYTES|RANGE)$/.test(name)
        ? `${name}:${value}`
        : name;
    })
    .join(" ");
}

const given = (text: string, expected: string) => assert.equal(tokensOf(text), expected, text);

test("lex() tells function words from names by what follows", () => {
  given("rate", "IDENTIFIER:rate");
  given("rate(", "RATE (");
  given("rate  (", "RATE (");
  given("sum by (", "SUM by (");
  given("sum without(", "SUM without (");
  given("sum bypass (", "IDENTIFIER:sum IDENTIFIER:bypass (");
  given(
    "bytes( duration ( duration_seconds(",
    "BYTES_CONV ( DURATION_CONV ( DURATION_SECONDS_CONV (",
  );
  given("ip ip(", "IDENTIFIER:ip ip (");
  given("json(", "json (");
  given("sum # by\n(", "SUM (");
  given("COUNT_over_time(", "COUNT_OVER_TIME (");
});

test("lex() reads words of any case as 3.x does, and as 2.9.1 when asked", () => {
  given("JSON By", "json by");
  given("Json=", "IDENTIFIER:Json =");
  assert.equal(
    tokensOf("JSON By Rate(", { plain: true }),
    "IDENTIFIER:JSON IDENTIFIER:By IDENTIFIER:Rate (",
  );
});

test("lex() makes words of ours only where Loki would fail", () => {
  given("| distinct a", "| distinct IDENTIFIER:a");
  given("| distinct=1", "| IDENTIFIER:distinct = NUMBER:1");
  given("| sort by a desc, b asc", "| sort by IDENTIFIER:a desc , IDENTIFIER:b asc");
  given("| sort by(", "| SORT by (");
  given("| first 5", "| first NUMBER:5");
  given("| last>5", "| IDENTIFIER:last > NUMBER:5");
  given("count_distinct(", "COUNT_DISTINCT (");
  given("of variants", "IDENTIFIER:of IDENTIFIER:variants");
  given("variants() of (", "VARIANTS ( ) of (");
  const plain = tokensOf("| first 5 |> --arrays", { plain: true });
  assert.equal(plain, "| IDENTIFIER:first NUMBER:5 | > - - IDENTIFIER:arrays");
});

test("lex() knows approx_topk when asked", () => {
  given("approx_topk(", "IDENTIFIER:approx_topk (");
  assert.equal(tokensOf("approx_topk(", { approxTopk: true }), "APPROX_TOPK (");
});

test("lex() joins a number with a unit", () => {
  given(
    "5m 1.5h 1d12h 1s30ms 1ns",
    "DURATION:5m DURATION:1.5h DURATION:1d12h DURATION:1s30ms DURATION:1ns",
  );
  given("5KB 1.5MiB 1k 10B", "BYTES:5KB BYTES:1.5MiB BYTES:1k BYTES:10B");
  given("5mm", "NUMBER:5 IDENTIFIER:mm");
  given("1kb", "BYTES:1k IDENTIFIER:b");
  given("5m3", "NUMBER:5 IDENTIFIER:m3");
  given(
    ".5 5. 1e3 0x1F 1_000 017",
    "NUMBER:.5 NUMBER:5. NUMBER:1e3 NUMBER:0x1F NUMBER:1_000 NUMBER:017",
  );
  given("Inf NaN", "IDENTIFIER:Inf IDENTIFIER:NaN");
});

test("lex() takes a minus for a duration's, a flag's or an operator", () => {
  given("1-5", "NUMBER:1 - NUMBER:5");
  given("1-5m", "NUMBER:1 DURATION:-5m");
  given("-1h30m", "DURATION:-1h30m");
  given("1 -0", "NUMBER:1 - NUMBER:0");
  given("--strict --keep-empty", "PARSER_FLAG PARSER_FLAG");
  given("--strictt", "- - IDENTIFIER:strictt");
  given("--arrays", "ARRAYS_FLAG");
});

test("lex() takes two characters before one", () => {
  given("|=|~||>!>", "|= |~ | |> !>");
  given("===~=", "== =~ =");
  given("!=!~!", "!= !~ IDENTIFIER:!");
  given("'b' @", "IDENTIFIER:'b' IDENTIFIER:@");
});

test("lex() skips comments and blanks", () => {
  given("a # b\n c // d\r\n /* e\n */ f\t#", "IDENTIFIER:a IDENTIFIER:c IDENTIFIER:f");
  given('"#" `//`', "STRING:# STRING://");
  given("\ufeffa", "IDENTIFIER:a");
  given("[5m]", "RANGE:5m");
});

test("lex() unquotes strings", () => {
  const said = (text: string, expected: string) =>
    assert.equal(lex(text).tokens[0]!.text, expected);
  said(String.raw`"\a\b\f\n\r\t\v\\\""`, '\x07\b\f\n\r\t\v\\"');
  said(String.raw`"\101\x41\u0041\U0001f600"`, "AAA😀");
  said(String.raw`"\xc3\xa9 \303\251"`, "é é");
  said('"\\xff😀\\xc3"', "\ufffd😀\ufffd");
  said('`\\n\n"`', '\\n\n"');
  said('""', "");
});

test("lex() gives places in lines and code points, without a line after a look-ahead", () => {
  const places = (text: string) =>
    lex(text)
      .tokens.map(({ line, column }) => `${line}:${column}`)
      .join(" ");
  assert.equal(places(""), "0:0");
  assert.equal(places(" "), "1:2");
  assert.equal(places("a é\n😀b "), "1:1 1:3 2:1 2:2 2:4");
  assert.equal(places("a |= [5m] 5m b"), "1:1 0:3 0:6 0:11 1:14 1:15");
});
