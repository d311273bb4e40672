/**
 * Rows that cannot pass a label filter, found without parsing them. In `| json | level="error"` the
 * value comes out of the line, so a line without the bytes `error` and without a backslash (behind
 * which they may hide as an escape) is dropped before the parser sees it. Answers do not change: such
 * a row fails the filter whatever else is in it.
 */
import type { Block } from "../../model/block.ts";
import type { ByteSearch } from "../../ports/byte-search.ts";
import { type Simplified, simplifyRegex } from "../../regex/simplify.ts";
import type { LabelFilter } from "../syntax/ast.ts";
import { AnyTest, ContainsTest, type LineTest } from "./line-test.ts";
import { bareName, type Names } from "./names.ts";
import type { LokiStage } from "./reorder.ts";
import type { Selection } from "./selection.ts";
import type { StreamBase } from "./stream-base.ts";
import { encodeText } from "./text.ts";

/** Parsers whose values are bytes of the line, but for what an escape stands for. */
const PARSERS: ReadonlySet<LokiStage["kind"]> = new Set<LokiStage["kind"]>([
  "json",
  "logfmt",
  "regexp",
  "pattern",
]);

const ESCAPES: ReadonlySet<LokiStage["kind"]> = new Set<LokiStage["kind"]>(["json", "logfmt"]);

/** Stages that make no labels and leave the line alone. */
const NEUTRAL: ReadonlySet<LokiStage["kind"]> = new Set<LokiStage["kind"]>([
  "line-filter",
  "label-filter",
  "drop",
  "keep",
]);

/** After so many rows it is seen whether looking is worth the while. */
const TRIAL_ROWS = 4096;
/** It is not when this share of them passes. */
const SHARE_MAX = 0.7;

export class Prefilter {
  readonly #name: string;
  readonly #id: number;
  readonly #test: LineTest;
  #symbols: readonly string[] | undefined;
  #isInMetadata = false;
  #seen = 0;
  #kept = 0;

  constructor(name: string, id: number, test: LineTest) {
    this.#name = name;
    this.#id = id;
    this.#test = test;
  }

  narrow(block: Block, selection: Selection, base: StreamBase): void {
    if (this.#isIdle || base.has(this.#id) || this.#isMetadata(block)) return;
    this.#seen += selection.count;
    selection.narrow(block, this.#test, true);
    this.#kept += selection.count;
  }

  get #isIdle(): boolean {
    return this.#seen > TRIAL_ROWS && this.#kept > SHARE_MAX * this.#seen;
  }

  /** Whether the value may come from structured metadata, under its own name or one that clashed. */
  #isMetadata({ metadata }: Block): boolean {
    if (metadata === undefined) return false;
    if (metadata.symbols !== this.#symbols) {
      const bare = bareName(this.#name);
      this.#symbols = metadata.symbols;
      this.#isInMetadata = metadata.symbols.some((text) => text === this.#name || text === bare);
    }
    return this.#isInMetadata;
  }
}

export function prefiltersOf(
  stages: readonly LokiStage[],
  names: Names,
  search: ByteSearch,
): Prefilter[] {
  const prefilters: Prefilter[] = [];
  let mayHide = false;
  for (const stage of stages) {
    if (!PARSERS.has(stage.kind) && !NEUTRAL.has(stage.kind)) break;
    mayHide ||= ESCAPES.has(stage.kind);
    if (stage.kind !== "label-filter") continue;
    for (const { name, literals } of needsOf(stage.filter)) {
      const test = testOf(literals, search, mayHide);
      if (test !== undefined) prefilters.push(new Prefilter(name, names.id(name), test));
    }
  }
  return prefilters;
}

/** A label whose value holds one of these texts in every row that passes. */
interface Need {
  readonly name: string;
  readonly literals: readonly string[];
}

function needsOf(filter: LabelFilter): Need[] {
  if (filter.kind === "and") return [...needsOf(filter.left), ...needsOf(filter.right)];
  if (filter.kind !== "string") return [];
  const { name, op, value } = filter.matcher;
  if (name.startsWith("__")) return [];
  if (op === "=") return [{ name, literals: [value] }];
  if (op !== "=~") return [];
  const literals = literalsOf(simplifyRegex(value, "label"));
  return literals === undefined ? [] : [{ name, literals }];
}

function literalsOf(simplified: Simplified): string[] | undefined {
  switch (simplified.kind) {
    case "contains":
    case "equals":
      return simplified.fold ? undefined : [simplified.literal];
    case "or": {
      const branches = simplified.filters.map(literalsOf);
      return branches.includes(undefined) ? undefined : branches.flatMap((texts) => texts ?? []);
    }
    case "regex": {
      const decoder = new TextDecoder();
      const texts = simplified.regex.literals.map((bytes) => decoder.decode(bytes));
      return texts.length === 0 ? undefined : texts;
    }
    default:
      return undefined;
  }
}

/** Undefined when one of the texts has nothing to look for. */
function testOf(
  literals: readonly string[],
  search: ByteSearch,
  mayHide: boolean,
): LineTest | undefined {
  const needles = literals.map(surePart);
  if (needles.includes("")) return undefined;
  const texts = mayHide ? [...needles, "\\"] : needles;
  return new AnyTest(texts.map((text) => new ContainsTest(search, encodeText(text))));
}

/** The longest part that stands in the line as it is: spaces and U+FFFD may be other bytes there. */
function surePart(text: string): string {
  return text.split(/[ \ufffd]/).reduce((best, part) => (part.length > best.length ? part : best));
}
