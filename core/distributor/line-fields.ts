/** The fields that a pushed line says of itself, whether it is JSON or logfmt. */
import { fromUtf8 } from "../bytes/text.ts";
import type { Block } from "../model/block.ts";

/** Longest line that is looked into whole; of a longer one the beginning. */
const LINE_MAX = 16_384;

export function lineOf({ text, starts, ends }: Block, row: number): string {
  const start = starts[row]!;
  return fromUtf8(text, start, Math.min(ends[row]!, start + LINE_MAX));
}

export function isJson(line: string): boolean {
  return line.startsWith("{") && line.endsWith("}");
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** The object that a line is and those in it, down to a depth, outer ones first; none when it only looks like JSON. */
export function objectsOf(line: string, depthMax: number): readonly JsonObject[] {
  let object: JsonObject;
  try {
    object = JSON.parse(line);
  } catch {
    return [];
  }
  const objects = [object];
  for (let depth = 1, from = 0; depth < depthMax; depth++) {
    const level = objects.slice(from);
    from = objects.length;
    objects.push(...level.flatMap((each) => Object.values(each).filter(isObject)));
  }
  return objects;
}

/** The value of the first object that has it of its own. */
export function valueIn(objects: readonly JsonObject[], name: string): unknown {
  return objects.find((each) => Object.hasOwn(each, name))?.[name];
}

/** Names and values of a line of logfmt, or of what looks like it. */
export function* pairsOf(line: string): Generator<[name: string, value: string]> {
  for (const [, name, quoted, bare] of line.matchAll(LOGFMT)) yield [name!, quoted ?? bare ?? ""];
}

const LOGFMT = /(?<!\S)([^\s="]+)=(?:"([^"\\]*)"|([^\s"]+))/g;

/** The first answer that is not empty. */
export function firstOf(
  names: readonly string[],
  read: (name: string) => string,
): string | undefined {
  for (const name of names) {
    const value = read(name);
    if (value !== "") return value;
  }
  return undefined;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
