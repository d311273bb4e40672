/**
 * Which fields the lines of an answer have (spec http-api §4.7): those of their structured metadata,
 * those that the query's own stages made, and where the query has no parser those that `json` or
 * `logfmt` would make. Fields are found by the very stages that a query would use, so a filter on a
 * field that is named here finds the lines that it was named for.
 */
import { utf8 } from "../bytes/text.ts";
import type { Pacer } from "../logql/exec/pacer.ts";
import { compilePipeline, type Pipeline } from "../logql/stages/pipeline.ts";
import type { LogExpr, Stage } from "../logql/syntax/ast.ts";
import type { Block, StreamId } from "../model/block.ts";
import type { Labels } from "../model/labels.ts";
import type { ResultEntry, ResultStream } from "../model/result.ts";
import type { ByteSearch } from "../ports/byte-search.ts";
import { type FieldType, joinTypes, typeOfValue } from "./field-type.ts";
import { pathsIn } from "./json-paths.ts";

export interface DetectedField {
  readonly label: string;
  type: FieldType | undefined;
  readonly values: Set<string>;
  /** `json`, `logfmt` and their like; undefined of structured metadata. */
  readonly parsers: Set<string> | undefined;
  /** The keys that lead to it in a JSON line. */
  jsonPath: readonly string[] | undefined;
}

export interface DetectorOptions {
  readonly search: ByteSearch;
  /** Of the query whose lines these are. */
  readonly log: LogExpr;
  /** Fields beyond so many are not looked at. */
  readonly fieldsMax: number;
  readonly pacer: Pacer;
}

/** Lines that are parsed in one go, without a turn for others. */
const LINES_AT_ONCE = 64;

type Found = Map<string, { readonly value: string; readonly parser: "json" | "logfmt" }>;

export class FieldDetector {
  readonly fields = new Map<string, DetectedField>();
  readonly #options: DetectorOptions;
  readonly #queryParsers: readonly string[];
  readonly #json: Pipeline;
  readonly #logfmt: Pipeline;
  /** Streams by the names of their labels: all that a parser looks at is which names are taken. */
  readonly #streams = new Map<string, StreamId>();
  #paths: { readonly line: string; readonly paths: ReturnType<typeof pathsIn> } | undefined;

  constructor(options: DetectorOptions) {
    this.#options = options;
    this.#queryParsers = parsersOf(options.log);
    this.#json = pipelineOf({ kind: "json", extractions: [] }, options);
    this.#logfmt = pipelineOf(
      { kind: "logfmt", strict: false, keepEmpty: false, extractions: [] },
      options,
    );
  }

  async add(streams: readonly ResultStream[]): Promise<void> {
    for (const { labels, entries } of streams) {
      for (let at = 0; at < entries.length; at += LINES_AT_ONCE) {
        await this.#options.pacer.step();
        for (const entry of entries.slice(at, at + LINES_AT_ONCE)) this.#entry(labels, entry);
      }
    }
  }

  #entry(labels: Labels, { line, metadata = [], parsed = [] }: ResultEntry): void {
    for (const [name, value] of metadata) this.#take(name, value, undefined);
    const made = new Map(parsed);
    const found = this.#parse(
      line,
      labels.filter(([name]) => !made.has(name)),
    );
    for (const [name, value] of made) {
      const own = found.get(name);
      const parsers = own?.value === value ? [own.parser] : this.#queryParsers;
      this.#take(name, value, parsers, line);
    }
    // A query that parses says itself which fields there are.
    if (this.#queryParsers.length > 0) return;
    for (const [name, { value, parser }] of found) {
      if (!made.has(name)) this.#take(name, value, [parser], line);
    }
  }

  #take(name: string, value: string, parsers: readonly string[] | undefined, line = ""): void {
    if (value === "" || name.startsWith("__error")) return;
    let field = this.fields.get(name);
    if (field === undefined) {
      if (this.fields.size >= this.#options.fieldsMax) return;
      const own = parsers === undefined ? undefined : new Set<string>();
      field = {
        label: name,
        type: undefined,
        values: new Set(),
        parsers: own,
        jsonPath: undefined,
      };
      this.fields.set(name, field);
    }
    for (const parser of parsers ?? []) field.parsers?.add(parser);
    if (field.jsonPath === undefined && parsers?.includes("json") === true) {
      field.jsonPath = this.#pathsIn(line).get(name.replace(/_extracted$/, ""));
    }
    if (field.values.has(value)) return;
    field.values.add(value);
    field.type = joinTypes(field.type, typeOfValue(value));
  }

  /** What the parser for a line of this look makes of it. */
  #parse(line: string, labels: Labels): Found {
    const found: Found = new Map();
    const isJson = /^\s*\{/.test(line);
    if (!isJson && !line.includes("=")) return found;
    const parser = isJson ? "json" : "logfmt";
    const pipeline = isJson ? this.#json : this.#logfmt;
    const survivors = pipeline
      .forStream(this.#streamWith(labels))
      .run(blockOf(line), { first: 0, end: 1 });
    if (survivors.count === 0) return found;
    const { parsed } = survivors.labelsOf(0);
    // JSON that ends too early is none.
    if (parsed.some(([name]) => name === "__error__")) return found;
    for (const [name, value] of parsed) {
      if (isJson || isKey(name, line)) found.set(name, { value, parser });
    }
    return found;
  }

  /** A line's new fields come one after the other. */
  #pathsIn(line: string): ReturnType<typeof pathsIn> {
    if (this.#paths?.line !== line) this.#paths = { line, paths: pathsIn(line) };
    return this.#paths.paths;
  }

  #streamWith(labels: Labels): StreamId {
    const key = labels.map(([name]) => name).join(",");
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      stream = { labels: labels.map(([name]) => [name, "x"] as const), fingerprint: 0n };
      this.#streams.set(key, stream);
    }
    return stream;
  }
}

/** The parsers of a query by their names, each once. */
function parsersOf({ stages }: LogExpr): string[] {
  const parsers = ["json", "logfmt", "regexp", "pattern", "unpack"];
  const used = stages.map(({ kind }) => kind).filter((kind) => parsers.includes(kind));
  return [...new Set<string>(used)];
}

function pipelineOf(stage: Stage, { search }: DetectorOptions): Pipeline {
  return compilePipeline(
    { kind: "log", matchers: [], stages: [stage] },
    { search, categorize: true },
  );
}

/** In `/a?b=c` logfmt sees a key `_a_b`; nobody wrote that. */
function isKey(name: string, line: string): boolean {
  return !name.startsWith("_") || line.includes(`${name}=`);
}

function blockOf(line: string): Block {
  const text = utf8(line);
  return {
    rows: 1,
    times: new BigInt64Array(1),
    text,
    starts: new Uint32Array(1),
    ends: Uint32Array.of(text.length),
  };
}
