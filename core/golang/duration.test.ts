/** Values and texts are from spec logql 4.2 and 9.1, logql-parse-errors 4, and the documentation of Go's time package. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  goDurationError,
  goDurationSeconds,
  parseGoDuration,
  parsePromDuration,
  printGoDuration,
  printPromDuration,
} from "./duration.ts";
import { GoError } from "./go-error.ts";

const MINUTE = 60_000_000_000n;
const HOUR = 60n * MINUTE;

test("parseGoDuration() reads what Go reads", () => {
  const given = (text: string, ns: bigint) => assert.equal(parseGoDuration(text), ns, text);
  given("0", 0n);
  given("+0", 0n);
  given("5s", 5_000_000_000n);
  given("-5s", -5_000_000_000n);
  given("1h2m", HOUR + 2n * MINUTE);
  given("1.5h", HOUR + 30n * MINUTE);
  given("1s30ms", 1_030_000_000n);
  given("30s5m", 5n * MINUTE + 30_000_000_000n);
  given("1ns", 1n);
  given("1us", 1000n);
  given("1µs", 1000n);
  given("1μs", 1000n);
  given(".5s", 500_000_000n);
  given("1.s", 1_000_000_000n);
  given("0.3333333333333333333h", 20n * MINUTE);
  given("9223372036854775807ns", 2n ** 63n - 1n);
  given("-9223372036854775808ns", -(2n ** 63n));
  given("0.9223372036854775807h", 3320413933267n);
});

test("parseGoDuration() refuses in Go's words", () => {
  const given = (text: string, message: string) => {
    assert.throws(() => parseGoDuration(text), new GoError(message), text);
    assert.equal(goDurationSeconds(text), undefined, text);
    assert.equal(goDurationError(text), message);
  };
  given("", 'time: invalid duration ""');
  given("x", 'time: invalid duration "x"');
  given("3", 'time: missing unit in duration "3"');
  given("1d", 'time: unknown unit "d" in duration "1d"');
  given("1h2", 'time: missing unit in duration "1h2"');
  given("-", 'time: invalid duration "-"');
  given(".s", 'time: invalid duration ".s"');
  given(" 1s", 'time: invalid duration " 1s"');
  given("1é", 'time: unknown unit "\\xc3\\xa9" in duration "1\\xc3\\xa9"');
  given("9223372036854775808ns", 'time: invalid duration "9223372036854775808ns"');
  given("3000000h", 'time: invalid duration "3000000h"');
});

test("printGoDuration() prints as Go does", () => {
  const given = (ns: bigint, text: string) => assert.equal(printGoDuration(ns), text);
  given(0n, "0s");
  given(1n, "1ns");
  given(1_100n, "1.1µs");
  given(150_000_000n, "150ms");
  given(1_500_000_000n, "1.5s");
  given(90n * 1_000_000_000n, "1m30s");
  given(HOUR, "1h0m0s");
  given(-HOUR - 500_000_000n, "-1h0m0.5s");
  given(800n * HOUR, "800h0m0s");
  given(-(2n ** 63n), "-2562047h47m16.854775808s");
});

test("printGoDuration() reads back", () => {
  const any = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  fc.assert(
    fc.property(any, (ns) => parseGoDuration(printGoDuration(ns)) === ns),
    { seed: 1 },
  );
});

test("goDurationSeconds() is the number of seconds", () => {
  const given = (text: string, seconds: number) => assert.equal(goDurationSeconds(text), seconds);
  given("967.54ms", 0.96754);
  given("38.80ms", 0.0388);
  given("69.09ms", 0.06909);
  given("1.714s", 1.714);
  given("1h2m3.5s", 3723.5);
  given("-1.5s", -1.5);
  given("0", 0);
  given("2000000h", 7.2e9);
});

test("goDurationSeconds() agrees with parseGoDuration()", () => {
  const text = fc
    .tuple(fc.nat(99_999_999), fc.nat(999_999), fc.constantFrom("ns", "us", "ms", "s", "m"))
    .map(([whole, fraction, unit]) => `${whole}.${fraction}${unit}`);
  fc.assert(
    fc.property(text, (given) => {
      const ns = parseGoDuration(given);
      const seconds = Number(ns / 1_000_000_000n) + Number(ns % 1_000_000_000n) / 1e9;
      assert.equal(goDurationSeconds(given), seconds, given);
    }),
    { seed: 2 },
  );
});

test("parsePromDuration() reads days, weeks and years", () => {
  const given = (text: string, ns: bigint) => assert.equal(parsePromDuration(text), ns, text);
  given("0", 0n);
  given("5m", 5n * MINUTE);
  given("1d12h", 36n * HOUR);
  given("1500ms", 1_500_000_000n);
  given("1y2w3d", 382n * 24n * HOUR);
  given("1w", 168n * HOUR);
});

test("parsePromDuration() refuses in Prometheus's words", () => {
  const given = (text: string, message: string) =>
    assert.throws(() => parsePromDuration(text), new GoError(message), text);
  given("", "empty duration string");
  given("5", 'not a valid duration string: "5"');
  given("-5m", 'not a valid duration string: "-5m"');
  given(" 5m ", 'not a valid duration string: " 5m "');
  given("30s5m", 'not a valid duration string: "30s5m"');
  given("5m5m", 'not a valid duration string: "5m5m"');
  given("5x", 'unknown unit "x" in duration "5x"');
  given("1.5m", 'unknown unit "." in duration "1.5m"');
  given("99999999999y", "duration out of range");
});

test("printPromDuration() takes years and weeks only when nothing is left", () => {
  const given = (ns: bigint, text: string) => assert.equal(printPromDuration(ns), text);
  given(0n, "0s");
  given(90n * MINUTE, "1h30m");
  given(36n * HOUR, "1d12h");
  given(382n * 24n * HOUR, "382d");
  given(14n * 24n * HOUR, "2w");
  given(365n * 24n * HOUR, "1y");
  given(721n * HOUR, "30d1h");
  given(1_500_000_000n, "1s500ms");
  given(999_999n, "0s");
});
