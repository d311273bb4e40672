/**
 * Cases of the language as text, after Prometheus' promqltest: lines to load, then queries and what
 * they give. fixtures/logql/eval/README.md shows the form. Times are relative to EPOCH.
 */
import { byName } from "../../../labels/labels.ts";
import type { Label, Labels } from "../../../model/labels.ts";
import type { Direction } from "../../plan/params.ts";
import type { TestEntry } from "./memory-scanner.ts";

/** 2023-11-14T23:00:00Z: a whole hour. */
export const EPOCH = 1_700_002_800_000_000_000n;

export interface Case {
  /** Line of the file that it starts on, from 1. */
  readonly line: number;
  readonly form: "logs" | "range" | "instant";
  readonly query: string;
  readonly options: CaseOptions;
  readonly entries: readonly TestEntry[];
  /** Lines below the query, without their indent. */
  readonly want: readonly string[];
}

export interface CaseOptions {
  readonly start: bigint;
  readonly end: bigint;
  readonly step: bigint;
  readonly interval: bigint;
  readonly limit: number;
  readonly direction: Direction;
}

export function readCases(text: string): Case[] {
  const cases: Case[] = [];
  let entries: TestEntry[] = [];
  for (const { line, head, body } of blocksOf(text)) {
    if (head === "clear") entries = [];
    else if (head === "load") entries = [...entries, ...body.flatMap(loadLine)];
    else cases.push({ line, ...readEval(head), entries, want: body });
  }
  return cases;
}

interface TextBlock {
  readonly line: number;
  readonly head: string;
  readonly body: readonly string[];
}

/** A block is a line at the margin and the indented lines below it. `#` starts a comment line. */
function blocksOf(text: string): TextBlock[] {
  const blocks: { line: number; head: string; body: string[] }[] = [];
  text.split("\n").forEach((source, index) => {
    if (source.trim() === "" || source.startsWith("#")) return;
    if (!source.startsWith(" ")) blocks.push({ line: index + 1, head: source, body: [] });
    else blocks.at(-1)!.body.push(source.trim());
  });
  return blocks;
}

/** `{app="x"} "line" @ 10s every 5s for 3 with {trace="t"}` */
function loadLine(text: string): TestEntry[] {
  const match =
    /^(\{.*?\}) ("(?:[^"\\]|\\.)*")\s+@ (\S+)(?: every (\S+) for (\d+))?(?: with (\{.*\}))?$/.exec(
      text,
    );
  if (match === null) throw new Error(`not a line to load: ${text}`);
  const [, labels, line, at, every = "0s", count = "1", metadata = "{}"] = match;
  return Array.from({ length: Number(count) }, (_, index) => ({
    labels: readLabels(labels!),
    line: JSON.parse(line!) as string,
    time: EPOCH + readTime(at!) + BigInt(index) * readTime(every),
    metadata: readLabels(metadata),
  }));
}

/** `{a="x", b="y"}`, values in double quotes; an empty one counts, for answers may have them. */
export function readLabels(text: string): Labels {
  const pairs = [...text.matchAll(/(\w+)=("(?:[^"\\]|\\.)*")/g)];
  return pairs.map(([, name, value]): Label => [name!, JSON.parse(value!) as string]).sort(byName);
}

const UNITS: Readonly<Record<string, number>> = { ms: 1e6, s: 1e9, m: 60e9, h: 3600e9, d: 86400e9 };

/** `90s`, `1h30m`, `-0.5s` in nanoseconds. */
export function readTime(text: string): bigint {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
  if (parts.length === 0) throw new Error(`not a time: ${text}`);
  const sum = parts.reduce((sum, [, value, unit]) => sum + Number(value) * UNITS[unit!]!, 0);
  return BigInt(Math.round(text.startsWith("-") ? -sum : sum));
}

/** `eval range from 0s to 60s step 10s   query` */
function readEval(head: string): Omit<Case, "line" | "entries" | "want"> {
  const [, form, ...words] = head.split(/\s+/);
  if (!head.startsWith("eval ") || (form !== "logs" && form !== "range" && form !== "instant")) {
    throw new Error(`not a case: ${head}`);
  }
  const options = {
    start: EPOCH,
    end: EPOCH,
    step: readTime("1s"),
    interval: 0n,
    limit: 1000,
    direction: "forward" as Direction,
  };
  let rest = head.slice(head.indexOf(form) + form.length).trimStart();
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === "forward" || word === "backward") options.direction = word;
    else if (word === "from") options.start = EPOCH + readTime(words.shift()!);
    else if (word === "to") options.end = EPOCH + readTime(words.shift()!);
    else if (word === "at") options.start = options.end = EPOCH + readTime(words.shift()!);
    else if (word === "step") options.step = readTime(words.shift()!);
    else if (word === "interval") options.interval = readTime(words.shift()!);
    else if (word === "limit") options.limit = Number(words.shift());
    else break;
    rest = rest.replace(/^(forward|backward|\S+\s+\S+)\s*/, "");
  }
  return { form, query: rest, options };
}
