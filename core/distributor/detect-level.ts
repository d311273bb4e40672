/**
 * Loki 3's `detected_level`: structured metadata that says how bad a line is, from the labels, the
 * metadata or the line itself (spec logql §15).
 */
import { labelValue } from "../labels/labels.ts";
import type { Block } from "../model/block.ts";
import type { Labels } from "../model/labels.ts";
import type { Limits } from "../model/limits.ts";
import { addMetadata } from "./added-metadata.ts";
import { firstOf, isJson, lineOf, objectsOf, pairsOf, valueIn } from "./line-fields.ts";

export const DETECTED_LEVEL = "detected_level";

/** Where the number of a level from OpenTelemetry is kept, and the levels in their order. */
const SEVERITY_NUMBER = "severity_number";
const SEVERITIES = ["trace", "debug", "info", "warn", "error", "fatal"];

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

/** The names that a level may go by, and how deep in a line of JSON they are looked for. */
export type LevelNames = Pick<Limits, "logLevelFields" | "logLevelFromJsonMaxDepth">;

/** The rows with a level for each, in metadata. */
export function withLevels(block: Block, labels: Labels, names: LevelNames): Block {
  const fields = names.logLevelFields;
  const ofStream = firstOf(fields, (name) => labelValue(labels, name));
  return addMetadata(block, (row, own) => {
    const level =
      own(DETECTED_LEVEL) ??
      ofStream ??
      firstOf(fields, (name) => own(name) ?? "") ??
      levelOfSeverity(own(SEVERITY_NUMBER)) ??
      detectLevel(lineOf(block, row), names);
    return [[DETECTED_LEVEL, normalLevel(level)]];
  });
}

/** OpenTelemetry's numbers: four for each level, from 1 on. */
function levelOfSeverity(text: string | undefined): string | undefined {
  if (text === undefined || !/^\d{1,2}$/.test(text)) return undefined;
  const number = Number(text);
  return number === 0 ? "unknown" : SEVERITIES[Math.floor((number - 1) / 4)];
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

function levelInJson(line: string, names: LevelNames): string | undefined {
  const objects = objectsOf(line, names.logLevelFromJsonMaxDepth);
  return firstOf(names.logLevelFields, (name) => {
    const value = valueIn(objects, name);
    return typeof value === "string" ? value : "";
  });
}

function levelInLogfmt(line: string, fields: readonly string[]): string | undefined {
  for (const [name, value] of pairsOf(line)) if (fields.includes(name)) return value;
  return undefined;
}
