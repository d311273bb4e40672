/** `query FILE…` and `query --stdin`: plain lines, as CI jobs have them. */
import { glob } from "node:fs/promises";
import { holdText, openText, type TextBytes } from "../adapters/disk/line-text.ts";
import { labelsOf } from "../core/labels/labels.ts";
import type { Label } from "../core/model/labels.ts";
import { SINGLE_TENANT } from "../core/model/tenant.ts";
import { nsOf } from "../core/model/time.ts";
import type { LogSource, Select } from "../core/ports/log-source.ts";
import { LinesSource, type LineText } from "../core/querier/lines-source.ts";
import { UsageError } from "./flags.ts";
import { askLocal } from "./query-local.ts";
import type { Answer, Question } from "./question.ts";

export async function askFiles(
  question: Question,
  patterns: readonly string[],
  labels: readonly string[],
): Promise<Answer> {
  const own = labels.map(labelOf);
  const isStdin = patterns.length === 0;
  const texts = isStdin ? [await stdinText(own)] : await fileTexts(patterns, own);
  const ends = texts.map(({ start, size }) => start + BigInt(size));
  const bounds = async () => ({
    start: texts.reduce((min, { start }) => (start < min ? start : min), ends[0] ?? 0n),
    end: ends.reduce((max, end) => (end > max ? end : max), 0n),
  });
  return await askLocal({
    ...question,
    text: withSelector(question.text, isStdin ? '{source="logcli"}' : '{filename=~".+"}'),
    tenant: SINGLE_TENANT,
    // logcli takes any selector for standard input; who gives its lines labels chooses by them.
    sources: [
      isStdin && own.length === 0 ? everyStream(new LinesSource(texts)) : new LinesSource(texts),
    ],
    bounds,
  });
}

/** `k=v` of `--label`. */
export function labelOf(text: string): Label {
  const cut = text.indexOf("=");
  if (cut <= 0 || !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(text.slice(0, cut))) {
    throw new UsageError(`--label is "${text}", want name=value`);
  }
  return [text.slice(0, cut), text.slice(cut + 1)];
}

/** The files that names and globs stand for, in order, each once. A name that stands for nothing is an error. */
export async function filesOf(patterns: readonly string[]): Promise<string[]> {
  const files = new Set<string>();
  for (const pattern of patterns) {
    const found = /[*?[{]/.test(pattern)
      ? (await Array.fromAsync(glob(pattern))).sort()
      : [pattern];
    if (found.length === 0) throw new UsageError(`no file matches ${pattern}`);
    for (const file of found) files.add(file);
  }
  return [...files];
}

/** Files have no streams to choose from, so a query may begin with its first filter. */
function withSelector(text: string, selector: string): string {
  return /^\s*[|!]/.test(text) ? `${selector} ${text}` : text;
}

/** The same lines whatever is selected. */
function everyStream(source: LogSource): LogSource {
  const all = (select: Select): Select => ({ ...select, matchers: [] });
  return {
    streams: (select) => source.streams(all(select)),
    labelNames: (select) => source.labelNames(all(select)),
    labelValues: (select, name) => source.labelValues(all(select), name),
    series: (select) => source.series(all(select)),
    volume: (select) => source.volume(all(select)),
  };
}

async function fileTexts(patterns: readonly string[], own: readonly Label[]): Promise<LineText[]> {
  const texts: LineText[] = [];
  for (const path of await filesOf(patterns))
    texts.push(textOf(await openText(path), ["filename", path], own));
  return texts;
}

async function stdinText(own: readonly Label[]): Promise<LineText> {
  const bytes = await holdText(process.stdin, { name: "standard input", modifiedMs: Date.now() });
  return textOf(bytes, ["source", "logcli"], own);
}

/** The last line is as old as the file's last change; the ones before come just before it. */
function textOf(
  { size, modifiedMs, read }: TextBytes,
  first: Label,
  own: readonly Label[],
): LineText {
  const labels = labelsOf([...new Map<string, string>([first, ...own])]);
  return { labels, start: nsOf(Math.floor(modifiedMs)) - BigInt(size), size, read };
}
