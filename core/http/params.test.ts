/** Parameters: forms, defaults, and the texts recorded in answers.json (group misc) and spec logql-parse-errors §8. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { BadRequest } from "../model/errors.ts";
import { Form } from "./form.ts";
import {
  instantRequest,
  parseTailDelay,
  parseTime,
  parseVolumeLimit,
  rangeRequest,
} from "./params.ts";

const SECOND = 1_000_000_000n;
const NOW = 1_700_000_000n * SECOND;
const HOUR = 3600n * SECOND;

const form = (query: string) => new Form(new URLSearchParams(query));
const range = (query: string) => rangeRequest(form(query), NOW);

test("parseTime() takes seconds, nanoseconds and RFC 3339", () => {
  const given = (text: string, want: bigint | undefined) =>
    assert.equal(parseTime(text), want, text);
  given("", undefined);
  given("1700000000", 1_700_000_000n * SECOND);
  given("1700000000.1239", 1_700_000_000_124_000_000n);
  given("1.5e3", 1500n * SECOND);
  given("17000000001", 17_000_000_001n);
  given("1700000000000000001", 1_700_000_000_000_000_001n);
  given("-5", -5n * SECOND);
  given("9999999999", 2n ** 63n - 1n);
  given("2023-10-28T03:00:00Z", 1_698_462_000n * SECOND);
  given("2023-10-28T05:00:00.25+02:00", 1_698_462_000_250_000_000n);
});

test("rangeRequest() fills in Loki's defaults", () => {
  const { start, end, stepMs, interval, limit, direction, query } =
    range("query=%7Ba%3D%22b%22%7D");
  assert.deepEqual(
    [start, end, stepMs, interval, limit, direction, query],
    [NOW - HOUR, NOW, 14_000, 0n, 100, "backward", '{a="b"}'],
  );
});

test("rangeRequest() reads bounds, step and the rest", () => {
  const given = (query: string, want: Partial<ReturnType<typeof range>>) => {
    const got = range(query);
    for (const [key, value] of Object.entries(want))
      assert.equal(got[key as keyof typeof got], value, query);
  };
  given("since=30m", { start: NOW - HOUR / 2n, end: NOW });
  given("since=1d&end=1600000000", { start: 1_600_000_000n * SECOND - 24n * HOUR });
  given("end=1800000000", { start: NOW - HOUR });
  given("start=1&end=1", { start: SECOND, end: SECOND, stepMs: 1000 });
  given("start=0&end=600", { stepMs: 2000 });
  given("step=0.5", { stepMs: 500 });
  given("step=1.0005", { stepMs: 1000 });
  given("step=5m", { stepMs: 300_000 });
  given("interval=1m30s", { interval: 90n * SECOND });
  given("interval=0.25", { interval: SECOND / 4n });
  given("direction=FORWARD&limit=%2B7", { direction: "forward", limit: 7 });
  given("start=0&end=11000&step=1", { stepMs: 1000 });
});

test("rangeRequest() refuses in Loki's words and order", () => {
  const given = (query: string, want: string) =>
    assert.throws(
      () => range(query),
      (error) => error instanceof BadRequest && error.status === 400 && error.message === want,
      query,
    );
  given(
    "start=bogus",
    `could not parse 'start' parameter: strconv.ParseInt: parsing "bogus": invalid syntax`,
  );
  given(
    "end=99999999999999999999",
    `could not parse 'end' parameter: strconv.ParseInt: parsing "99999999999999999999": value out of range`,
  );
  given("since=zz", `could not parse 'since' parameter: not a valid duration string: "zz"`);
  given("start=2&end=1&limit=x", "end timestamp must not be before or equal to start time");
  given("limit=x&direction=up", 'strconv.Atoi: parsing "x": invalid syntax');
  given("limit=0", "limit must be a positive value");
  given("limit=-1", "limit must be a positive value");
  given("direction=sideways&step=x", "invalid direction 'sideways'");
  given("step=x&interval=y", 'cannot parse "x" to a valid duration');
  given("step=0.5s", 'cannot parse "0.5s" to a valid duration');
  given("step=1e30", 'cannot parse "1e30" to a valid duration. It overflows int64');
  given("step=NaN", 'cannot parse "NaN" to a valid duration. It overflows int64');
  for (const step of ["0", "-1", "0s"]) {
    given(
      `step=${step}`,
      "zero or negative query resolution step widths are not accepted. Try a positive integer",
    );
  }
  given(
    "start=1&end=1&step=0.0001",
    "zero or negative query resolution step widths are not accepted. Try a positive integer",
  );
  const points =
    "exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter";
  given("start=0&end=11001&step=1&interval=x", points);
  given("step=0.001", points);
  given("interval=y", 'cannot parse "y" to a valid duration');
  given("interval=-1", "interval must be >= 0");
});

test("instantRequest() and the smaller parameters", () => {
  assert.deepEqual(instantRequest(form("query=1&time=5.5&limit=3&direction=Forward"), NOW), {
    kind: "instant",
    query: "1",
    time: 5_500_000_000n,
    limit: 3,
    direction: "forward",
  });
  assert.equal(instantRequest(form(""), NOW).time, NOW);
  assert.throws(() => instantRequest(form("time=abc"), NOW), {
    message: 'strconv.ParseInt: parsing "abc": invalid syntax',
  });
  assert.deepEqual(["", "0", "100000"].map(parseVolumeLimit), [100, 100, 100_000]);
  assert.throws(() => parseVolumeLimit("-1"), { message: "limit must be a positive value" });
  assert.deepEqual(["", "5", "-1"].map(parseTailDelay), [0, 5000, 0]);
  assert.throws(() => parseTailDelay("6"), { message: "delay_for can't be greater than 5" });
});

test("Form gives a body's values before those of the URL", () => {
  const both = new Form(new URLSearchParams("a=body&m=1"), new URLSearchParams("a=url&b=2&m=3"));
  assert.deepEqual(
    [both.get("a"), both.get("b"), both.get("c"), both.all("m")],
    ["body", "2", "", ["1", "3"]],
  );
});
