/**
 * YAML as nodes with their place in the file. The package `yaml` is used for its positions: a wrong key
 * is reported with its line. Only this file imports it. We read scalars ourselves, as Go's YAML does.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from "yaml";
import { type ScalarText, tagOf } from "./scalars.ts";

export interface Place {
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
}

export type YamlNode = Place &
  (
    | ({ readonly kind: "scalar" } & ScalarText)
    | { readonly kind: "list"; readonly items: readonly YamlNode[] }
    | { readonly kind: "map"; readonly entries: readonly YamlEntry[] }
  );

export interface YamlEntry {
  readonly key: string;
  readonly place: Place;
  readonly value: YamlNode;
}

export interface YamlProblem extends Place {
  readonly text: string;
}

/** No configuration nests deeper. */
const DEPTH_MAX = 64;
const TOO_DEEP = `blocks are nested more than ${DEPTH_MAX} deep`;
/** The name is left out: it may be a password that should stand in quotes. */
const UNKNOWN_ANCHOR = "unknown anchor referenced; a text that begins with * needs quotes";
/** Aliases of aliases grow without end in a few lines. What stands in the text itself is bounded by it. */
const ALIASED_MAX = 200_000;
const TOO_MANY = "document contains excessive aliasing";
/** All but tabs and ends of lines. */
const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/;

export interface ReadYaml {
  /** The first document of the text; undefined when it is empty or broken. */
  readonly root: YamlNode | undefined;
  readonly problems: YamlProblem[];
  /** Where a second document begins, which nobody reads. */
  readonly rest: Place | undefined;
}

export function readYaml(text: string): ReadYaml {
  const control = text.search(CONTROL);
  if (control >= 0) {
    const before = text.slice(0, control).split("\n");
    const place = { line: before.length, column: before.at(-1)!.length + 1 };
    const problems = [{ ...place, text: "control characters are not allowed" }];
    return { root: undefined, problems, rest: undefined };
  }
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    schema: "failsafe",
    uniqueKeys: false,
    lineCounter: lines,
    prettyErrors: false,
  });
  const document = "empty" in documents ? undefined : documents[0];
  // What the parser says after the first mistake follows from that one.
  const problems = (document?.errors ?? []).slice(0, 1).map(({ message, pos }) => ({
    ...placeAt(lines, pos[0]),
    text: /call stack/.test(message)
      ? TOO_DEEP
      : inCharacters(withoutSource(message.charAt(0).toLowerCase() + message.slice(1))),
  }));
  const second = "empty" in documents ? undefined : documents[1];
  const rest = isEmpty(second?.contents) ? undefined : placeAt(lines, second!.range[0]);
  if (document?.contents == null || problems.length > 0) return { root: undefined, problems, rest };
  const reader = new Reader(lines);
  const root = reader.node(document.contents, 0);
  return { root: reader.endless ? undefined : root, problems: reader.problems, rest };
}

/** The entries of a map whose key another one has before them. */
export function repeated({ entries }: { entries: readonly YamlEntry[] }): readonly YamlEntry[] {
  const seen = new Set<string>();
  return entries.filter(({ key }) => seen.size === seen.add(key).size);
}

function isEmpty(node: unknown): boolean {
  return node == null || (isScalar(node) && (node.value ?? "") === "");
}

/** The package quotes what it stumbled over, which may be half a password: what comes behind a colon or in quotes. */
function withoutSource(message: string): string {
  return message.replace(/(:\s|\s*["!]|\s*in YAML stream)[\s\S]*$/, "");
}

/** What the package's names of tokens look like in a file. */
const TOKENS: Readonly<Record<string, string>> = {
  "flow-map-start": "{",
  "flow-map-end": "}",
  "flow-seq-start": "[",
  "flow-seq-end": "]",
  "map-value-ind": ":",
  "explicit-key-ind": "?",
  "seq-item-ind": "-",
  comma: ",",
};

/** An unexpected token as the character that stands there. `${NAME}` without its expansion is most of them. */
function inCharacters(text: string): string {
  const token = TOKENS[text.match(/^unexpected (\S+) (?:token|at node end)$/)?.[1] ?? ""];
  return token === undefined ? text : `unexpected "${token}"; a text that has one needs quotes`;
}

class Reader {
  readonly problems: YamlProblem[] = [];
  /** True when reading had to stop. */
  endless = false;
  readonly #lines: LineCounter;
  /** The last node of each name so far: an alias means the one before it. */
  readonly #anchors = new Map<string, Node>();
  readonly #open = new Set<Node>();
  #aliased = 0;
  #aliases = 0;

  constructor(lines: LineCounter) {
    this.#lines = lines;
  }

  node(node: Node | null | undefined, depth: number, at: Place = { line: 1, column: 1 }): YamlNode {
    const place = node?.range == null ? at : placeAt(this.#lines, node.range[0]);
    if (node == null) return { kind: "scalar", text: "", tag: "null", ...place };
    if (this.endless || depth > DEPTH_MAX) return this.#stop(place, TOO_DEEP);
    if (this.#aliases > 0 && ++this.#aliased > ALIASED_MAX) return this.#stop(place, TOO_MANY);
    if (isAlias(node)) return this.#alias(node.source, depth, place);
    if (this.#aliases === 0 && node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isSeq(node) || isMap(node)) {
      this.#open.add(node);
      const read: YamlNode = isSeq(node)
        ? { kind: "list", items: this.#items(node, depth, place), ...place }
        : { kind: "map", entries: this.#entries(node, depth, place), ...place };
      this.#open.delete(node);
      return read;
    }
    if (!isScalar(node)) return { kind: "scalar", text: "", tag: "null", ...place };
    const text = String(node.value ?? "");
    const plain = node.type === "PLAIN" || node.type == null;
    return { kind: "scalar", text, tag: plain ? tagOf(text) : "str", ...place };
  }

  #alias(name: string, depth: number, place: Place): YamlNode {
    const target = this.#anchors.get(name);
    if (target === undefined) this.problems.push({ ...place, text: UNKNOWN_ANCHOR });
    else if (this.#open.has(target)) return this.#stop(place, "anchor value contains itself");
    this.#aliases++;
    const node = this.node(target, depth + 1, place);
    this.#aliases--;
    return node;
  }

  /** Nothing that is read after this means anything, so it is the only problem told. */
  #stop(place: Place, text: string): YamlNode {
    if (!this.endless) this.problems.splice(0, Number.POSITIVE_INFINITY, { ...place, text });
    this.endless = true;
    return { kind: "scalar", text: "", tag: "null", ...place };
  }

  #items(node: { items: unknown[] }, depth: number, at: Place): YamlNode[] {
    return node.items.map((item) => this.node(item as Node, depth + 1, at));
  }

  #entries(node: { items: unknown[] }, depth: number, at: Place): YamlEntry[] {
    const own: YamlEntry[] = [];
    const merged: YamlEntry[] = [];
    for (const pair of node.items as { key: Node; value: Node | null }[]) {
      const key = this.node(pair.key, depth + 1, at);
      const place = { line: key.line, column: key.column };
      const value = this.node(pair.value, depth + 1, place);
      if (key.kind !== "scalar") this.problems.push({ ...place, text: `invalid map key` });
      else if (key.text === "<<" && key.tag === "str") merged.push(...this.#merge(value));
      else own.push({ key: key.text, place, value });
    }
    // A key of the block itself goes before one that is merged into it.
    const names = new Set(own.map(({ key }) => key));
    const fresh = merged.filter(({ key }) => !names.has(key) && names.add(key));
    return [...own, ...fresh];
  }

  /** The entries behind `<<`: of one map, or of several, the first of which goes before. */
  #merge(value: YamlNode): readonly YamlEntry[] {
    if (value.kind === "list") return value.items.flatMap((item) => this.#merge(item));
    if (value.kind === "map") return value.entries;
    this.problems.push({
      line: value.line,
      column: value.column,
      text: "map merge requires map or sequence of maps as the value",
    });
    return [];
  }
}

function placeAt(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}
