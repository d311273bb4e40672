/**
 * Which patterns may run on the runtime's own engine, and on texts of which length. That both engines
 * find the same groups is asked of random patterns in regex.test.ts; here of patterns that people write.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RE2JS } from "re2js";
import { NativeRegex } from "./native.ts";
import { parseRegex } from "./parse.ts";

/** The longest text of the letter x that the pattern may search natively. */
function lengthFor(pattern: string): number {
  const native = NativeRegex.of(parseRegex(pattern));
  const suits = (length: number) => native?.suits("x".repeat(length)) ?? false;
  let length = 1;
  while (length < 1 << 20 && suits(2 * length)) length *= 2;
  return suits(1) ? length : 0;
}

test("patterns that look at each character once may search any text", () => {
  const given = (pattern: string) => assert.equal(lengthFor(pattern), 1 << 20, pattern);
  given("abc");
  given("\\d{3}-\\d{4}");
  given("(GET|POST) /");
  given("^(\\S+) (\\S+) (\\S+)$");
  given('^(?P<ip>\\S+) - (?P<user>\\S+) \\[(?P<ts>[^\\]]+)\\] "(?P<method>\\w+)');
  given("level=(?P<level>\\w+)"); // The text has no `level=`, so no start at all.
  given("^(?:\\d+,)*x");
});

test("patterns that may look again may search short texts only", () => {
  const given = (pattern: string, length: number) =>
    assert.equal(lengthFor(pattern), length, pattern);
  given("\\w+@", 512);
  given("(?P<ip>\\S+) - (?P<user>\\S+)", 512);
  given("^.*level=(\\w+)", 512);
  given(".*level=(\\w+)", 512);
  given("x.*level=(\\w+)", 64);
  given("^(?:[^,]*,)*x", 512);
  given(".*a.*b.*c.*d", 8);
});

test("patterns that can take time without end may search none", () => {
  const given = (pattern: string) => assert.equal(lengthFor(pattern), 0, pattern);
  given("(x+x+)+y");
  given("(a|aa)+$");
  given("(.*a){12}");
  given("(?:a?){50}a{50}");
  given("(a*)*");
  given("^(\\S+ ?)*$");
});

test("patterns of which RegExp would find other groups may search none", () => {
  const given = (pattern: string) => assert.equal(lengthFor(pattern), 0, pattern);
  given("(?:(a)|b)*");
  given("(?:x(a)?)+");
  given("(?:(^))?a");
  given("\\Ba");
});

test("find() gives the groups that re2js gives", () => {
  const lines = [
    '10.0.7.99 - bob [28/Oct/2023:03:00:07 +0000] "GET /api/v1/orders?id=7 HTTP/1.1" 200 512',
    'ts=2023-10-28T03:02:38.400Z level=debug msg="login failed: bad \\"password\\"" took=38.80ms',
    '{"level":"info","msg":"größer 😀","n":[1,2]}',
    "level=level=warn\tend\nlevel=error",
    "",
  ];
  const patterns = [
    '^(?P<ip>\\S+) - (?P<user>\\S+) \\[(?P<ts>[^\\]]+)\\] "(?P<method>\\w+) (?P<path>[^ ?]*)',
    "level=(?P<level>\\w+)",
    ".*level=(?P<level>\\w+).*",
    "(?P<key>\\w+)=(?P<value>[^ ]*)",
    '(?i)LEVEL[=:"]+(?P<l>[a-z]+)',
    "(\\d+)(\\.\\d+)?(ms|s)\\b",
    "(?m)^level=(\\w+)$",
    "(?m:$)|(😀)",
    "(?m:^)[^l](.*)",
    "n?[^😀]\\pL",
    "(?s)l(.)v.*?(\\W)",
    "[^\\x00-\\x7f]+",
    '"(?:[^"\\\\]|\\\\.)*"',
  ];
  for (const pattern of patterns) {
    const native = NativeRegex.of(parseRegex(pattern));
    assert.ok(native, pattern);
    for (const line of lines.filter((each) => native.suits(each))) {
      const match = RE2JS.compile(pattern).exec(line);
      const found = native.find(line, 0);
      assert.deepEqual(found && [...found], match && [...match], `${pattern} in ${line}`);
    }
  }
});
