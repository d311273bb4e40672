/** Every row of the function map of spec logql 10.3, in its words, and the rows of 16.5. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { run } from "./testing/run-template.ts";

/** An action, and what it prints on these labels. */
const LABELS = { a: "41", s: " x ", u: "a b&c=ü", e: "ééé", d: "1.5s", items: "[1,2]" };
const given = (action: string, text: string) =>
  assert.equal(run(`{{ ${action} }}`, LABELS), text, action);
const fails = (action: string, reason: string) =>
  assert.throws(
    () => run(`{{ ${action} }}`, LABELS),
    (error: Error) => error.message.endsWith(`: ${reason}`),
    `${action}: ${reason}`,
  );

test("__line__ and __timestamp__ are of the row", () => {
  given("__line__", "the line");
  given("__line__ | len", "8");
  given("__timestamp__", "2023-10-28 08:56:13.200624196 +0000 UTC");
  given("__timestamp__.Unix", "1698483373");
  given("__timestamp__.UnixNano", "1698483373200624196");
  given("__timestamp__.UnixMilli", "1698483373200");
  given("__timestamp__.Year", "2023");
  given("__timestamp__.Month", "October");
  given("__timestamp__.Weekday", "Saturday");
  given("__timestamp__.YearDay", "301");
  given('__timestamp__.Format "15:04 Mon"', "08:56 Sat");
  given('(__timestamp__.Truncate 3600000000000).Format "15:04:05"', "08:00:00");
  given("(__timestamp__.AddDate 0 0 4).Month", "November");
  given("(now.Sub __timestamp__).Hours | floor", "421");
  given("now.Sub __timestamp__", "421h17m6.799375804s");
});

test("text: Go's names take the subject first", () => {
  given('ToLower "ABC"', "abc");
  given('ToUpper "abc"', "ABC");
  given("TrimSpace .s", "x");
  given('Replace "aaa" "a" "b" 2', "bba");
  given('Replace "aaa" "a" "b" -1', "bbb");
  given('Replace "ab" "" "-" -1', "-a-b-");
  given('Replace "ab" "" "-" 2', "-a-b");
  given('Trim "xxaxx" "x"', "a");
  given('TrimLeft "xyaxy" "yx"', "axy");
  given('TrimRight "xyaxy" "yx"', "xya");
  given('TrimPrefix "abab" "ab"', "ab");
  given('TrimSuffix "abab" "ab"', "ab");
});

test("text: sprig's names take the subject last", () => {
  given('"ABC" | lower', "abc");
  given('"abc" | upper', "ABC");
  given('"hello big-World" | title', "Hello Big-World");
  given('"  x " | trim', "x");
  given('"$5.00$" | trimAll "$"', "5.00");
  given('"-a" | trimPrefix "-"', "a");
  given('"a-" | trimSuffix "-"', "a");
  given('"a b a" | replace "a" "c"', "c b c");
  given('"ab" | repeat 3', "ababab");
  fails('"ab" | repeat -1', "error calling repeat: strings: negative Repeat count");
  given('contains "b" "abc"', "true");
  given('hasPrefix "ab" "abc"', "true");
  given('hasSuffix "ab" "abc"', "false");
  given('"a\\nb" | indent 2', "  a\n  b");
  given('"a\\nb" | nindent 1', "\n a\n b");
});

test("trunc and substr count bytes", () => {
  given('trunc 3 "abcdef"', "abc");
  given('trunc -2 "abcdef"', "ef");
  given('trunc 9 "abc"', "abc");
  given("trunc 3 .e", "é\ufffd");
  given("trunc 3 .e | len", "3");
  given("print (trunc 3 .e) (substr 3 4 .e)", "éé");
  given('substr 1 3 "abcdef"', "bc");
  given('substr -1 3 "abcdef"', "abc");
  given('substr 2 -1 "abcdef"', "cdef");
  given('substr 2 99 "abcdef"', "cdef");
  fails(
    'substr 5 2 "abcdef"',
    "error calling substr: runtime error: slice bounds out of range [5:2]",
  );
  fails(
    'substr 50 60 "abc"',
    "error calling substr: runtime error: slice bounds out of range [50:3]",
  );
  fails(
    'substr -1 9 "abc"',
    "error calling substr: runtime error: slice bounds out of range [:9] with length 3",
  );
});

test("alignLeft and alignRight count runes", () => {
  given('printf "%s|" (alignLeft 5 "ab")', "ab   |");
  given('alignRight 5 "ab"', "   ab");
  given('alignLeft 2 "éèê"', "éè");
  given('alignRight 2 "éèê"', "èê");
  given('alignRight 0 "abc"', "");
  given('alignLeft -1 "abc"', "abc");
});

test("regexReplaceAll, regexReplaceAllLiteral and count", () => {
  given('regexReplaceAll "(a)(x*)" "axxb" "$2-$1"', "xx-ab");
  given(`regexReplaceAll "a" "aa" "$\{0}1"`, "a1a1");
  given(`regexReplaceAll "(?P<n>.)b" "ab" "<$\{n}$nope$$>"`, "<a$>");
  given('regexReplaceAll "a" "aa" "$1x"', "");
  given('regexReplaceAll "x*" "abc" "-"', "-a-b-c-");
  given('regexReplaceAll "a|ab" "abab" "."', ".b.b");
  given('regexReplaceAllLiteral "a" "ab" "$1"', "$1b");
  given('count "a|b" "abc"', "2");
  given('count "" "abc"', "4");
  fails(
    'regexReplaceAll "(" "a" "x"',
    "error calling regexReplaceAll: error parsing regexp: missing closing ): `(`",
  );
});

test("urlencode and urldecode", () => {
  given("urlencode .u", "a+b%26c%3D%C3%BC");
  given('urldecode "a+b%26%c3%bc"', "a b&ü");
  given('urlencode "-_.~/"', "-_.~%2F");
  given('urldecode "%ff"', "\ufffd");
  fails('urldecode "%zz"', 'error calling urldecode: invalid URL escape "%zz"');
  fails('urldecode "a%2"', 'error calling urldecode: invalid URL escape "%2"');
});

test("b64enc and b64dec", () => {
  given('b64enc "user344"', "dXNlcjM0NA==");
  given('b64enc "é"', "w6k=");
  given('b64dec "dXNlcjM0NA=="', "user344");
  given('b64dec "dXNl\\ncjM0NA=="', "user344");
  given('b64dec "!"', "illegal base64 data at input byte 0");
  given('b64dec "abc"', "illegal base64 data at input byte 0");
  given('b64dec "abcdabc"', "illegal base64 data at input byte 4");
  given('b64dec "ab=c"', "illegal base64 data at input byte 2");
  given('b64dec "ab=="', "i");
  given('b64dec "ab==x"', "illegal base64 data at input byte 4");
  given('b64dec "ab="', "illegal base64 data at input byte 3");
});

test("bytes and durations are floats", () => {
  given('bytes "2MB"', "2e+06");
  given('bytes "1.5KiB"', "1536");
  fails('bytes "x"', 'error calling bytes: strconv.ParseFloat: parsing "": invalid syntax');
  fails('bytes "3zz"', "error calling bytes: unhandled size name: zz");
  given("duration .d", "1.5");
  given('duration_seconds "1h2m3.5s"', "3723.5");
  fails('duration "1d"', 'error calling duration: time: unknown unit "d" in duration "1d"');
});

test("moments: to and from text", () => {
  given("__timestamp__ | unixEpoch", "1698483373");
  given("__timestamp__ | unixEpochMillis", "1698483373200");
  given("__timestamp__ | unixEpochNanos", "1698483373200624196");
  given('toDate "2006-01-02" "2023-10-28"', "2023-10-28 00:00:00 +0000 UTC");
  given('toDate "2006-01-02" "x"', "0001-01-01 00:00:00 +0000 UTC");
  given('toDate "2006-01-02" "2023-10-28" | unixEpoch', "1698451200");
  given(
    'toDateInZone "2006-01-02 15:04" "Europe/Berlin" "2023-07-01 12:00"',
    "2023-07-01 12:00:00 +0200 CEST",
  );
  given('toDateInZone "2006-01-02" "No/Zone" "2023-07-01"', "2023-07-01 00:00:00 +0000 UTC");
  given('toDateInZone "2006-01-02" "UTC" "x"', "0001-01-01 00:00:00 +0000 UTC");
  given('unixToTime "19658"', "2023-10-28 00:00:00 +0000 UTC");
  given('unixToTime "1698483373"', "2023-10-28 08:56:13 +0000 UTC");
  given('unixToTime "1698483373200"', "2023-10-28 08:56:13.2 +0000 UTC");
  given('unixToTime "1698483373200624"', "2023-10-28 08:56:13.200624 +0000 UTC");
  given('unixToTime "1698483373200624196"', "2023-10-28 08:56:13.200624196 +0000 UTC");
  fails('unixToTime "123"', "error calling unixToTime: unable to parse time '123': %!w(<nil>)");
  fails(
    'unixToTime "zz"',
    `error calling unixToTime: unable to parse time 'zz': strconv.ParseInt: parsing "zz": invalid syntax`,
  );
  given('date "2006-01-02" __timestamp__', "2023-10-28");
  given('date "2006-01-02" 86400', "1970-01-02");
  given('date "2006-01-02" "1970-01-02"', "2023-11-14"); // Text is no moment: the clock's day.
  given('date "15:04:05" now', "22:13:20");
});

test("casts", () => {
  given(".a | int | add 1", "42");
  given('int "0x1F"', "31");
  given('int "010"', "8");
  given('int "08"', "0");
  given('int "1.0"', "0");
  given('int "x"', "0");
  given("int 2.9", "2");
  given("int -2.9", "-2");
  given("int true", "1");
  given('float64 "1.5"', "1.5");
  given('float64 "x"', "0");
  given("float64 637142", "637142");
});

test("arithmetic on int64 and on decimals", () => {
  given("add 1 2 3", "6");
  given('add "4" 2.9', "6");
  given("sub 5 2", "3");
  given("mul 2 3 4", "24");
  given("mul 4611686018427387904 2", "-9223372036854775808");
  given("div 7 2", "3");
  given("div -7 2", "-3");
  given("mod 7 4", "3");
  given("mod -7 4", "-3");
  fails("div 1 0", "error calling div: runtime error: integer divide by zero");
  fails("mod 1 0", "error calling mod: runtime error: integer divide by zero");
  given("addf 0.1 0.2", "0.3");
  given("addf", "0");
  given("subf 5.5 1.5 1", "3");
  given("mulf 1.1 1.1", "1.21");
  given("divf 1 3", "0.3333333333333333");
  given("divf 2 3", "0.6666666666666667");
  given("divf -2 3", "-0.6666666666666667");
  fails("divf 1 0", "error calling divf: decimal division by 0");
  given("max 1 2 3", "3");
  given("min 3 2.5 7", "2");
  given("maxf 1.5 3", "3");
  given("minf 1.5 3", "1.5");
  given("ceil 123.001", "124");
  given("floor 123.9999", "123");
  given("round 123.555555 3", "123.556");
  given("round 1.2345 2", "1.23");
  given("round -2.5 0", "-3");
  given("round 10.51 0 0.6", "10");
});

test("fromJson", () => {
  given("range $i, $e := fromJson .items }}{{ $i }}={{ $e }};{{ end", "0=1;1=2;");
  given('range fromJson "bad" }}x{{ else }}none{{ end', "none");
  given('fromJson "10000000"', "1e+07");
  given('fromJson "null"', "<no value>");
  given('(fromJson "{\\"a\\":{\\"b\\":true}}").a.b', "true");
  given('(fromJson "{}").a', "<no value>");
  given('fromJson "{\\"b\\":[1,null],\\"a\\":\\"x\\"}"', "map[a:x b:[1 <nil>]]");
});

test("default takes over for what is empty", () => {
  given('default "none" .nosuch', "none");
  given('default "none" .a', "41");
  given('.nosuch | default "x"', "x");
  given("default 1 0", "1");
  given("default 1 false", "1");
  given('default "e" (fromJson "[]")', "e");
  given('default "e" now.Year', "2023");
});

test("nothing else of sprig is there", () => {
  for (const name of ["int64", "quote", "splitList", "dateModify", "ternary", "toString", "env"]) {
    assert.throws(
      () => run(`{{ ${name} "x" }}`),
      (error: Error) => error.message === `template: line:1: function "${name}" not defined`,
    );
  }
});

test("rows of spec 16.5", () => {
  assert.equal(run("{{.a}}-{{.b}}", { a: "1", b: "2" }), "1-2");
  assert.equal(run("{{ trunc 3 .a }}", { a: "ééé" }), "é\ufffd");
  const numbers = "{{ .a | int | add 1 }} {{ div 7 2 }} {{ round 1.2345 2 }}";
  assert.equal(run(numbers, { a: "41" }), "42 3 1.23");
  assert.equal(run("{{ bytes .a }}", { a: "2MB" }), "2e+06");
});
