/** Values are from the documentation of Go's package time and spec logql 10.2 and 10.3. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseRfc3339 } from "./rfc3339.ts";
import { DEFAULT_LAYOUT, formatTime, RFC3339_NANO } from "./time-layout.ts";
import { parseTime } from "./time-parse.ts";
import { fixedZone, loadZone, UTC } from "./zone.ts";

const NS = (text: string) => parseRfc3339(text)!;
/** The moment of Go's own examples: two digits where layouts have them, and an early hour. */
const MOMENT = NS("2009-02-04T21:00:57.012345678-08:00");
const PST = fixedZone("PST", -8 * 3600);

test("formatTime() prints Go's predefined layouts", () => {
  const given = (layout: string, text: string) =>
    assert.equal(formatTime(MOMENT, layout, PST), text, layout);
  given("Mon Jan _2 15:04:05 2006", "Wed Feb  4 21:00:57 2009");
  given("Mon Jan _2 15:04:05 MST 2006", "Wed Feb  4 21:00:57 PST 2009");
  given("Mon Jan 02 15:04:05 -0700 2006", "Wed Feb 04 21:00:57 -0800 2009");
  given("02 Jan 06 15:04 MST", "04 Feb 09 21:00 PST");
  given("Monday, 02-Jan-06 15:04:05 MST", "Wednesday, 04-Feb-09 21:00:57 PST");
  given("2006-01-02T15:04:05Z07:00", "2009-02-04T21:00:57-08:00");
  given(RFC3339_NANO, "2009-02-04T21:00:57.012345678-08:00");
  given("3:04PM", "9:00PM");
  given("03:04pm", "09:00pm");
  given("Jan _2 15:04:05.000", "Feb  4 21:00:57.012");
  given("January 1 01 002 __2", "February 2 02 035  35");
  given("Janet Month", "Janet Month");
  given("Z0700 Z07 -07 -070000 Z07:00:00", "-0800 -08 -08 -080000 -08:00:00");
  given("05.00 05.999 05,000000", "57.01 57.012 57,012345");
  given("_2006 06", "_2009 09");
  given("4 5", "0 57");
});

test("formatTime() prints fractions and zones of their own kind", () => {
  assert.equal(formatTime(NS("2023-10-28T08:56:13.2Z"), "05.000 05.999 Z07:00"), "13.200 13.2 Z");
  assert.equal(formatTime(NS("2023-10-28T08:56:13Z"), "05.000 05.999"), "13.000 13");
  assert.equal(formatTime(0n, "MST", fixedZone("", 5400)), "+0130");
  assert.equal(
    formatTime(-62135596800n * 1_000_000_000n, DEFAULT_LAYOUT),
    "0001-01-01 00:00:00 +0000 UTC",
  );
  assert.equal(formatTime(-1n, RFC3339_NANO), "1969-12-31T23:59:59.999999999Z");
});

test("zones follow the time zone database", () => {
  const given = (zone: string, moment: string, text: string) =>
    assert.equal(formatTime(NS(moment), "15:04 -07:00 MST", loadZone(zone)), text);
  given("Europe/Berlin", "2023-10-29T00:59:59Z", "02:59 +02:00 CEST");
  given("Europe/Berlin", "2023-10-29T01:00:00Z", "02:00 +01:00 CET");
  given("America/New_York", "2023-07-01T00:00:00Z", "20:00 -04:00 EDT");
  given("Asia/Tokyo", "2023-07-01T00:00:00Z", "09:00 +09:00 JST");
  given("America/Sao_Paulo", "2023-07-01T00:00:00Z", "21:00 -03:00 -03");
  assert.equal(loadZone("Local"), UTC);
  assert.equal(loadZone("Mars/Olympus"), undefined);
  assert.equal(loadZone("+01:00"), undefined);
});

test("parseTime() reads what the layout shows", () => {
  const given = (layout: string, text: string, moment: string, zone = "UTC") =>
    assert.equal(parseTime(layout, text, loadZone(zone)!)?.ns, NS(moment), text);
  given("2006-01-02", "2023-10-28", "2023-10-28T00:00:00Z");
  given("2006-01-02", "2023-10-28", "2023-10-27T22:00:00Z", "Europe/Berlin");
  given("2006-01-02T15:04:05Z07:00", "2023-10-28T01:02:03.5+02:00", "2023-10-27T23:02:03.5Z");
  given(
    "2006-01-02T15:04:05Z07:00",
    "2023-10-28T01:02:03Z",
    "2023-10-28T01:02:03Z",
    "Europe/Berlin",
  );
  given("Jan _2 2006 3:04PM", "feb  4 2009 12:30AM", "2009-02-04T00:30:00Z");
  given("Jan  2 2006", "Feb 4 2009", "2009-02-04T00:00:00Z");
  given("02/Jan/2006:15:04:05 -0700", "28/Oct/2023:03:00:07 +0000", "2023-10-28T03:00:07Z");
  given("Monday 06 002", "Friday 23 035", "2023-02-04T00:00:00Z");
  given("15:04:05.000 06", "01:02:03.250 70", "1970-01-01T01:02:03.25Z");
  given("15:04:05,999 06", "01:02:03 70", "1970-01-01T01:02:03Z");
  given("2006-01-02 15:04 MST", "2023-07-01 12:00 CEST", "2023-07-01T10:00:00Z", "Europe/Berlin");
  given("2006-01-02 15:04 MST", "2023-07-01 12:00 PDT", "2023-07-01T12:00:00Z");
  given("2006-01-02 15:04 MST", "2023-07-01 12:00 GMT+3", "2023-07-01T09:00:00Z");
  given("2006-01-02 15:04", "2024-02-29 00:00", "2024-02-29T00:00:00Z");
  given("2006-01-02 15:04", "2023-03-26 02:30", "2023-03-26T01:30:00Z", "Europe/Berlin");
});

test("parseTime() refuses what the layout does not show", () => {
  const refused = (layout: string, text: string) =>
    assert.equal(parseTime(layout, text, UTC), undefined, text);
  refused("2006-01-02", "2023-10-28x");
  refused("2006-01-02", "2023-13-28");
  refused("2006-01-02", "2023-02-29");
  refused("2006-01-02", "23-10-28");
  refused("2006-01-02", "");
  refused("15:04", "24:00");
  refused("15:04:05.000", "01:02:03.25");
  refused("Jan", "Foo");
  refused("PM", "pm");
  refused("2006 002 Jan", "2023 035 Mar");
});

test("parseTime() keeps the zone of the text", () => {
  const zoneOf = (text: string, zone: string) =>
    parseTime("2006-01-02 15:04 -0700", text, loadZone(zone)!)?.zone.name;
  assert.equal(zoneOf("2023-07-01 12:00 +0200", "Europe/Berlin"), "Europe/Berlin");
  assert.equal(zoneOf("2023-07-01 12:00 +0300", "Europe/Berlin"), "");
  assert.equal(zoneOf("2023-07-01 12:00 +0000", "UTC"), "UTC");
});

test("what formatTime() prints, parseTime() reads", () => {
  const moment = fc.bigInt({ min: 0n, max: 253000000000999999999n });
  const zone = fc.constantFrom("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata");
  fc.assert(
    fc.property(moment, zone, (ns, name) => {
      const text = formatTime(ns, RFC3339_NANO, loadZone(name));
      assert.equal(parseTime(RFC3339_NANO, text, loadZone(name)!)?.ns, ns, text);
    }),
    { seed: 5, numRuns: 300 },
  );
});
