/**
 * Queries made to hurt. Each is answered or ends with the number of the limit that it ran into, and none
 * takes long: GUARD_MS only says that nothing explodes, it does not measure.
 */
import assert from "node:assert/strict";
import { cpuUsage } from "node:process";
import { test } from "node:test";
import { portableSearch } from "../bytes/search.ts";
import { labelsOf } from "../labels/labels.ts";
import { BadRequest, LimitExceeded } from "../model/errors.ts";
import { DEFAULT_LIMITS, type Limits } from "../model/limits.ts";
import type { QueryResult } from "../model/result.ts";
import { newScanStats } from "../model/stats.ts";
import { compileRegex } from "../regex/regex.ts";
import { evaluate } from "./exec/engine.ts";
import { MemoryScanner, type TestEntry } from "./exec/testing/memory-scanner.ts";
import type { QueryParams } from "./plan/params.ts";
import { parseQuery } from "./syntax/parse.ts";

const GUARD_MS = 10_000;
const EPOCH = 1_700_002_800_000_000_000n;
const SECOND = 1_000_000_000n;
const YEAR = 365n * 86_400n * SECOND;
const CLOCK = { now: () => EPOCH, nowMs: () => 0, ticksMs: () => 0, sleep: async () => {} };
const PARAMS = {
  start: EPOCH,
  end: EPOCH + 60n * SECOND,
  step: 10n * SECOND,
  interval: 0n,
  limit: 1000,
  direction: "forward",
  instant: false,
} as const;

interface Ask {
  readonly lines?: readonly string[];
  readonly entries?: readonly TestEntry[];
  readonly params?: Partial<QueryParams>;
  readonly limits?: Partial<Limits>;
}

function entriesOf(lines: readonly string[], labels = { app: "x" }): TestEntry[] {
  return lines.map((line, index) => ({
    labels: labelsOf(labels),
    time: EPOCH + BigInt(index + 1) * 1_000_000n,
    line,
    metadata: [],
  }));
}

async function ask(query: string, { lines = ["x"], entries, params, limits }: Ask = {}) {
  const startMs = performance.now();
  try {
    return await evaluate(
      parseQuery(query),
      { ...PARAMS, ...params, limits: { ...DEFAULT_LIMITS, ...limits } },
      {
        scanner: new MemoryScanner(entries ?? entriesOf(lines)),
        search: portableSearch,
        clock: CLOCK,
        stats: newScanStats(),
      },
    );
  } finally {
    const ms = performance.now() - startMs;
    assert.ok(ms < GUARD_MS, `${Math.round(ms)} ms for ${query.slice(0, 100)}`);
  }
}

/** The query ends with the user's error. */
async function refused(query: string, message: RegExp, options: Ask = {}): Promise<void> {
  await assert.rejects(ask(query, options), (error: unknown) => {
    assert.ok(error instanceof BadRequest, String(error));
    assert.equal(Math.floor(error.status / 100), 4);
    assert.match(error.message, message);
    return true;
  });
}

/** The query ends with a limit, named in the error and with the numbers. */
async function limited(query: string, limit: string, options: Ask = {}): Promise<void> {
  await assert.rejects(ask(query, options), (error: unknown) => {
    assert.ok(error instanceof LimitExceeded, String(error));
    assert.equal(error.limit, limit);
    assert.match(error.message, /\d/);
    return true;
  });
}

function count(result: QueryResult): number {
  if (result.kind === "streams") {
    return result.streams.reduce((sum, { entries }) => sum + entries.length, 0);
  }
  if (result.kind === "matrix") return result.series.length;
  return result.kind === "vector" ? result.samples.length : 1;
}

test("texts without end", async () => {
  const size = 1_000_000;
  await refused(`{app="${"x".repeat(size)}"}`, /input size too long \(1000008 > 131072\)/);
  await refused("(".repeat(size), /input size too long/);
  await refused("\u{1f600}".repeat(size), /input size too long/);
  await refused(`{app="x"} ${"|=`x` ".repeat(25_000)}`, /input size too long/);
  await refused(`${"+1".repeat(60_000)}`, /too many tokens \(\d+ > 50000\)/);
});

test("things inside things", async () => {
  const nested = (open: string, inner: string, close: string, times: number) =>
    open.repeat(times) + inner + close.repeat(times);
  const rate = 'rate({app="x"}[1m])';
  await refused(nested("(", rate, ")", 10_000), /parentheses nest too deep \(1000\d > 128\)/);
  await refused("(".repeat(10_000), /parentheses nest too deep \(10000 > 128\)/);
  await refused(nested("sum(", rate, ")", 10_000), /nest too deep/);
  await refused(
    `{app="x"} | ${nested("(", "a=`1`", ")", 10_000)}`,
    /parentheses nest too deep \(10000 > 128\)/,
  );
  await refused(`${rate}${` + ${rate}`.repeat(1500)}`, /query nests too deep \(\d+ > 1000\)/);
  await refused(`{app="x"} | a=\`1\`${" or a=`1`".repeat(5000)}`, /query nests too deep/);
  await refused(`{app="x"} | a=\`1\`${",a=`1`".repeat(5000)}`, /query nests too deep/);
  assert.equal(count(await ask(nested("(", rate, ")", 100))), 1);
  assert.equal(count(await ask(`${rate}${` + ${rate}`.repeat(200)}`)), 1);
  assert.equal(count(await ask(`1${"^1".repeat(900)}`)), 1);
});

test("stages without end", async () => {
  const line = `a=1 b="x" ${"y".repeat(300)}`;
  const chains = [
    "|= `y` ".repeat(1000),
    "!= `z` ".repeat(1000),
    "|~ `y+` ".repeat(1000),
    "| json ".repeat(1000),
    "| logfmt ".repeat(1000),
    "| regexp `(?P<c>y+)` ".repeat(1000),
    "| pattern `<c>=<_>` ".repeat(1000),
    "| label_format c=`{{.a}}` ".repeat(1000),
    "| decolorize ".repeat(1000),
    "| keep app ".repeat(1000),
    `| logfmt ${Array.from({ length: 5000 }, (_, index) => `c${index}="a"`).join(",")}`,
    `| json ${Array.from({ length: 5000 }, (_, index) => `c${index}="a"`).join(",")}`,
    `| drop ${Array.from({ length: 5000 }, (_, index) => `c${index}`).join(",")}`,
    `|= \`y\`${" or `z`".repeat(2000)}`,
  ];
  for (const chain of chains) {
    const result = await ask(`{app="x"} ${chain}`, { lines: [line, line] });
    assert.equal(count(result), 2, chain.slice(0, 30));
  }
  await refused(`{app="x"} ${"| json ".repeat(1001)}`, /too many stages \(1001 > 1000\)/);
});

/** Patterns that make backtracking engines stop for years, and a text for them of about a length. */
const CATASTROPHES: readonly (readonly [pattern: string, text: (size: number) => string])[] = [
  ["(a+)+$", (size) => `${"a".repeat(size)}!`],
  ["(a*)*b", (size) => "a".repeat(size)],
  ["(a|a)*b", (size) => "a".repeat(size)],
  ["(a|aa)+$", (size) => `${"a".repeat(size)}!`],
  ["(.*a){20}b", (size) => "a".repeat(size)],
  ["(x+x+)+y", (size) => "x".repeat(size)],
  ["([a-zA-Z]+)*\\d", (size) => "q".repeat(size)],
  ["^(([a-z])+.)+[A-Z]([a-z])+$", (size) => "a".repeat(size)],
  ["(a?){30}a{30}c", (size) => "a".repeat(size)],
  [".*.*.*=.*", (size) => "x".repeat(size)],
  ["(?:\\s*\\S+\\s*)*;", (size) => "a ".repeat(size / 2)],
  ['<(\\w+)(?:\\s+\\w+="[^"]*")*>$', (size) => '<a b="c" '.repeat(size / 9)],
  ["(\\w+\\s?)*:$", (size) => "word ".repeat(size / 5)],
  ["^(\\d+\\.?)+x$", (size) => "1.".repeat(size / 2)],
  ["(é|é)*ü", (size) => "é".repeat(size / 2)],
  ["[ab]*a[ab]{12}c", (size) => "abaabbab".repeat(size / 8)],
];

test("catastrophic patterns on long lines", async () => {
  for (const [pattern, text] of CATASTROPHES) {
    const line = text(100_000);
    for (const stage of [`|~ \`${pattern}\``, `| logfmt a | a=~\`${pattern}\``]) {
      assert.equal(count(await ask(`{app="x"} ${stage}`, { lines: [line] })), 0, pattern);
    }
    await ask(`{app="x"} | regexp \`(?P<a>${pattern})\``, { lines: [line] });
    await ask(
      `{app="x"} | line_format \`{{ regexReplaceAll "${pattern.replaceAll("\\", "\\\\").replaceAll('"', "'")}" __line__ "x" }}\``,
      { lines: [line] },
    );
  }
});

test("the time of a catastrophic pattern grows with the text", () => {
  for (const [pattern, text] of CATASTROPHES) {
    const regex = compileRegex(pattern);
    const bytes = (size: number) => new TextEncoder().encode(text(size));
    linear(pattern, 100_000, (size) => {
      const line = bytes(size);
      return () => regex.testBytes(line, 0, line.length);
    });
  }
});

/**
 * Each doubling takes at most 2.5 times as long. Three doublings are measured at once, for one is easily
 * blurred, and work that grows with the square would take 64 times as long. What counts is the time of
 * the processor: on a machine that others use too, long work waits more often than short work.
 */
function linear(name: string, size: number, prepare: (size: number) => () => unknown): void {
  const [small, large] = [prepare(size), prepare(8 * size)];
  let [smallMs, largeMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < 40; round++) {
    smallMs = Math.min(smallMs, msOf(small));
    largeMs = Math.min(largeMs, msOf(large));
    if (round >= 2 && largeMs <= 2.5 ** 3 * smallMs) return;
  }
  assert.fail(`${name}: ${smallMs} ms for ${size}, ${largeMs} ms for eight times that`);
}

function msOf(work: () => unknown): number {
  const start = cpuUsage();
  work();
  const { user, system } = cpuUsage(start);
  return (user + system) / 1000;
}

test("patterns too large for any engine", async () => {
  for (const pattern of ["(a{1000}){1000}", "((a{100}){100}){100}", "(x{1000}y{1000}){1000}"]) {
    await refused(`{app=~"${pattern}"}`, /invalid repeat count|too large/);
    await refused(`{app="x"} |~ "${pattern}"`, /invalid repeat count|too large/);
    await refused(`{app="x"} | regexp "(?P<a>${pattern})"`, /invalid repeat count|too large/);
  }
  await refused(
    `{app="x"} |~ "${"(".repeat(5000)}x${")".repeat(5000)}"`,
    /expression nests too deeply/,
  );
  const words = Array.from({ length: 10_000 }, (_, index) => `w${index}`).join("|");
  assert.equal(count(await ask(`{app="x"} |~ "${words}"`, { lines: ["x".repeat(100_000)] })), 0);
  assert.equal(count(await ask(`{app=~"${words}|x"}`)), 1);
});

test(".* everywhere", async () => {
  const line = "a.b=c ".repeat(20_000);
  const stages = `|~ ".*" |~ ".*.*.*" !~ ".*x.*x.*" |~ "(.*)(.*)(.*)" | regexp "(?P<a>.*)(?P<b>.*)" | a=~".*" | b!~".+"`;
  assert.equal(count(await ask(`{app=~".*", app=~".+"} ${stages}`, { lines: [line] })), 1);
  await refused('{app=~".*"}', /at least one regexp or equality matcher/);
  const replaced = `label_replace(count_over_time({app="x"}[1m]), "a", "${"$0".repeat(1000)}", "app", ".*")`;
  assert.equal(count(await ask(replaced)), 1);
  let doubled = 'count_over_time({app="x"}[1m])';
  for (let times = 0; times < 40; times++) {
    doubled = `label_replace(${doubled}, "app", "$0$0", "app", ".*")`;
  }
  await limited(doubled, "label_replace_size");
});

test("tiny steps over years", async () => {
  const years = { start: EPOCH - 50n * YEAR, end: EPOCH + 50n * YEAR };
  const query = 'rate({app="x"}[1m])';
  const message = /maximum resolution of 11,000 points/;
  await refused(query, message, { params: { ...years, step: 1_000_000n } });
  await refused(query, message, { params: { ...years, step: 1000n * SECOND } });
  await refused("1", message, { params: { ...years, step: SECOND } });
  await refused("vector(1)", message, { params: { ...years, step: SECOND } });
  const many = { ...years, step: YEAR / 100n };
  for (const range of ["1ms", "100y", "0"]) {
    assert.ok(count(await ask(`rate({app="x"}[${range}])`, { params: many })) <= 1);
  }
  const quantile = 'quantile_over_time(0.5, {app="x"} | logfmt | unwrap a [100y])';
  const lines = Array.from({ length: 5000 }, (_, index) => `a=${index}`);
  assert.ok(count(await ask(quantile, { params: many, lines })) >= 1);
});

test("templates that grow without end", async () => {
  const given = async (template: string, limit: string) => {
    await limited(`{app="x"} | line_format \`${template}\``, limit);
    await limited(`{app="x"} | label_format a=\`${template}\``, limit);
  };
  await given('{{ repeat 1000000000 "x" }}', "template_size");
  await given('{{ repeat 10000 (repeat 10000 "x") }}', "template_size");
  await given('{{ alignLeft 2000000000 "x" }}', "template_size");
  await given('{{ indent 2000000000 "x" }}', "template_size");
  await given(
    '{{ define "t" }}{{ template "t" . }}{{ end }}{{ template "t" . }}',
    "template_depth",
  );
  await given('{{ repeat 1000000 "x" | count "a*" }}', "template_matches");
  await given('{{ regexReplaceAll "" (repeat 1000000 "x") "y" }}', "template_matches");
  const list = `(fromJson "[${"1,".repeat(200)}1]")`;
  await given(
    `{{ range ${list} }}{{ range ${list} }}{{ range ${list} }}x{{ end }}{{ end }}{{ end }}`,
    "template_steps",
  );
  const big = '{{ $t := repeat 1000000 "xy" }}';
  await given(
    `${big}{{ range ${list} }}{{ range ${list} }}{{ contains "z" $t }}{{ end }}{{ end }}`,
    "template_steps",
  );
  await given(`${big}{{ range ${list} }}{{ count "(x+)+z|x" $t }}{{ end }}`, "template_matches");
  await given(`${big}{{ range ${list} }}{{ count "(x+)+z" $t }}{{ end }}`, "template_steps");
  await given(`{{ printf "%999999v" ${list} }}`, "template_size");
  await limited(`{app="x"} | logfmt | line_format \`${"{{.a}}".repeat(5000)}\``, "template_size", {
    lines: [`a=${"x".repeat(2000)}`],
  });
  // The templates of a row share what they may do.
  const work = `| label_format a=\`{{ count "x" (repeat 50000 "x") }}\` `;
  assert.equal(count(await ask(`{app="x"} ${work.repeat(5)}`)), 1);
  await limited(`{app="x"} ${work.repeat(7)}`, "template_matches");
  const many = { lines: Array.from({ length: 2000 }, () => "x") };
  await limited(`{app="x"} ${work}`, "template_work", many);
  await limited(`count_over_time({app="x"} ${work} [1m])`, "template_work", many);
  const long = { lines: Array.from({ length: 200 }, () => "x y ".repeat(10_000)) };
  const usual =
    '| line_format `{{ count "x" __line__ }} {{ regexReplaceAll "x (y)" __line__ "$1" }}`';
  assert.equal(count(await ask(`{app="x"} ${usual}`, long)), 200);
  const doubling = "| label_format a=`{{.a}}{{.a}}x` ".repeat(60);
  await limited(`{app="x"} ${doubling}`, "template_growth");
  const lines = Array.from({ length: 2000 }, () => "x");
  for (const text of [
    "{{ repeat 100000 __line__ }}",
    "{{ printf `%99999d` 1 }}".replaceAll("`", '"'),
  ]) {
    await limited(`{app="x"} | line_format \`${text}\``, "template_growth", { lines });
    await limited(`bytes_over_time({app="x"} | line_format \`${text}\` [1m])`, "template_growth", {
      lines,
    });
    await limited(
      `sum by (a) (count_over_time({app="x"} | label_format a=\`${text}\` [1m]))`,
      "template_growth",
      { lines },
    );
  }
});

test("a hundred thousand label sets", async () => {
  const lines = Array.from({ length: 100_000 }, (_, index) => `{"id":${index},"v":1}`);
  const entries = entriesOf(lines).map((entry) => ({ ...entry, time: EPOCH + 1n }));
  const at = { start: EPOCH + SECOND, end: EPOCH + SECOND, instant: true };
  const counted = 'count_over_time({app="x"} | json [1m])';
  await limited(counted, "max_query_series", { entries, params: at });
  await limited(`sum by (id) (${counted})`, "max_query_series", { entries });
  const memory = { maxQueryMemoryBytes: 10_000_000 };
  await limited(`count(${counted})`, "max_query_memory_bytes", { entries, limits: memory });
  assert.equal(count(await ask('{app="x"} | json', { entries, params: { limit: 5000 } })), 5000);
  assert.equal(count(await ask(`count(${counted})`, { entries, params: at })), 1);
});

test("group_left explosions", async () => {
  const lines = Array.from({ length: 3000 }, (_, index) => `a=${index % 3} b=${index}`);
  const wide = 'count_over_time({app="x"} | logfmt [1m])';
  const options = { lines, params: { step: 10_000_000n, end: EPOCH + 60n * SECOND } };
  const memory = { ...options, limits: { maxQueryMemoryBytes: 20_000_000 } };
  const joined = `${wide} * on(a) group_left sum by (a) (${wide})`;
  await limited(joined, "max_query_series", { ...options, params: { step: 10n * SECOND } });
  await limited(joined, "max_query_memory_bytes", memory);
  await limited(`${wide} * on(a, b) ${wide}`, "max_query_memory_bytes", memory);
  await limited(`${wide} and ${wide}`, "max_query_memory_bytes", memory);
  await assert.rejects(
    ask(`${wide} * on(a) group_left ${wide}`, { lines }),
    /many-to-many matching not allowed/,
  );
});

test("one line of many parts", async () => {
  const numbers = Array.from({ length: 20_000 }, (_, index) => index);
  const json = `{${numbers.map((number) => `"k${number}":${number}`).join(",")}}`;
  const logfmt = numbers.map((number) => `k${number}=${number}`).join(" ");
  assert.equal(count(await ask('{app="x"} | json', { lines: [json] })), 1);
  assert.equal(count(await ask('{app="x"} | logfmt', { lines: [logfmt] })), 1);
  assert.equal(
    count(await ask('{app="x"} | json | logfmt | unpack | keep k1', { lines: [json, logfmt] })),
    2,
  );
  const deep = '{"a":'.repeat(100_000);
  assert.equal(
    count(await ask('{app="x"} | json | unpack | json b="a.a.a"', { lines: [deep] })),
    1,
  );
});

test("names of blanks", async () => {
  const blanks = " ".repeat(300_000);
  const lines = [`{"a${blanks}b":1}`, `{"${blanks}":1}`, `a${"\u00a0".repeat(100_000)}b=1`];
  for (const stage of ["| json", "| logfmt", "| unpack", '| json x="a"', '| logfmt x="a"']) {
    assert.equal(count(await ask(`{app="x"} ${stage} | keep app`, { lines })), 3, stage);
  }
});

test("numbers of a million digits", async () => {
  const lines = [
    "9".repeat(1_000_000),
    `${"9".repeat(1_000_000)}s`,
    `0.${"0".repeat(1_000_000)}1`,
  ].map((text) => `a=${text}`);
  for (const than of ["1", "1s", "1KB"]) {
    assert.equal(count(await ask(`{app="x"} | logfmt | a > ${than}`, { lines })) > 0, true);
  }
  for (const unwrap of ["a", "duration(a)", "bytes(a)"]) {
    await ask(`sum_over_time({app="x"} | logfmt | unwrap ${unwrap} | __error__="" [1m])`, {
      lines,
    });
  }
});
