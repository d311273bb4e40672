/** Values are from spec logql 1, 4.3, 9.1 and 16.4, and logql-parse-errors 8. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { byteSizeError, parseByteSize, printBinarySize, printByteSize } from "./bytes-size.ts";

test("parseByteSize() knows decimal and binary units in any case", () => {
  const given = (text: string, bytes: number) => assert.equal(parseByteSize(text), bytes, text);
  given("12", 12);
  given("1010", 1010);
  given("1,001", 1001);
  given("1 MiB", 1048576);
  given("1.5k", 1500);
  given("2MB", 2000000);
  given("501KiB", 513024);
  given("331B", 331);
  given("1 kb", 1000);
  given("1ki", 1024);
  given("3eb", 3e18);
  given("1.9b", 1);
});

test("parseByteSize() refuses in humanize's words", () => {
  const given = (text: string, message: string) => {
    assert.equal(parseByteSize(text), undefined, text);
    assert.equal(byteSizeError(text), message);
  };
  given("3zz", "unhandled size name: zz");
  given("3 ZZ ", "unhandled size name: zz");
  given("-3", 'strconv.ParseFloat: parsing "": invalid syntax');
  given("zz", 'strconv.ParseFloat: parsing "": invalid syntax');
  given("1.2.3", 'strconv.ParseFloat: parsing "1.2.3": invalid syntax');
  given("20EB", "too large: 20EB");
});

test("printByteSize() keeps two digits and no space", () => {
  const given = (bytes: number, text: string) => assert.equal(printByteSize(bytes), text);
  given(0, "0B");
  given(9, "9B");
  given(10, "10B");
  given(1000, "1.0kB");
  given(1024, "1.0kB");
  given(1500, "1.5kB");
  given(1537, "1.5kB");
  given(123456, "123kB");
  given(1500000, "1.5MB");
  given(10e9, "10GB");
});

test("printBinarySize() counts by 1024", () => {
  assert.equal(printBinarySize(2 * 1024 ** 3), "2.0 GiB");
  assert.equal(printBinarySize(500), "500 B");
  assert.equal(printBinarySize(0), "0 B");
});
