/**
 * Loki 3's `detected_level`: structured metadata that says how bad a line is, from the labels, the
 * metadata or the line itself (spec logql §15).
 */
import { fromUtf8 } from "../bytes/text.ts";
import { labelValue } from "../labels/labels.ts";
import type { Block, MetadataColumn } from "../model/block.ts";
import type { Labels } from "../model/labels.ts";
import type { Limits } from "../model/limits.ts";

export const DETECTED_LEVEL = "detected_level";

/** How names of levels are written, and what each becomes. */
const LEVELS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    trace: ["trace", "trc"],
    debug: ["debug", "dbg"],
    info: ["info", "inf", "information"],
    warn: ["warn", "wrn", "warning"],
    error: ["error", "err"],
    critical: ["critical"],
    fatal: ["fatal"],
  }).flatMap(([level, names]) => names.map((name): [string, string] => [name, level])),
);

/** A name of a level between the bounds of a word, anywhere in a line of lower case. */
const WORD =
  /(?:^|[\s[({"=])(trace|debug|fatal|critical|error|err|warning|warn|info)(?=$|[ \t\n[\](){}:,!"=])/;

/** Longest line that is searched whole; of a longer one the beginning. */
const LINE_MAX = 16_384;

/** The names that a level may go by, and how deep in a line of JSON they are looked for. */
export type LevelNames = Pick<Limits, "logLevelFields" | "logLevelFromJsonMaxDepth">;

/** The rows with a level for each, in metadata. */
export function withLevels(block: Block, labels: Labels, names: LevelNames): Block {
  const fields = names.logLevelFields;
  const ofStream = firstOf(fields, (name) => labelValue(labels, name));
  const symbols = [...(block.metadata?.symbols ?? [])];
  const pairs: number[] = [];
  const firsts = new Uint32Array(block.rows + 1);
  const symbol = symbolIn(symbols);
  for (let row = 0; row < block.rows; row++) {
    const own = block.metadata === undefined ? [] : pairsOf(block.metadata, row);
    const value = (name: string) => own.find(([key]) => symbols[key] === name)?.[1];
    const given = value(DETECTED_LEVEL);
    const text = (index: number | undefined) => (index === undefined ? "" : symbols[index]!);
    const level =
      given === undefined
        ? (ofStream ??
          firstOf(fields, (name) => text(value(name))) ??
          levelOfLine(block, row, names))
        : text(given);
    for (const [key, index] of own) if (symbols[key] !== DETECTED_LEVEL) pairs.push(key, index);
    pairs.push(symbol(DETECTED_LEVEL), symbol(normalLevel(level)));
    firsts[row + 1] = pairs.length / 2;
  }
  return { ...block, metadata: { symbols, firsts, pairs: Uint32Array.from(pairs) } };
}

/** The level that a name stands for; a name that we do not know stays as it is. */
export function normalLevel(name: string): string {
  return LEVELS.get(name.toLowerCase()) ?? name;
}

/** What a line says of itself: its fields if it is JSON or logfmt, else the first word that is a level. */
export function detectLevel(line: string, names: LevelNames): string {
  const named = isJson(line) ? levelInJson(line, names) : levelInLogfmt(line, names.logLevelFields);
  const level = LEVELS.get(named?.toLowerCase() ?? "");
  if (level !== undefined) return level;
  const word = WORD.exec(line.toLowerCase())?.[1];
  return word === undefined ? "unknown" : normalLevel(word);
}

function levelOfLine({ text, starts, ends }: Block, row: number, names: LevelNames): string {
  const start = starts[row]!;
  return detectLevel(fromUtf8(text, start, Math.min(ends[row]!, start + LINE_MAX)), names);
}

function isJson(line: string): boolean {
  return line.startsWith("{") && line.endsWith("}");
}

/** The first of the fields that the object has, or that an object in it has, down to the depth that is allowed. */
function levelInJson(line: string, names: LevelNames): string | undefined {
  let object: Readonly<Record<string, unknown>>;
  try {
    object = JSON.parse(line);
  } catch {
    return undefined; // It only looked like JSON; its words are still searched.
  }
  const objects = [object];
  for (let depth = 1, from = 0; depth < names.logLevelFromJsonMaxDepth; depth++) {
    const level = objects.slice(from);
    from = objects.length;
    objects.push(...level.flatMap((each) => Object.values(each).filter(isObject)));
  }
  return firstOf(names.logLevelFields, (name) => {
    const value = objects.map((each) => each[name]).find((each) => each !== undefined);
    return typeof value === "string" ? value : "";
  });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function levelInLogfmt(line: string, fields: readonly string[]): string | undefined {
  for (const [, name, quoted, bare] of line.matchAll(LOGFMT)) {
    if (fields.includes(name!)) return quoted ?? bare;
  }
  return undefined;
}

const LOGFMT = /(?<!\S)([^\s="]+)=(?:"([^"\\]*)"|([^\s"]+))/g;

function firstOf(names: readonly string[], read: (name: string) => string): string | undefined {
  for (const name of names) {
    const value = read(name);
    if (value !== "") return value;
  }
  return undefined;
}

function pairsOf({ firsts, pairs }: MetadataColumn, row: number): [key: number, value: number][] {
  const [first, end] = [firsts[row]!, firsts[row + 1]!];
  return Array.from({ length: end - first }, (_, index) => [
    pairs[2 * (first + index)]!,
    pairs[2 * (first + index) + 1]!,
  ]);
}

function symbolIn(symbols: string[]): (text: string) => number {
  const indexes = new Map<string, number>();
  return (text) => {
    let index = indexes.get(text);
    if (index === undefined) indexes.set(text, (index = symbols.push(text) - 1));
    return index;
  };
}
