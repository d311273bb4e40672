/**
 * Values as YAML, each text so that every reader takes it for a text: plain where nothing else could be read,
 * in double quotes otherwise, whose escapes are JSON's. Apart from the reader, which needs a package that
 * takes its time to load.
 */
import { tagOf } from "./scalars.ts";
import type { Value } from "./value.ts";

type Written = Value | Record<string, unknown>;

export function writeYaml(value: Written): string {
  return isTree(value) && Object.keys(value).length > 0
    ? `${lines(value, 0)}\n`
    : `${flat(value)}\n`;
}

function isTree(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** The entries of a list or block, each on lines of its own. */
function lines(value: object, depth: number): string {
  const indent = "  ".repeat(depth);
  if (Array.isArray(value)) {
    return value.map((item) => `${indent}- ${below(item, depth + 1).trimStart()}`).join("\n");
  }
  return Object.entries(value)
    .map(([name, item]) => {
      const text = below(item, depth + 1);
      return `${indent}${scalar(name)}:${text.startsWith(" ") ? "\n" : " "}${text}`;
    })
    .join("\n");
}

/** Begins with its indent when it needs lines of its own. */
function below(value: unknown, depth: number): string {
  return isTree(value) && Object.keys(value).length > 0 ? lines(value, depth) : flat(value);
}

function flat(value: unknown): string {
  if (isTree(value)) return Array.isArray(value) ? "[]" : "{}";
  return typeof value === "string" ? scalar(value) : String(value ?? "null");
}

/** Neither an indicator in front, nor a colon or hash that ends it, nor what YAML 1.1 takes for another type. */
const PLAIN = /^[A-Za-z0-9_/.(\\*$^+<;~=][^\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff]*$/;
const ENDS = /: |:$| #|\s$|^\*|^[~=<]|[\ud800-\udfff]/;

function scalar(text: string): string {
  const isPlain =
    PLAIN.test(text) && !ENDS.test(text) && tagOf(text) === "str" && !mayBeOther(text);
  return isPlain ? text : JSON.stringify(text).replace(/[\x7f-\xa0\u2028\u2029\ufeff]/g, escaped);
}

/** Times and base sixty of YAML 1.1, which we read as texts and others do not; and its short booleans. */
function mayBeOther(text: string): boolean {
  return (
    /^[-+]?[\d.][\d:._TZ+-]*$/.test(text) || /^(y|n|yes|no|on|off|true|false|null)$/i.test(text)
  );
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
