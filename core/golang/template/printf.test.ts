/** Values are from the documentation of Go's package fmt. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sprintf } from "./printf.ts";
import { Int, type Value } from "./values.ts";

const given = (format: string, args: readonly Value[], text: string) =>
  assert.equal(sprintf(format, args), text, format);
const int = (value: number) => new Int(value);

test("sprintf() pads and cuts text", () => {
  given("%s|%-5s|%5s|%.2s|%5.1s", ["a", "b", "c", "def", "ghi"], "a|b    |    c|de|    g");
  given("%q %x %X % x %#q", ['a"b', "hi", "hi", "hi", "c"], '"a\\"b" 6869 6869 68 69 `c`');
  given("%v %+v %05s", ["a", "b", "é"], "a b 0000é");
});

test("sprintf() prints whole numbers", () => {
  given("%d %5d|%-5d|%05d %+d % d", [1, 2, 3, -4, 5, 6].map(int), "1     2|3    |-0004 +5  6");
  given(
    "%x %X %#x %o %#o %b %O",
    [255, 255, 255, 8, 8, 5, 8].map(int),
    "ff FF 0xff 10 010 101 0o10",
  );
  given("%c %q %U %v %.3d", [65, 65, 9786, 7, 7].map(int), "A 'A' U+263A 7 007");
});

test("sprintf() prints floats", () => {
  given(
    "%f %.2f %8.3f|%-8.1f|%08.3f %+.1f",
    [1.5, 6.284, 2.5, 2.25, -2.5, 1],
    "1.500000 6.28    2.500|2.2     |-002.500 +1.0",
  );
  given("%e %.2e %E", [123456.789, 0, 1e-7], "1.234568e+05 0.00e+00 1.000000E-07");
  given(
    "%g %g %.3g %.3g %.10g %v",
    [1e6, 100000, 1234.5678, 0.00001234, 1e6, 2.5],
    "1e+06 100000 1.23e+03 1.23e-05 1000000 2.5",
  );
  given("%f %5.1f %v %06.1f", [Infinity, -Infinity, NaN, Infinity], "+Inf  -Inf NaN   +Inf");
});

test("sprintf() prints the rest", () => {
  given("%t %v %T %T %T", [true, false, "a", 1.5, int(1)], "true false string float64 int");
  given("%v %d %s", [[1, "a", null], [int(1), int(2)], ["x"]], "[1 a <nil>] [1 2] [x]");
  given("%v %s", [{ b: 1, a: "x" }, new Int(3, "time.Weekday")], "map[a:x b:1] Wednesday");
  given("100%% %v", [undefined], "100% <nil>");
});

test("sprintf() takes widths and arguments by place", () => {
  given("%*d|%-*d|%.*f", [int(4), int(1), int(3), int(2), int(1), 2.55], "   1|2  |2.5");
  given("%[2]s %[1]s %s", ["a", "b"], "b a b");
});

test("sprintf() prints its complaints", () => {
  given("%d", ["hi"], "%!d(string=hi)");
  given("%s %t", [int(5), 1.5], "%!s(int=5) %!t(float64=1.5)");
  given("%d", [], "%!d(MISSING)");
  given("%d", [null], "%!d(<nil>)");
  given("x", ["a", int(1)], "x%!(EXTRA string=a, int=1)");
  given("%", [], "%!(NOVERB)");
  given("%!", [int(1)], "%!!(int=1)");
  given("%[5]d", [int(1)], "%!d(BADINDEX)");
  given("%*d", ["x", int(1)], "%!(BADWIDTH)1");
  given("%2147483648d", [int(42)], "%!(NOVERB)%!(EXTRA int=42)");
  given("%.2147483648d", [int(42)], "%!(NOVERB)%!(EXTRA int=42)");
});
