/** Every syntax of a value, its words of refusal, and how it is printed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SCALARS, tagOf } from "./scalars.ts";

type Name = keyof typeof SCALARS;

/** A plain YAML scalar, and what is printed of its value. */
function given(type: Name, text: string, wanted: unknown): void {
  test(`${type} ${JSON.stringify(text)} is ${String(wanted)}`, () => {
    const value = SCALARS[type].yaml({ text, tag: tagOf(text) });
    assert.equal(SCALARS[type].print(value), wanted);
  });
}

function refused(type: Name, text: string, message: string): void {
  test(`${type} ${JSON.stringify(text)} is refused`, () => {
    assert.throws(() => SCALARS[type].yaml({ text, tag: tagOf(text) }), { message });
  });
}

given("bool", "true", true);
given("bool", "yes", true);
given("bool", "ON", true);
given("bool", "Off", false);
given("bool", "no", false);
refused("bool", "1", "cannot unmarshal !!int `1` into bool");
refused("bool", "maybe", "cannot unmarshal !!str `maybe` into bool");

given("int", "3100", 3100);
given("int", "-1", -1);
given("int", "0x10", 16);
given("int", "010", 8);
given("int", "1_000", 1000);
given("int", "1e3", 1000);
refused("int", "abc", "cannot unmarshal !!str `abc` into int");
refused("int", "1.5", "cannot unmarshal !!float `1.5` into int");
refused("int", "true", "cannot unmarshal !!bool `true` into int");
refused("int", "a-long-text-here", "cannot unmarshal !!str `a-long-...` into int");

given("float", "4", 4);
given("float", "0.1", 0.1);
given("float", ".5", 0.5);
refused("float", "much", "cannot unmarshal !!str `much` into float64");

given("duration", "1h30m", "1h30m0s");
given("duration", "1.5h", "1h30m0s");
given("duration", "-1s", "-1s");
given("duration", "10", "10ns");
given("duration", "0", "0s");
given("duration", "2562047h47m16.854775807s", "2562047h47m16.854775807s");
refused("duration", "1d", "cannot unmarshal !!str `1d` into time.Duration");
refused("duration", "soon", "cannot unmarshal !!str `soon` into time.Duration");

given("span", "721h", "30d1h");
given("span", "168h", "1w");
given("span", "24h", "1d");
given("span", "90m", "1h30m");
given("span", "0", "0s");
given("span", "1y", "1y");
refused("span", "30", 'not a valid duration string: "30"');
refused("span", "3x", 'unknown unit "x" in duration "3x"');
refused("span", "", "empty duration string");
refused("span", "1.5h", 'unknown unit "." in duration "1.5h"');
refused("span", "1s1h", 'not a valid duration string: "1s1h"');

given("size", "3145728", "3MB");
given("size", "0", "0B");
given("size", "", "0B");
given("size", "800mb", "800MB");
given("size", "1 GB", "1GB");
given("size", "3 k", "3KB");
given("size", "2kilobytes", "2KB");
given("size", "1537", "1537B");
given("size", "2048GB", "2TB");
refused("size", "3XB", 'strconv.UnmarshalText: parsing "3XB": invalid syntax');
refused("size", "1.5MB", 'strconv.UnmarshalText: parsing "1.5MB": invalid syntax');

given("window", "65535", "63KiB1023B");
given("window", "63KiB1023B", "63KiB1023B");
given("window", "64KiB", "64KiB");

given("day", "2023-10-31", "2023-10-31");
refused("day", "2023-1-1", 'parsing time "2023-1-1" as "2006-01-02": cannot parse "1-1" as "01"');
refused("day", "2023-13-01", 'parsing time "2023-13-01": month out of range');
refused("day", "2023-02-30", 'parsing time "2023-02-30": day out of range');
refused(
  "day",
  "2023-10-31T00:00:00Z",
  'parsing time "2023-10-31T00:00:00Z": extra text: "T00:00:00Z"',
);

given("string", "1.50", "1.50");
given("string", "yes", "yes");
given("secret", "open sesame", "********");
given("secret", "", "");
given("url", "s3://KEY:SECRET@eu-west-1/bucket", "s3://KEY:********@eu-west-1/bucket");
given("url", "https://example.org:3100/a", "https://example.org:3100/a");

test("a flag's text is no YAML", () => {
  assert.equal(SCALARS.bool.flag("t"), true);
  assert.equal(SCALARS.bool.flag("0"), false);
  assert.throws(() => SCALARS.bool.flag("yes"), { message: "parse error" });
  assert.throws(() => SCALARS.int.flag("1e3"), { message: "parse error" });
  assert.throws(() => SCALARS.duration.flag("10"), { message: "parse error" });
});
