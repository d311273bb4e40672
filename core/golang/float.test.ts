/** Values are from spec logql 4.2, 9.1 and 10.2, and the documentation of Go's strconv and fmt. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { floatError, formatFixed, formatFloat, formatV, parseGoFloat } from "./float.ts";
import { roundToDigits } from "./float-digits.ts";

test("formatV() has an exponent below -4 and from 6", () => {
  const given = (value: number, text: string) => assert.equal(formatV(value), text);
  given(0, "0");
  given(-0, "-0");
  given(1536, "1536");
  given(100000, "100000");
  given(123456, "123456");
  given(1000000, "1e+06");
  given(2000000, "2e+06");
  given(1234567, "1.234567e+06");
  given(123456789, "1.23456789e+08");
  given(3723.5, "3723.5");
  given(637142, "637142");
  given(1e21, "1e+21");
  given(1e100, "1e+100");
  given(0.0001, "0.0001");
  given(0.00001, "1e-05");
  given(-0.000015, "-1.5e-05");
  given(NaN, "NaN");
  given(Infinity, "+Inf");
  given(-Infinity, "-Inf");
});

test("formatFloat() never has an exponent", () => {
  const given = (value: number, text: string) => assert.equal(formatFloat(value), text);
  given(0, "0");
  given(1e21, "1000000000000000000000");
  given(1.5e22, "15000000000000000000000");
  given(-1e-7, "-0.0000001");
  given(1.25e-9, "0.00000000125");
  given(0.04166679166666666, "0.04166679166666666");
  given(NaN, "NaN");
  given(Infinity, "+Inf");
});

test("formatFloat() and formatV() read back as the same double", () => {
  fc.assert(
    fc.property(fc.double(), (value) => {
      assert.ok(Object.is(parseGoFloat(formatFloat(value)), value));
      assert.ok(Object.is(parseGoFloat(formatV(value)), value));
    }),
    { seed: 3 },
  );
});

test("formatFixed() rounds the exact value, ties to even", () => {
  const given = (value: number, places: number, text: string) =>
    assert.equal(formatFixed(value, places), text);
  given(0.0000001, 6, "0.000000");
  given(1, 6, "1.000000");
  given(0.5, 0, "0");
  given(1.5, 0, "2");
  given(2.5, 0, "2");
  given(-2.5, 0, "-2");
  given(5.678, 2, "5.68");
  given(1.005, 2, "1.00");
  given(0.125, 2, "0.12");
  given(1e22, 1, "10000000000000000000000.0");
  given(-0, 1, "-0.0");
});

test("roundToDigits() gives digits and exponent", () => {
  assert.deepEqual(roundToDigits(9.996, 3), { sign: "", digits: "100", exponent: 1 });
  assert.deepEqual(roundToDigits(-123456, 2), { sign: "-", digits: "12", exponent: 5 });
  assert.deepEqual(roundToDigits(5e-324, 3), { sign: "", digits: "494", exponent: -324 });
});

test("parseGoFloat() reads what strconv.ParseFloat reads", () => {
  const given = (text: string, value: number) =>
    assert.ok(Object.is(parseGoFloat(text), value), text);
  given("1", 1);
  given("-1.5", -1.5);
  given("+.5", 0.5);
  given("5.", 5);
  given("1e3", 1000);
  given("1_000", 1000);
  given("1_23.50_0_0e+1_2", 1.235e14);
  given("017", 17);
  given("Inf", Infinity);
  given("-infinity", -Infinity);
  given("nan", NaN);
  given("0x1p4", 16);
  given("0x_1_0p0", 16);
  given("-0x1.8p1", -3);
  given("0x1.fffffffffffffp1023", 1.7976931348623157e308);
  given("0x1p-1074", 5e-324);
  given("0x1p-1075", 0);
  given("0x1.8p-1075", 5e-324);
  given("-0", -0);
  given("1e-400", 0);
});

test("parseGoFloat() refuses in strconv's words", () => {
  const given = (text: string, reason = "invalid syntax") => {
    assert.equal(parseGoFloat(text), undefined, text);
    assert.equal(floatError(text), `strconv.ParseFloat: parsing "${text}": ${reason}`);
  };
  given("");
  given("x");
  given(" 2");
  given("0x1F");
  given("0x1");
  given("0xp1");
  given("_1");
  given("1_");
  given("1__0");
  given("123._5");
  given("1e");
  given(".");
  given("infinit");
  given("+nan");
  given("1E400", "value out of range");
  given("0x1p2000", "value out of range");
});
