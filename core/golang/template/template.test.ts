/** The language of spec logql 10.2, Go's messages, and the bounds that Go does not have. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LimitExceeded } from "../../model/errors.ts";
import { compileTemplate } from "./template.ts";
import { TemplateError } from "./template-error.ts";
import { run } from "./testing/run-template.ts";

const LABELS = { a: "1", b: "x", empty: "", json: '{"k":[1,2,3],"n":null}' };
const given = (template: string, text: string) =>
  assert.equal(run(template, LABELS), text, template);
const refused = (template: string, reason: string) =>
  assert.throws(
    () => run(template, LABELS),
    new TemplateError(`template: line:${reason}`),
    template,
  );

test("text, fields and trim markers", () => {
  given("plain", "plain");
  given("", "");
  given("{{.a}}-{{ .b }}", "1-x");
  given("{{.nosuch}}|", "|");
  given("x  {{- .a -}}  y", "x1y");
  given("x {{- /* gone */ -}} y", "xy");
  given("{{/* gone */}}x", "x");
  given("{{ `raw\\n` }}{{ \"q\\t\\x41\\u00e9\" }}{{ 'a' }}", "raw\\nq\tAé97");
  given("{{ $.a }}{{ with .b }}{{ . }}{{ $.a }}{{ end }}", "1x1");
});

test("pipelines, variables and parentheses", () => {
  given('{{ .a | printf "%s-%s" "p" }}', "p-1");
  given("{{ $x := .a }}{{ $x }}{{ $x = `2` }}{{ $x }}", "12");
  given("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}", "2");
  given("{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ end }}{{ $x }}", "1");
  given("{{ (print .a .b) | len }}", "2");
  given("{{ (fromJson .json).k | len }}", "3");
});

test("if, with and else", () => {
  given("{{ if .empty }}t{{ else }}f{{ end }}", "f");
  given("{{ if .a }}t{{ else }}f{{ end }}", "t");
  given("{{ if 0 }}a{{ else if .nosuch }}b{{ else if .b }}c{{ else }}d{{ end }}", "c");
  given("{{ with .nosuch }}{{ . }}{{ else }}none{{ end }}", "none");
  given("{{ if and .a .b }}both{{ end }}{{ if or .empty .nosuch }}one{{ end }}", "both");
  given("{{ if 0.0 }}t{{ else }}f{{ end }}{{ if fromJson `[]` }}t{{ else }}f{{ end }}", "ff");
});

test("range, break and continue", () => {
  given("{{ range (fromJson .json).k }}{{ . }};{{ end }}", "1;2;3;");
  given("{{ range $i, $e := (fromJson .json).k }}{{ $i }}{{ $e }} {{ end }}", "01 12 23 ");
  given(
    "{{ range $k, $v := fromJson .json }}{{ $k }}={{ $v }};{{ end }}",
    "k=[1 2 3];n=<no value>;",
  );
  given("{{ range $k, $v := . }}{{ $k }} {{ end }}", "a b empty json ");
  given("{{ range (fromJson .json).k }}{{ if eq . 2.0 }}{{ break }}{{ end }}{{ . }}{{ end }}", "1");
  given(
    "{{ range (fromJson .json).k }}{{ if eq . 2.0 }}{{ continue }}{{ end }}{{ . }}{{ end }}",
    "13",
  );
  given("{{ $x := 0 }}{{ range $x = (fromJson .json).k }}{{ end }}{{ $x }}", "3");
  given("{{ range .empty | fromJson }}x{{ else }}none{{ end }}", "none");
});

test("define, template and block", () => {
  given('{{ define "T" }}<{{ . }}>{{ end }}{{ template "T" .a }}{{ template "T" .b }}', "<1><x>");
  given('{{ block "B" .a }}[{{ . }}]{{ end }}{{ template "B" .b }}', "[1][x]");
  given('{{ define "T" }}{{ . }}{{ end }}{{ template "T" }}', "<no value>");
});

test("printing of values", () => {
  given("{{ . }}", 'map[a:1 b:x empty: json:{"k":[1,2,3],"n":null}]');
  given("{{ fromJson .json }}", "map[k:[1 2 3] n:<nil>]");
  given(
    "{{ 1000000.0 }} {{ 100000.0 }} {{ 1e21 }} {{ 1536.0 }} {{ 0.00001 }}",
    "1e+06 100000 1e+21 1536 1e-05",
  );
  given("{{ true }} {{ 1 }} {{ 0x1F }} {{ 1_000 }} {{ 1.5 }} {{ 1e3 }}", "true 1 31 1000 1.5 1000");
  given("{{ print 1 2 `a` 3.5 nil }}", "1 2a3.5 <nil>");
  given("{{ println 1 `a` }}", "1 a\n");
});

test("comparisons are typed", () => {
  given(
    "{{ eq .a `1` }} {{ eq .a `2` `1` }} {{ ne .a .b }} {{ lt 1 2 }} {{ le 2 2 }}",
    "true true true true true",
  );
  given(
    "{{ gt 1.5 1.0 }} {{ ge 1.0 1.5 }} {{ lt `a` `b` }} {{ eq (index .a 0) 49 }}",
    "true false true true",
  );
  refused(
    "{{ eq 1 1.0 }}",
    '1:3: executing "line" at <eq 1 1.0>: error calling eq: incompatible types for comparison: int and float64',
  );
  refused(
    "{{ lt .a 2 }}",
    '1:3: executing "line" at <lt .a 2>: error calling lt: incompatible types for comparison: string and int',
  );
  refused(
    "{{ lt true false }}",
    '1:3: executing "line" at <lt true false>: error calling lt: invalid type for comparison',
  );
  refused(
    "{{ eq 1 }}{{ eq 1 }}",
    '1:3: executing "line" at <eq 1>: error calling eq: missing argument for comparison',
  );
});

test("and and or stop at the argument that decides", () => {
  given("{{ or .a (urldecode `%zz`) }}", "1");
  given("{{ and .empty (urldecode `%zz`) }}|", "|");
  given("{{ .b | and .a }}{{ .b | or .empty }}", "xx");
});

test("len, index and slice", () => {
  given("{{ len `é` }} {{ len . }} {{ len (fromJson `[1]`) }}", "2 4 1");
  given("{{ index . `a` }}{{ index . `nosuch` }}", "1");
  given("{{ index (fromJson .json) `k` 1 }}", "2");
  given("{{ index `abc` 1 }}", "98");
  given(
    "{{ slice `abcdef` 2 4 }} {{ slice `abc` 1 }} {{ slice (fromJson `[1,2,3]`) 1 2 }}",
    "cd bc [2]",
  );
  refused(
    "{{ index (fromJson `[1]`) 1 }}",
    '1:3: executing "line" at <index (fromJson `[1]`) 1>: error calling index: reflect: slice index out of range',
  );
  refused(
    "{{ index `abc` 9 }}",
    '1:3: executing "line" at <index `abc` 9>: error calling index: index out of range: 9',
  );
  refused(
    "{{ slice `abc` 2 1 }}",
    '1:3: executing "line" at <slice `abc` 2 1>: error calling slice: invalid slice index: 2 > 1',
  );
  refused("{{ len 3 }}", '1:3: executing "line" at <len 3>: error calling len: len of type int');
});

test("html, js and urlquery", () => {
  given(`{{ html "<a href='x'>\\"&" }}`, "&lt;a href=&#39;x&#39;&gt;&#34;&amp;");
  given(`{{ js "it's <b> = \\n é" }}`, "it\\'s \\u003Cb\\u003E \\u003D \\u000A é");
  given("{{ urlquery `a b/é` }}", "a+b%2F%C3%A9");
});

test("errors of execution name the place and the node", () => {
  refused(
    `${"x".repeat(87)}{{urldecode "%zz"}}`,
    '1:89: executing "line" at <urldecode "%zz">: error calling urldecode: invalid URL escape "%zz"',
  );
  refused("{{ .a.b }}", '1:5: executing "line" at <.a.b>: can\'t evaluate field b in type string');
  refused(
    "é\n é {{ .a.b }}",
    '2:9: executing "line" at <.a.b>: can\'t evaluate field b in type string',
  );
  refused(
    "{{ (fromJson .json).n.x }}",
    '1:13: executing "line" at <.json>: nil pointer evaluating interface {}.x',
  );
  refused("{{ range .a }}{{ end }}", '1:9: executing "line" at <.a>: range can\'t iterate over 1');
  refused("{{ trunc `x` .a }}", '1:9: executing "line" at <`x`>: expected integer; found `x`');
  refused("{{ upper 5 }}", '1:9: executing "line" at <5>: expected string; found 5');
  refused(
    "{{ upper (add 1 2) }}",
    '1:16: executing "line" at <2>: wrong type for value; expected string; got int64',
  );
  refused(
    "{{ add 1 2 | upper }}",
    '1:13: executing "line" at <upper>: wrong type for value; expected string; got int64',
  );
  refused(
    "{{ fromJson `null` | upper }}",
    '1:21: executing "line" at <upper>: invalid value; expected string',
  );
  refused(
    "{{ upper }}",
    '1:3: executing "line" at <upper>: wrong number of args for upper: want 1 got 0',
  );
  refused(
    "{{ max }}",
    '1:3: executing "line" at <max>: wrong number of args for max: want at least 1 got 0',
  );
  refused("{{ .a `x` }}", '1:3: executing "line" at <.a>: a is not a method but has arguments');
  refused("{{ nil }}", '1:3: executing "line" at <nil>: nil is not a command');
  refused("{{ 1 2 }}", '1:3: executing "line" at <1>: can\'t give argument to non-function 1');
  refused(
    '{{ template "T" }}',
    '1:12: executing "line" at <{{template "T"}}>: template "T" not defined',
  );
  refused(
    "{{ __timestamp__.Clock }}",
    '1:3: executing "line" at <__timestamp__>: can\'t call method/function "Clock" with 3 results',
  );
  refused(
    "{{ __timestamp__.Nope }}",
    '1:3: executing "line" at <__timestamp__>: can\'t evaluate field Nope in type time.Time',
  );
  refused(
    '{{ define "T" }}{{ .x }}{{ end }}{{ template "T" .a }}',
    '1:19: executing "T" at <.x>: can\'t evaluate field x in type string',
  );
});

test("errors of parsing are Go's", () => {
  refused("{{.x", "1: unclosed action");
  refused("{{", "1: unclosed action");
  refused("a\n{{.x\n", "3: unclosed action started at line:2");
  refused("{{ nope }}", '1: function "nope" not defined');
  refused("{{ $x }}", '1: undefined variable "$x"');
  refused("{{ }}", "1: missing value for command");
  refused("{{ if }}{{ end }}", "1: missing value for if");
  refused("{{ if .a }}", "1: unexpected EOF");
  refused("{{ end }}", "1: unexpected {{end}}");
  refused("{{ else }}", "1: unexpected {{else}}");
  refused("{{ if .a }}{{ else }}{{ else }}{{ end }}", "1: expected end; found {{else}}");
  refused("{{ break }}", "1: {{break}} outside {{range}}");
  refused('{{ "x }}', "1: unterminated quoted string");
  refused("{{ `x }}", "1: unterminated raw quoted string");
  refused("{{ 'x }}", "1: unterminated character constant");
  refused("{{/* x", "1: unclosed comment");
  refused("{{/* x */ }}", "1: comment ends before closing delimiter");
  refused("{{ (.a }}", "1: unclosed left paren");
  refused("{{ .a) }}", "1: unexpected right paren");
  refused("{{ .a }", '1: unexpected "}" in operand');
  refused("{{ .a$ }}", "1: bad character U+0024 '$'");
  refused("{{ 1x }}", '1: bad number syntax: "1x"');
  refused("{{ 08 }}", '1: integer overflow: "08"');
  refused("{{ .a | 1 }}", "1: non executable command in pipeline stage 2");
  refused("{{ .a, .b }}", '1: unexpected "," in operand');
  refused("{{ $x, $y := .a }}", "1: too many declarations in command");
  refused("{{ `x`.y }}", '1: unexpected . after term "`x`"');
  refused("{{ template .a }}", '1: unexpected ".a" in template clause');
  refused('{{ "\\q" }}', "1: invalid syntax");
  refused("{{ if .a }}{{ define `x` }}{{ end }}", "1: unexpected <define> in command");
  refused(
    '{{define "T"}}a{{end}}{{define "T"}}b{{end}}',
    '1: template: multiple definition of template "T"',
  );
});

test("fields are the labels that the template names", () => {
  const fieldsOf = (text: string) => [...compileTemplate("line", text).fields].sort();
  assert.deepEqual(fieldsOf("{{.a}}-{{ .b | upper }}{{ $.c }}"), ["a", "b", "c"]);
  assert.deepEqual(fieldsOf("{{ if .a }}{{ .b }}{{ else if (or .c .d.e) }}{{ end }}"), [
    "a",
    "b",
    "c",
    "d",
  ]);
  assert.deepEqual(fieldsOf('{{ range .x }}{{ .y }}{{ end }}{{ index . "z" }}{{ . }}'), ["x", "y"]);
  assert.deepEqual(fieldsOf("text"), []);
});

test("bytes that make a rune together are that rune", () => {
  given('{{ len "\\xc3\\xa9" }} {{ eq "\\xc3\\xa9" "é" }} {{ upper "\\303\\251" }}', "2 true É");
  given('{{ printf "%q %q" (trunc 1 "é") "\\xff" }}', '"\\xc3" "\\xff"');
  given('{{ "\\xff" }}', "\ufffd");
});

test("any template gives a text or says why not", () => {
  const words = [
    ..."{{ }} {{ }} {{- -}} .a .b .json $x $ := = | , ( ) nil true 1 1.5 \"s\" `%d` 'c' end else".split(
      " ",
    ),
    ..."if with range define template block break continue eq printf index slice len and".split(
      " ",
    ),
    ..."add trunc fromJson regexReplaceAll date now __timestamp__ .Year default round int x".split(
      " ",
    ),
    "{{ end }}",
    "{{ if .a }}",
    "{{ range fromJson .json }}",
    "\n",
  ];
  const template = fc
    .array(fc.constantFrom(...words), { maxLength: 14 })
    .map((parts) => `{{ ${parts.join(" ")} }}`);
  let made = 0;
  const property = fc.property(template, (source) => {
    try {
      run(source, LABELS);
      made += 1;
    } catch (error) {
      assert.ok(error instanceof TemplateError || error instanceof LimitExceeded, source);
    }
  });
  fc.assert(property, { seed: 61, numRuns: 5000 });
  assert.ok(made > 20, `${made} templates ran`);
});

test("a template that does not end is ended", () => {
  const ended = (template: string, labels = {}) =>
    assert.throws(() => run(template, labels), LimitExceeded, template);
  ended('{{ define "T" }}{{ template "T" }}{{ end }}{{ template "T" }}');
  ended("{{ repeat 1000000000 `x` }}");
  ended("{{ alignLeft 1000000000 `x` }}");
  ended("{{ indent 100000 .a }}", { a: "\n".repeat(10_000) });
  ended("{{ Replace .a `` .a -1 }}", { a: "x".repeat(100_000) });
  ended("{{ regexReplaceAll `` .a .a }}", { a: "x".repeat(10_000) });
  ended('{{ printf "%1000000d%1000000d%1000000d%1000000d%1000000d" 1 2 3 4 5 }}');
  const list = `[${"1,".repeat(999)}1]`;
  ended("{{ $x := `x` }}{{ range fromJson .a }}{{ $x = print $x $x }}{{ end }}", { a: list });
  const loop =
    "{{ range fromJson .a }}{{ range fromJson $.a }}{{ range fromJson $.a }}x{{ end }}{{ end }}{{ end }}";
  ended(loop, { a: list });
});

test("what nests too deeply is refused, not a crash", () => {
  const deep = (open: string, close: string) => {
    const template = `{{ ${open.repeat(5000)}1${close.repeat(5000)} }}`;
    assert.throws(() => run(template), /template nests too deeply/);
  };
  deep("(", ")");
  deep("(print ", ")");
  assert.throws(() => run("{{ if 1 }}".repeat(5000)), /template nests too deeply/);
  assert.throws(
    () => run(`{{ if 0 }}${"{{ else if 0 }}".repeat(5000)}{{ end }}`),
    /nests too deeply/,
  );
  const json = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  assert.equal(run("{{ fromJson .a }}", { a: json }), "<no value>");
});
