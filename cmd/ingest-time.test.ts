/** Times in fields: promtail's formats, Go's layouts, and where a line has its field. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldOf, timeFormat } from "./ingest-time.ts";

/** When the text was changed last: 10 January 2024. */
const NEAR = Date.UTC(2024, 0, 10);

function given(format: string | undefined, text: string): string | undefined {
  const ns = timeFormat(format, NEAR)(text);
  if (ns === undefined) return undefined;
  const ms = new Date(Number(ns / 1_000_000n)).toISOString();
  return ns % 1_000_000n === 0n ? ms : `${ms} + ${ns % 1_000_000n}`;
}

test("timeFormat() reads the formats by name", () => {
  const at = "2006-01-02T15:04:05.000Z";
  const f = (format: string, text: string, want: string) =>
    assert.equal(given(format, text), want, format);
  f("ANSIC", "Mon Jan  2 15:04:05 2006", at);
  f("UnixDate", "Mon Jan  2 15:04:05 UTC 2006", at);
  f("RubyDate", "Mon Jan 02 17:04:05 +0200 2006", at);
  f("RFC822", "02 Jan 06 15:04 UTC", "2006-01-02T15:04:00.000Z");
  f("RFC822Z", "02 Jan 06 08:04 -0700", "2006-01-02T15:04:00.000Z");
  f("RFC850", "Monday, 02-Jan-06 15:04:05 UTC", at);
  f("RFC1123", "Mon, 02 Jan 2006 15:04:05 UTC", at);
  f("RFC1123Z", "Mon, 02 Jan 2006 08:04:05 -0700", at);
  f("RFC3339", "2006-01-02T15:04:05Z", at);
  f("RFC3339Nano", "2006-01-02T15:04:05.000000007Z", "2006-01-02T15:04:05.000Z + 7");
  f("Unix", "1136214245", at);
  f("Unix", "1136214245.25", "2006-01-02T15:04:05.250Z");
  f("UnixMs", "1136214245001", "2006-01-02T15:04:05.001Z");
  f("UnixUs", "1136214245000001", "2006-01-02T15:04:05.000Z + 1000");
  f("UnixNs", "1136214245000000007", "2006-01-02T15:04:05.000Z + 7");
  f("2006-01-02 15:04:05,000", "2006-01-02 15:04:05,123", "2006-01-02T15:04:05.123Z");
  f("02/Jan/2006:15:04:05 -0700", "02/Jan/2006:17:04:05 +0200", at);
});

test("timeFormat() is undefined for what is not so written", () => {
  const f = (format: string | undefined, text: string) =>
    assert.equal(given(format, text), undefined, `${format} ${text}`);
  f("Unix", "soon");
  f("Unix", "");
  f("UnixNs", "9223372036854775808");
  f("RFC3339", "2006-01-02");
  f("RFC3339", "2006-02-30T00:00:00Z");
  f(undefined, "yesterday");
});

test("a layout without a year means the last such day before the text was changed", () => {
  const f = (text: string, want: string | undefined) =>
    assert.equal(given("Jan _2 15:04:05", text)?.slice(0, 10), want, text);
  f("Jan  9 10:00:00", "2024-01-09");
  f("Jan 10 10:00:00", "2024-01-10");
  f("Dec 31 23:59:59", "2023-12-31");
  f("Feb 28 00:00:00", "2023-02-28");
  f("Feb 29 00:00:00", "2020-02-29");
});

test("without a format the digits of a number tell its unit", () => {
  for (const text of ["1136214245", "1136214245000", "1136214245000000", "1136214245000000000"]) {
    assert.equal(given(undefined, text), "2006-01-02T15:04:05.000Z");
  }
  assert.equal(given(undefined, "2006-01-02 15:04:05Z"), "2006-01-02T15:04:05.000Z");
});

test("fieldOf() finds the field in JSON, by a path too, and in logfmt", () => {
  const f = (line: string, field: string, want: string | undefined) =>
    assert.equal(fieldOf(line, field), want, line);
  f('{"ts":"x"}', "ts", "x");
  f(' {"a":{"ts":5}}', "a.ts", "5");
  f('{"a.ts":"dotted","a":{"ts":5}}', "a.ts", "dotted");
  f('{"n":1700000000000000001,"ts":1700000000000000123}', "ts", "1700000000000000123");
  f('{"ts":1700000000.25}', "ts", "1700000000.25");
  f('{"ts":null}', "ts", undefined);
  f('{"ts":', "ts", undefined);
  f('{"a":1}', "toString", undefined);
  f('level=info ts="2006 01" x', "ts", "2006 01");
  f("x ts=5", "ts", "5");
  f("tsx=5", "ts", undefined);
});
