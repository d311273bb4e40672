/**
 * The stages as the spec tells them, one line at a time: maps of labels, lines as text, nothing left
 * out and nothing remembered. The blocks must come to the same.
 */
import { compileTemplate } from "../../../golang/template/template.ts";
import { compileMatcher } from "../../../labels/matcher.ts";
import type { Labels } from "../../../model/labels.ts";
import { compileIp } from "../../../regex/ip.ts";
import type { LabelFilter, LineFilterStage, LogExpr, Stage } from "../../syntax/ast.ts";
import { QUANTITIES } from "../quantity.ts";
import { patternTest } from "../value-test.ts";
import {
  type Parsed,
  parseJson,
  parseLogfmt,
  parsePacked,
  parsePattern,
  segment,
} from "./reference-parsers.ts";

export interface ReferenceRow {
  readonly labels: Labels;
  readonly line: string;
}

const ESCAPES =
  /[\u001b\u009b][[\]()#;?]*(?:(?:(?:[a-zA-Z\d]*(?:;[a-zA-Z\d]*)*)?\u0007)|(?:(?:\d{1,4}(?:;\d{0,4})*)?[\dA-PRZcf-ntqry=><~]))/g;

/** What comes of a line, undefined when it is dropped. */
export function evaluate(
  log: LogExpr,
  stream: Labels,
  entry: { line: string; time: bigint; metadata: Labels },
): ReferenceRow | undefined {
  const row = new Row(stream, entry, log.stages);
  for (const stage of inOrder(log.stages)) if (!row.run(stage)) return undefined;
  return { labels: row.labels(), line: row.line };
}

/** Line filters move in front of what does not give a new line. */
function inOrder(stages: readonly Stage[]): Stage[] {
  const done: Stage[] = [];
  let [filters, others]: [Stage[], Stage[]] = [[], []];
  for (const stage of stages) {
    (stage.kind === "line-filter" ? filters : others).push(stage);
    if (stage.kind === "line-format" || stage.kind === "unpack") {
      done.push(...filters, ...others);
      [filters, others] = [[], []];
    }
  }
  return [...done, ...filters, ...others];
}

class Row {
  readonly base: ReadonlyMap<string, string>;
  readonly metadata = new Map<string, string>();
  readonly parsed = new Map<string, string>();
  readonly deleted = new Set<string>();
  readonly early: ReadonlyMap<string, LabelFilter>;
  readonly time: bigint;
  line: string;
  error = "";
  details = "";

  constructor(
    stream: Labels,
    entry: { line: string; time: bigint; metadata: Labels },
    stages: readonly Stage[],
  ) {
    this.base = new Map(stream);
    this.line = entry.line;
    this.time = entry.time;
    for (const [name, value] of entry.metadata) {
      this.metadata.set(this.base.has(name) ? `${name}_extracted` : name, value);
    }
    const early = new Map<string, LabelFilter>();
    for (const stage of stages) {
      if (stage.kind !== "label-filter") continue;
      const { filter } = stage;
      if ("left" in filter) continue;
      const name = filter.kind === "string" ? filter.matcher.name : filter.name;
      if (!early.has(name)) early.set(name, filter);
    }
    this.early = early;
  }

  get(name: string): string | undefined {
    const own = this.parsed.get(name) ?? this.metadata.get(name);
    return own ?? (this.deleted.has(name) ? undefined : this.base.get(name));
  }

  set(name: string, value: string): void {
    this.metadata.delete(name);
    this.parsed.set(name, value);
  }

  delete(name: string): void {
    this.metadata.delete(name);
    this.parsed.delete(name);
    this.deleted.add(name);
  }

  labels(): Labels {
    const isTouched =
      this.parsed.size > 0 || this.metadata.size > 0 || this.deleted.size > 0 || this.error !== "";
    const all = isTouched ? this.all() : this.base;
    return [...all].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  all(): Map<string, string> {
    const kept = [...this.base].filter(([name]) => !this.deleted.has(name));
    const all = new Map([...kept, ...this.metadata, ...this.parsed]);
    if (this.error !== "") all.set("__error__", this.error);
    if (this.details !== "") all.set("__error_details__", this.details);
    return all;
  }

  run(stage: Stage): boolean {
    switch (stage.kind) {
      case "line-filter":
        return this.lineFilter(stage);
      case "json":
        return this.take(parseJson(this.line), "JSONParserErr");
      case "logfmt": {
        const parsed = parseLogfmt(this.line, stage);
        const fields = parsed.fields.filter(
          ([name, value]) => name !== "" && (value !== "" || stage.keepEmpty),
        );
        return this.take({ ...parsed, fields }, "LogfmtParserErr");
      }
      case "pattern":
        return this.take(parsePattern(this.line, stage.pattern), "");
      case "regexp": {
        const groups = new RegExp(stage.pattern.replaceAll("(?P<", "(?<"), "u").exec(this.line);
        const found = Object.entries(groups?.groups ?? {});
        return this.take({ fields: found.map(([name, value]) => [name, value ?? ""]) }, "");
      }
      case "unpack":
        return this.unpack();
      case "label-filter":
        return this.filter(stage.filter);
      case "line-format":
        this.line = this.template("line", stage.template, this.all()) ?? this.line;
        return true;
      case "label-format":
        this.labelFormat(stage);
        return true;
      case "decolorize":
        this.line = this.line.replace(ESCAPES, "");
        return true;
      case "drop":
      case "keep":
        this.choose(stage);
        return true;
      default:
        throw new Error(`no reference for ${stage.kind}`);
    }
  }

  /** Sets what a parser found, each label as long as its filter lets it. */
  take({ fields, error }: Parsed, kind: string): boolean {
    for (const [field, value] of fields) {
      if (field === "") continue;
      const name = this.base.has(field) || this.metadata.has(field) ? `${field}_extracted` : field;
      if (this.parsed.has(name)) continue;
      this.set(name, value);
      const early = this.early.get(name);
      if (early !== undefined && !this.filter(early)) return false;
    }
    if (error !== undefined) [this.error, this.details] = [kind, error];
    return true;
  }

  unpack(): boolean {
    if (this.line === "") return true;
    const { fields, error } = parsePacked(this.line);
    if (error !== undefined) return this.take({ fields: [], error }, "JSONParserErr");
    const entry = fields.findLast(([name]) => name === "_entry");
    if (entry === undefined) return true;
    const others = fields
      .filter(([name]) => name !== "_entry")
      .map(([name, value]) => [segment(name, true), value] as const);
    if (!this.take({ fields: others }, "")) return false;
    this.line = entry[1];
    return true;
  }

  lineFilter({ op, match, or }: LineFilterStage): boolean {
    const texts = [match, ...or.map((other) => other.match)];
    const found = texts.some((text) => {
      if (op === "|=" || op === "!=") return this.line.includes(text);
      return new RegExp(text, "u").test(this.line);
    });
    return found !== op.startsWith("!");
  }

  filter(filter: LabelFilter): boolean {
    switch (filter.kind) {
      case "and": {
        const left = this.filter(filter.left);
        return this.filter(filter.right) && left;
      }
      case "or":
        return this.filter(filter.left) || this.filter(filter.right);
      case "string": {
        const { name, op, value } = filter.matcher;
        const text = name === "__error__" ? this.error : (this.get(name) ?? "");
        const holds = op === "=" || op === "!=" ? text === value : patternTest(value)(text);
        return holds !== op.startsWith("!");
      }
      case "ip": {
        if (this.error !== "") return true;
        const text = this.get(filter.name);
        return text !== undefined && compileIp(filter.pattern).test(text) === (filter.op === "=");
      }
      default:
        return this.quantity(filter);
    }
  }

  quantity(filter: Extract<LabelFilter, { kind: "number" | "duration" | "bytes" }>): boolean {
    const text = this.get(filter.name);
    if (text === undefined) return false;
    const { read, error } = QUANTITIES[filter.kind];
    const value = read(text);
    const wanted = Number(filter.value) / (filter.kind === "duration" ? 1e9 : 1);
    if (value !== undefined) {
      const order = { ">": value > wanted, ">=": value >= wanted, "<": value < wanted };
      const rest = { "<=": value <= wanted, "==": value === wanted, "!=": value !== wanted };
      return { ...order, ...rest }[filter.op];
    }
    if (this.error === "") [this.error, this.details] = ["LabelFilterErr", error(text)];
    return true;
  }

  labelFormat({ formats }: Extract<Stage, { kind: "label-format" }>): void {
    let seen: Map<string, string> | undefined;
    for (const format of formats) {
      if (format.kind === "rename") {
        const value = this.get(format.source);
        if (value === undefined) continue;
        this.set(format.name, value);
        this.delete(format.source);
      } else {
        seen ??= this.all();
        const text = this.template("label", format.template, seen);
        if (text !== undefined) this.set(format.name, text);
      }
    }
  }

  template(name: string, text: string, labels: ReadonlyMap<string, string>): string | undefined {
    const data = { get: (label: string) => labels.get(label), all: () => labels };
    try {
      return compileTemplate(name, text).execute(data, { line: this.line, timeNs: this.time });
    } catch (error) {
      [this.error, this.details] = ["TemplateFormatErr", (error as Error).message];
      return undefined;
    }
  }

  choose({ kind, names }: Extract<Stage, { kind: "drop" | "keep" }>): void {
    const fits = (name: string, value: string): boolean =>
      names.some(
        (one) =>
          one.name === name &&
          (one.matcher === undefined || compileMatcher(one.matcher).test(value)),
      );
    if (kind === "drop") {
      if (fits("__error__", this.error)) this.error = "";
      if (fits("__error_details__", this.details)) this.details = "";
    }
    for (const name of [...this.base.keys(), ...this.metadata.keys(), ...this.parsed.keys()]) {
      const value = this.get(name);
      if (value !== undefined && fits(name, value) === (kind === "drop")) this.delete(name);
    }
  }
}
