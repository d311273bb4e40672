/**
 * Texts for a fuzzer: queries by the grammar, most of them valid, then queries with pieces taken out,
 * put in or doubled, sequences of words, and bytes. The same seed gives the same text.
 */
import { Random } from "../../../sim/random.ts";

export const LABELS = ["app", "a", "b", "c", "level", "msg", "dur", "size", "ip", "trace", "n"];

/** Input `index` of a run. */
export function fuzzText(seed: number, index: number): string {
  const random = new Random(seed * 4_294_967_296 + index);
  const kind = random.fraction();
  if (kind < 0.5) return new QueryWriter(random).query();
  if (kind < 0.75) return damaged(random);
  if (kind < 0.87) return words(random);
  return bytes(random);
}

const UNWRAPPED =
  "rate rate_counter avg_over_time sum_over_time min_over_time max_over_time stdvar_over_time stddev_over_time quantile_over_time first_over_time last_over_time absent_over_time".split(
    " ",
  );
const COUNTING = ["count_over_time", "bytes_over_time", "bytes_rate", "rate", "absent_over_time"];
const UNGROUPED = new Set(["rate", "rate_counter", "sum_over_time", "absent_over_time"]);
const VECTOR_OPS =
  "sum avg max min count stddev stdvar topk bottomk sort sort_desc count_distinct approx_count_distinct approx_topk".split(
    " ",
  );
const BINARY_OPS = "+ - * / % ^ == != > >= < <= and or unless".split(" ");
const REGEXES = [
  "(?P<msg>x)?(?P<size>\\S+)",
  "a.*|",
  "(?i)err(or)?",
  "(a+)+$",
  "(?P<a>\\w+) (?P<b>.*)",
  "(?P<n>\\d+)",
  "^$",
  ".*",
  "x{2,5}",
  "[^a-z]+",
  "\\pL+\\b",
  "é|\\xff",
  "(x|y|)*",
  "(x+)+y|x",
  "[^=]*?=(?P<a>[^ ]*) .*(?P<b>b+){2,40}$",
];
const TEXTS = [
  "x",
  "",
  "error",
  "é😀",
  '"',
  "\\",
  "`",
  "\n",
  "a b",
  "1",
  "<_>",
  "<a> <b>",
  "a<_>b",
  "\x1b[31m",
];
/** Rare: with them nothing is left to run. */
const REFUSED = ["(", "(?P<a>.)(?P<a>.)", "0x10", "", "<a><b>", "5", "1e", "*"];
const NUMBERS = [
  "0",
  "1",
  "5",
  "0.5",
  "1e3",
  "99999999999999999999",
  "1e308",
  "1_0",
  "017",
  "5.",
  ".5",
];
const RANGES = ["1s", "5s", "5m", "1h", "1d", "1ms", "1h30m", "0", "1w", "292y", "999999h"];
const DURATIONS = ["1s", "5m", "-1h30m", "1.5s", "0s", "1ns", "1d", "2562047h"];
const SIZES = ["1KB", "2MiB", "1B", "1.5k", "0B", "99PB"];
const TEMPLATES = [
  "{{.a}}",
  "{{ .msg | ToUpper }}-{{.b}}",
  "{{ if eq .a `1` }}x{{ else }}y{{ end }}",
  "{{ range $i, $v := fromJson __line__ }}{{$i}}{{$v}}{{end}}",
  "{{ repeat 100000000 .a }}",
  "{{ add .n 1 }} {{ div 1 .n }}",
  "{{ substr 3 1 .a }}{{ trunc -2 .msg }}",
  "{{ alignLeft 99999999 .a }}",
  "{{ __timestamp__ | date `2006-01-02` }}",
  "{{define `t`}}{{template `t` .}}{{end}}{{template `t` .}}",
  "{{ regexReplaceAll `(a*)*` .msg `$1$1` }}",
  "{{ .a.b }}",
  "{{",
  "{{ printf `%999999d` 1 }}",
  "{{ count `(x+)+y|x` __line__ }}{{ now | unixEpoch }}",
  "{{ repeat 99999 `xy` | count `(x+)+z|x` }}",
  "{{ regexReplaceAllLiteral `(.*=)*|=` __line__ .a }}{{ printf `%9999v` (fromJson __line__) }}",
  "{{ $t := repeat 9999 .msg }}{{ range fromJson __line__ }}{{ contains .a $t }}{{ end }}",
  "{{ unixToTime .n }}{{ toDate `2006` .a }}",
  "{{ index . `a` }}{{ len .msg }}{{ slice .msg 1 2 }}",
];
const PATHS = ["a", "a.b", "a[0]", '["a b"]', "[1]", "a.", "a[99999999999]", "", "a[0][1].b"];
const WORDS =
  `{ } ( ) [ ] [5m] , . = != =~ !~ |= |~ |> !> | == > >= < <= + - * / % ^ by without bool unwrap offset on ignoring group_left group_right or and unless json regexp logfmt unpack pattern label_format line_format decolorize drop keep rate( count_over_time( quantile_over_time( vector( sum( topk( label_replace( bytes( ip( "x" "" a b 5 0.5 1e3 5m 10KB --strict --keep-empty --arrays {app="x"} {app=~".+"} rate({app="x"}[1m]) |="x" |a=1 distinct sort first last desc of variants( # // /* */ ' é 😀 \u0000 \ufeff @ ~`.split(
    " ",
  );

/** Writes one query, a part at a time. */
class QueryWriter {
  readonly #random: Random;
  /** Parts that may still hold parts. */
  #room = 12;

  constructor(random: Random) {
    this.#random = random;
  }

  query(): string {
    const { fraction } = this;
    if (fraction < 0.4) return this.#log();
    if (fraction < 0.97) return this.#metric();
    const list = this.#list(2, () => this.#metric());
    return `variants(${list}) of (${this.#log()}[1m])`;
  }

  get fraction(): number {
    return this.#random.fraction();
  }

  #log(): string {
    const stages = Array.from({ length: this.#random.int(0, 5) }, () => this.#stage());
    return [this.#selector(), ...stages].join(" ");
  }

  #selector(): string {
    const more = this.fraction < 0.3 ? `, ${this.#matcher()}` : "";
    return this.fraction < 0.05 ? `{${this.#matcher()}}` : `{app=~".+"${more}}`;
  }

  #matcher(): string {
    const op = this.#pick(["=", "!=", "=~", "!~"]);
    return `${this.#label()}${op}${quoted(this.#pick(op.endsWith("~") ? REGEXES : TEXTS))}`;
  }

  #stage(): string {
    const text = () => quoted(this.#pick(TEXTS));
    switch (this.#random.int(0, 18)) {
      case 0:
        return `${this.#pick(["|=", "!=", "|>", "!>"])} ${text()}${this.fraction < 0.2 ? ` or ${text()}` : ""}`;
      case 1:
        return `${this.#pick(["|~", "!~"])} ${quoted(this.#pick(REGEXES))}`;
      case 2:
        return `${this.#pick(["|=", "!="])} ip("${this.#pick(["10.0.0.0/8", "::1", "1.2.3.4-1.2.3.9", "x"])}")`;
      case 3:
        return this.#pick(["| json", "| json --arrays", "| unpack", "| decolorize"]);
      case 4:
        return `| json ${this.#list(2, () => `${this.#label()}=${quoted(this.#pick(PATHS))}`)}`;
      case 5:
        return `| logfmt${this.#pick(["", " --strict", " --keep-empty", " --strict --keep-empty"])}`;
      case 6:
        return `| logfmt ${this.#list(2, () => `${this.#label()}=${quoted(this.#label())}`)}`;
      case 7:
        return `| regexp ${quoted(this.#pick(REGEXES.filter((text) => text.includes("?P<"))))}`;
      case 8:
        return `| pattern ${quoted(this.#pick(["<a> <b>", "<_> <msg>", "a=<a> <_>"]))}`;
      case 9:
      case 10:
        return `| line_format ${quoted(this.#pick(TEMPLATES))}`;
      case 11:
        return `| label_format ${this.#list(2, () => `${this.#label()}=${this.fraction < 0.5 ? this.#label() : quoted(this.#pick(TEMPLATES))}`)}`;
      case 12:
        return `| ${this.#pick(["drop", "keep"])} ${this.#list(2, () => (this.fraction < 0.5 ? this.#label() : this.#matcher()))}`;
      case 13:
        return `| distinct ${this.#list(2, () => this.#label())}`;
      case 14:
        return `| sort by ${this.#label()}${this.#pick(["", " desc", " asc"])}`;
      case 15:
        return `| ${this.#pick(["first", "last"])} ${this.#pick(["1", "3"])}`;
      default:
        return `| ${this.#filter()}`;
    }
  }

  #filter(): string {
    if (this.#room-- > 0 && this.fraction < 0.3) {
      return `(${this.#filter()} ${this.#pick(["and", "or", ","])} ${this.#filter()})`;
    }
    const op = this.#pick(["=", "==", "!=", ">", ">=", "<", "<="]);
    const kind = this.fraction;
    if (kind < 0.4) return this.#matcher();
    if (kind < 0.6) return `${this.#label()} ${op} ${this.#pick(["", "-"])}${this.#pick(NUMBERS)}`;
    if (kind < 0.75) return `${this.#label()} ${op} ${this.#pick(DURATIONS)}`;
    if (kind < 0.9) return `${this.#label()} ${op} ${this.#pick(SIZES)}`;
    return `${this.#label()} ${this.#pick(["=", "!="])} ip("10.0.0.0/8")`;
  }

  #metric(): string {
    const kind = this.#room-- > 0 ? this.fraction : 0;
    if (kind < 0.4) return this.#range();
    if (kind < 0.65) return this.#vector();
    if (kind < 0.85) return this.#binary();
    if (kind < 0.9) return `vector(${this.#pick(NUMBERS)})`;
    if (kind < 0.95) return `${this.#pick(["", "-", "+"])}${this.#pick(NUMBERS)}`;
    const [target, source] = [quoted(this.#label()), quoted(this.#label())];
    return `label_replace(${this.#metric()}, ${target}, "$1\${a}x", ${source}, ${quoted(this.#pick(REGEXES))})`;
  }

  #range(): string {
    const unwrapped = this.fraction < 0.5;
    const op = this.#pick(unwrapped ? UNWRAPPED : COUNTING);
    const name = this.#label();
    const unwrap = this.#pick([name, `bytes(${name})`, `duration(${name})`]);
    const log = `${this.#log()}${unwrapped ? ` | unwrap ${unwrap}${this.#pick(["", ' | __error__=""'])}` : ""}`;
    const offset = this.fraction < 0.2 ? ` offset ${this.#pick(DURATIONS)}` : "";
    const parameter = op === "quantile_over_time" ? `${this.#pick(["0.5", "0.99", "2"])}, ` : "";
    const grouping = unwrapped && this.fraction < 0.4 && !UNGROUPED.has(op) ? this.#grouping() : "";
    return `${op}(${parameter}${log}[${this.#pick(RANGES)}]${offset})${grouping}`;
  }

  #vector(): string {
    const op = this.#pick(VECTOR_OPS);
    const parameter = op.includes("k") ? `${this.#pick(["1", "2", "100"])}, ` : "";
    const grouping = this.fraction < 0.5 && !/^sort|approx_t/.test(op) ? this.#grouping() : "";
    return `${op}${grouping} (${parameter}${this.#metric()})`;
  }

  #binary(): string {
    const names = () => this.#list(2, () => this.#label());
    const on = this.fraction < 0.4 ? ` ${this.#pick(["on", "ignoring"])}(${names()})` : "";
    const side =
      on !== "" && this.fraction < 0.5 ? this.#pick([" group_left", " group_right"]) : "";
    const include = side !== "" && this.fraction < 0.5 ? `(${names()})` : "";
    const op = `${this.#pick(BINARY_OPS)}${this.#pick(["", "", " bool"])}${on}${side}${include}`;
    return `(${this.#metric()} ${op} ${this.#metric()})`;
  }

  #grouping(): string {
    const names = this.fraction < 0.2 ? "" : this.#list(2, () => this.#label());
    return ` ${this.#pick(["by", "without"])} (${names})`;
  }

  #label(): string {
    return this.#pick(LABELS);
  }

  #list(max: number, item: () => string): string {
    return Array.from({ length: this.#random.int(1, max + 1) }, item).join(", ");
  }

  #pick(list: readonly string[]): string {
    return this.#random.pick(this.fraction < 0.01 ? REFUSED : list);
  }
}

function damaged(random: Random): string {
  let text = new QueryWriter(random).query();
  for (let change = random.int(1, 4); change > 0; change--) {
    const at = random.int(0, text.length + 1);
    const size = random.int(0, 8);
    const source = random.int(0, text.length + 1);
    const pieces = ["", random.pick(WORDS), text.slice(source, source + 10), bytes(random, 2)];
    text = text.slice(0, at) + random.pick(pieces) + text.slice(at + size);
  }
  return text;
}

function words(random: Random): string {
  const blank = random.pick(["", " "]);
  return Array.from({ length: random.int(1, 16) }, () => random.pick(WORDS)).join(blank);
}

/** Bytes as a text that came over HTTP: what is no UTF-8 has become U+FFFD. Now and then any UTF-16. */
function bytes(random: Random, most = 40): string {
  const size = random.int(1, most + 1);
  if (random.chance(0.3)) {
    return String.fromCharCode(...Array.from({ length: size }, () => random.int(0, 65536)));
  }
  const any = random.bytes(size);
  return new TextDecoder().decode(random.chance(0.5) ? any.map((byte) => byte & 0x7f) : any);
}

function quoted(text: string): string {
  return JSON.stringify(text).replaceAll(/[\u007f-\u009f]/g, "?");
}
