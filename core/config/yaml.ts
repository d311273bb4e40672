/**
 * YAML as nodes with their place in the file. The package `yaml` is used for its positions: a wrong key
 * is reported with its line. Only this file imports it. We read scalars ourselves, as Go's YAML does.
 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
} from "yaml";
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

/** No configuration nests deeper, and aliases that name themselves never end. */
const DEPTH_MAX = 64;
/** The name is left out: it may be a password that should stand in quotes. */
const UNKNOWN_ANCHOR = "unknown anchor referenced; a text that begins with * needs quotes";
/** Aliases of aliases grow without end in a few lines. */
const NODES_MAX = 200_000;

/** The first document of the text; undefined when it is empty. */
export function readYaml(text: string): { root: YamlNode | undefined; problems: YamlProblem[] } {
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
    text: inCharacters(withoutSource(message.charAt(0).toLowerCase() + message.slice(1))),
  }));
  if (document?.contents == null || problems.length > 0) return { root: undefined, problems };
  const reader = new Reader(document as Document, lines);
  return { root: reader.node(document.contents, 0), problems: reader.problems };
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
  readonly #document: Document;
  readonly #lines: LineCounter;
  #nodes = 0;

  constructor(document: Document, lines: LineCounter) {
    this.#document = document;
    this.#lines = lines;
  }

  node(node: Node | null | undefined, depth: number, at: Place = { line: 1, column: 1 }): YamlNode {
    const place = node?.range == null ? at : placeAt(this.#lines, node.range[0]);
    if (node == null) return { kind: "scalar", text: "", tag: "null", ...place };
    if (depth > DEPTH_MAX || ++this.#nodes > NODES_MAX) {
      if (this.problems.length === 0)
        this.problems.push({ ...place, text: "document contains excessive aliasing" });
      return { kind: "scalar", text: "", tag: "null", ...place };
    }
    if (isAlias(node)) return this.#alias(node, depth, place);
    if (isSeq(node)) {
      const items = node.items.map((item) => this.node(item as Node, depth + 1, place));
      return { kind: "list", items, ...place };
    }
    if (isMap(node)) return { kind: "map", entries: this.#entries(node, depth, place), ...place };
    if (!isScalar(node)) return { kind: "scalar", text: "", tag: "null", ...place };
    const text = String(node.value ?? "");
    const plain = node.type === "PLAIN" || node.type == null;
    return { kind: "scalar", text, tag: plain ? tagOf(text) : "str", ...place };
  }

  #alias(node: Extract<Node, { source: string }>, depth: number, place: Place): YamlNode {
    const target = (node as { resolve(document: Document): Node | undefined }).resolve(
      this.#document,
    );
    if (target === undefined) {
      this.problems.push({ ...place, text: UNKNOWN_ANCHOR });
    }
    return this.node(target, depth + 1, place);
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
