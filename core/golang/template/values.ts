/** What templates compute with, and what Go calls the type of each. */
import { compareText } from "../../bytes/text.ts";
import { MONTHS, WEEKDAYS } from "../civil.ts";
import { printGoDuration } from "../duration.ts";
import { formatV } from "../float.ts";
import { DEFAULT_LAYOUT, formatTime } from "../time-layout.ts";
import type { Zone } from "../zone.ts";

/**
 * undefined is no value at all, null an empty interface (null in JSON), number a float64, array and
 * object what fromJson made.
 */
export type Value =
  | undefined
  | null
  | boolean
  | string
  | number
  | Int
  | Time
  | LabelMap
  | JsonArray
  | JsonObject;

export type JsonArray = readonly Value[];
export type JsonObject = { readonly [key: string]: Value };

export type IntType = "int" | "int64" | "uint8" | "time.Month" | "time.Weekday" | "time.Duration";

/** A whole number. Month, weekday and duration print as words. */
export class Int {
  readonly type: IntType;
  readonly value: bigint;

  constructor(value: bigint | number, type: IntType = "int") {
    this.value = typeof value === "number" ? BigInt(value) : value;
    this.type = type;
  }
}

/** A moment, in Unix nanoseconds, in a zone. */
export class Time {
  readonly ns: bigint;
  readonly zone: Zone;

  constructor(ns: bigint, zone: Zone) {
    this.ns = ns;
    this.zone = zone;
  }
}

/** The labels of a row as a template asks for them. */
export interface TemplateData {
  get(name: string): string | undefined;
  all(): ReadonlyMap<string, string>;
}

/** The row that a template runs on. Both may be getters: they are asked only when the template asks. */
export interface TemplateRow {
  readonly line: string;
  /** The entry's time, Unix nanoseconds. */
  readonly timeNs: bigint;
}

/** The data of a template: `.` at its top. */
export class LabelMap {
  readonly data: TemplateData;

  constructor(data: TemplateData) {
    this.data = data;
  }

  entries(): [string, string][] {
    return [...this.data.all()].sort(([a], [b]) => compareText(a, b));
  }
}

export function isArray(value: Value): value is JsonArray {
  return Array.isArray(value);
}

/** A map that fromJson made. */
export function isObject(value: Value): value is JsonObject {
  if (typeof value !== "object" || value === null || isArray(value)) return false;
  return !(value instanceof Int || value instanceof Time || value instanceof LabelMap);
}

/** The entries of a map made by fromJson, by key. */
export function entriesOf(object: JsonObject): [string, Value][] {
  return Object.entries(object).sort(([a], [b]) => compareText(a, b));
}

export function typeName(value: Value): string {
  if (value === undefined || value === null) return "interface {}";
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "string":
      return "string";
    case "number":
      return "float64";
  }
  if (value instanceof Int) return value.type;
  if (value instanceof Time) return "time.Time";
  if (value instanceof LabelMap) return "map[string]string";
  return isArray(value) ? "[]interface {}" : "map[string]interface {}";
}

/** Whether a value counts as true. A moment always does. */
export function isTrue(value: Value): boolean {
  if (value === undefined || value === null) return false;
  switch (typeof value) {
    case "boolean":
      return value;
    case "string":
      return value !== "";
    case "number":
      return value !== 0;
  }
  if (value instanceof Int) return value.value !== 0n;
  if (value instanceof Time) return true;
  if (value instanceof LabelMap) return value.data.all().size > 0;
  return isArray(value) ? value.length > 0 : Object.keys(value).length > 0;
}

/** fmt's %v. */
export function printValue(value: Value): string {
  if (value === undefined || value === null) return "<nil>";
  switch (typeof value) {
    case "string":
      return value;
    case "boolean":
      return `${value}`;
    case "number":
      return formatV(value);
  }
  if (value instanceof Int) return printInt(value);
  if (value instanceof Time) return formatTime(value.ns, DEFAULT_LAYOUT, value.zone);
  if (isArray(value)) return `[${value.map(printValue).join(" ")}]`;
  const entries = value instanceof LabelMap ? value.entries() : entriesOf(value);
  return `map[${entries.map(([key, each]) => `${key}:${printValue(each)}`).join(" ")}]`;
}

function printInt({ type, value }: Int): string {
  if (type === "time.Duration") return printGoDuration(value);
  const names = type === "time.Month" ? MONTHS : type === "time.Weekday" ? WEEKDAYS : [];
  const name = names[Number(value) - (type === "time.Month" ? 1 : 0)];
  return name ?? `${value}`;
}
