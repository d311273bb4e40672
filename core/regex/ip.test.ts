/** Cases are from spec logql 7.3, 16.1 and 16.4; addresses from RFC 4291. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { BadRequest } from "../model/errors.ts";
import { compileIp } from "./ip.ts";

const given = (pattern: string, text: string, found: boolean) =>
  assert.equal(compileIp(pattern).test(text), found, `${pattern} in ${text}`);

test("compileIp() finds addresses of a range", () => {
  const range = "192.168.0.1-192.168.0.9";
  given(range, "192.168.0.5", true);
  given(range, "192.168.0.1 and more", true);
  given(range, "x192.168.0.5", true);
  given(range, "192.168.0.5.", false);
  given(range, "192.168.0.55", false);
  given(range, "192.168.0.10", false);
  given(range, "::ffff:192.168.0.5", false);
  given(range, "1.2.3.4 192.168.0.9", true);
  given(range, "", false);
  given(range, "none", false);
});

test("compileIp() finds addresses of a prefix", () => {
  given("192.168.0.0/16", "a 192.168.3.4 b", true);
  given("192.168.0.0/16", "192.169.0.0", false);
  given("192.168.7.7/16", "192.168.0.0", true);
  given("10.0.0.0/8", "10.255.255.255", true);
  given("10.0.0.0/8", "11.0.0.0", false);
  given("0.0.0.0/0", "255.255.255.255", true);
  given("0.0.0.0/0", "2001:db8::1", false);
  given("1.2.3.4/32", "1.2.3.4", true);
  given("2001:db8::/32", "at 2001:db8:ffff::7", true);
  given("2001:db8::/32", "2001:db9::1", false);
  given("2001:db8::/100", "2001:db8::0fff:ffff", true);
  given("2001:db8::/100", "2001:db8::1fff:ffff", false);
  given("::/0", "fe80::1%eth0", true);
});

test("compileIp() finds a single address", () => {
  given("10.0.0.1", "addr=10.0.0.1,", true);
  given("10.0.0.1", "addr=10.0.0.01", false);
  given("2001:db8::1", "[2001:0DB8:0:0:0:0:0:1]:80", true);
  given("2001:db8::1", "2001:db8:0:0::0:1", true);
  given("2001:db8::1", "2001:db8:0:0:0:0:0:0:1", false);
  given("2001:db8::1", "2001:db8:::1", false);
  given("::ffff:1.2.3.4", "x ::ffff:1.2.3.4 y", true);
  given("::ffff:1.2.3.4", "1.2.3.4", false);
  given("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8", true);
  given("::1", "::1", false); // Less than five bytes are not looked at.
  given("::1", "  ::1  ", true);
});

test("compileIp() refuses other patterns", () => {
  const refused = (pattern: string) =>
    assert.throws(
      () => compileIp(pattern),
      new BadRequest(`ip: invalid pattern: ${JSON.stringify(pattern)}`),
      pattern,
    );
  refused("xx");
  refused("");
  refused("1.2.3");
  refused("1.2.3.256");
  refused("01.2.3.4");
  refused("1.2.3.4/33");
  refused("1.2.3.4/");
  refused("::1/129");
  refused("1.2.3.4 - 1.2.3.9");
  refused("1.2.3.9-1.2.3.4");
  refused("1.2.3.4-::5");
  refused("1:2:3:4:5:6:7");
  refused("1::2::3");
  refused("1:2:3:4:5:6:7::8:9");
  refused("12345::");
  refused("::1.2.3.4.5");
});

test("testBytes() looks at its stretch only", () => {
  const text = new TextEncoder().encode("10.0.0.1 10.0.0.2");
  const ip = compileIp("10.0.0.1");
  assert.equal(ip.testBytes(text, 0, 8), true);
  assert.equal(ip.testBytes(text, 1, text.length), false);
  assert.equal(ip.testBytes(text, 0, 7), false);
  assert.equal(compileIp("10.0.0.2").testBytes(text, 9, text.length), true);
});
