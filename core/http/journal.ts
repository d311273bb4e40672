/** The journal that writes lines, in logfmt with Loki's keys or as JSON. */
import { printNanos } from "../model/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { Journal, Level } from "../ports/journal.ts";
import type { Meter } from "../ports/meter.ts";
import { redact } from "./errors.ts";

export interface JournalOptions {
  readonly clock: Clock;
  readonly level: Level;
  readonly format?: "logfmt" | "json";
  /** Takes a line without its newline. */
  readonly write: (line: string) => void;
  readonly meter?: Meter;
  /** Adds Loki's key `caller`: the file and line that speaks. */
  readonly callers?: boolean;
}

export interface LineJournal extends Journal {
  /** What is below this is not written. May be changed at any time. */
  level: Level;
}

const LEVELS: readonly Level[] = ["debug", "info", "warn", "error"];

/** The level of that name, undefined when there is none. */
export function levelNamed(name: string): Level | undefined {
  return LEVELS.find((level) => level === name);
}

export function makeJournal(options: JournalOptions): LineJournal {
  const { clock, format = "logfmt", write, meter, callers = false } = options;
  const print = format === "json" ? printJson : printLogfmt;
  const journal: LineJournal = {
    level: options.level,
    log(level, message, fields = {}) {
      if (LEVELS.indexOf(level) < LEVELS.indexOf(journal.level)) return;
      meter?.count("loki_log_messages_total", 1, { level });
      meter?.count("loki_internal_log_messages_total", 1, { level });
      const ts = printNanos(clock.now());
      const caller = callers && !("caller" in fields) ? { caller: callerOf(new Error()) } : {};
      write(print({ level, ts, ...caller, msg: message, ...fields }));
    },
  };
  return journal;
}

/** `flush.ts:85`: two calls up the stack, which every runtime prints with the place at a line's end. */
function callerOf({ stack = "" }: Error): string {
  const places = [...stack.matchAll(/([^\s/\\(]+\.[a-z]+:\d+):\d+\)?$/gm)];
  return places[1]?.[1] ?? "unknown";
}

function printLogfmt(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${logfmtValue(plain(value))}`)
    .join(" ");
}

function printJson(fields: Readonly<Record<string, unknown>>): string {
  return oneLine(JSON.stringify(fields, (_, value) => (isTree(value) ? value : plain(value))));
}

function isTree(value: unknown): boolean {
  return typeof value === "object" && value !== null && !(value instanceof Error);
}

/** What a value is written as: errors by their texts, whose secrets are taken out. */
function plain(value: unknown): string | number | boolean | null {
  if (value instanceof Error) {
    const { name, message, cause } = value;
    const tail = cause instanceof Error ? `: ${cause.message}` : "";
    return redact(name === "Error" ? message + tail : `${name}: ${message}${tail}`);
  }
  if (value === undefined || value === null) return null;
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "string") {
    return value;
  }
  return typeof value === "object" ? printJson({ value }).slice(9, -1) : String(value);
}

function logfmtValue(value: string | number | boolean | null): string {
  const text = String(value);
  return PLAIN.test(text) ? text : oneLine(JSON.stringify(text));
}

/** What JSON leaves as it is, though some take it for the end of a line or turn what follows it around. */
const ODD = "\\x7f-\\x9f\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069";
const ODD_ALL = new RegExp(`[${ODD}]`, "g");

/** Needs no quotes. A replaced character says that something was wrong, so it is shown as one. */
const PLAIN = new RegExp(`^[^\\s="\\\\\\x00-\\x1f\\ufffd${ODD}]+$`);

/** A text of JSON that stays one line wherever it is read, and cannot move a terminal's cursor. */
function oneLine(json: string): string {
  return json.replace(ODD_ALL, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
