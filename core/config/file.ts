/**
 * A file's text as a layer of values. Every key is checked against the tree of known keys, and reading
 * goes on after a mistake: all of them are reported at once, each with its line.
 */
import { quote } from "../golang/quote.ts";
import { type BlockKeys, isScalar, KEYS, type Key, keysIn, TREE, treeOf } from "./keys.ts";
import { nearest } from "./nearest.ts";
import { freeScalar, mismatch, SCALARS } from "./scalars.ts";
import type { Item, Layer, Value } from "./value.ts";
import { type Place, readYaml, repeated, type YamlEntry, type YamlNode } from "./yaml.ts";

export interface Problem extends Place {
  /** Without its line, which `line 4: ` in front of it tells. */
  readonly text: string;
}

export interface FileLayer {
  readonly layer: Layer;
  readonly problems: readonly Problem[];
  /** True when the text is no YAML at all, as against a wrong key or value. */
  readonly broken: boolean;
  /** Lines of the keys that are set. */
  readonly places: ReadonlyMap<string, Place>;
  /** Where a second document begins, which is not read. */
  readonly rest?: Place | undefined;
}

/** More than this is another kind of file; and what key was meant takes its time to find. */
const PROBLEMS_MAX = 100;

export function readFileLayer(text: string, tree: BlockKeys = TREE): FileLayer {
  const { root, problems, rest } = readYaml(text);
  const broken = problems.length > 0;
  const walk = new Walk(problems);
  if (root !== undefined) walk.block(root, tree);
  return {
    layer: walk.layer,
    problems: walk.problems,
    broken,
    places: walk.places,
    rest,
  };
}

/** Reads one node as the block of a tree: for files that hold such blocks below names of their own. */
export function readBlock(
  node: YamlNode,
  tree: BlockKeys,
): { layer: Layer; problems: readonly Problem[] } {
  const walk = new Walk([]);
  walk.block(node, tree);
  return { layer: walk.layer, problems: walk.problems };
}

class Walk {
  readonly layer = new Map<string, Value>();
  readonly places = new Map<string, Place>();
  readonly problems: Problem[];

  constructor(problems: Problem[]) {
    this.problems = problems;
  }

  block(node: YamlNode, block: BlockKeys): void {
    // `ingester:` with nothing below it sets nothing.
    if (node.kind === "scalar" && node.tag === "null") return;
    if (node.kind !== "map") {
      this.#refuse(node, wrongKind(node, typeOf(block)));
      return;
    }
    const seen = new Set<string>();
    for (const { key, place, value } of node.entries) {
      if (this.problems.length > PROBLEMS_MAX) return;
      const child = block.children.get(key);
      if (child === undefined) this.#refuse(place, unknownField(key, block));
      else if (seen.has(key))
        this.#refuse(place, `field ${key} already set in type ${typeOf(block)}`);
      else if (child.kind === "block") this.block(value, child);
      else this.#key(value, child, place);
      seen.add(key);
    }
  }

  #key(node: YamlNode, key: Key, place: Place): void {
    if (node.kind === "scalar" && node.tag === "null") return;
    const value = this.#value(node, key);
    if (value === undefined) return;
    this.layer.set(key.path, value);
    this.places.set(key.path, place);
  }

  #value(node: YamlNode, key: Key): Value | undefined {
    const { type } = key;
    if (type === "free") {
      this.#checkRepeated(node);
      return freeValue(node);
    }
    if (type === "strings") return this.#strings(node);
    if (isScalar(type)) {
      const scalar = SCALARS[type];
      if (node.kind !== "scalar") return this.#refuse(node, wrongKind(node, scalar.go));
      try {
        return scalar.yaml(node);
      } catch (error) {
        return this.#refuse(node, error instanceof Error ? error.message : String(error));
      }
    }
    if ("list" in type) {
      const tree = treeOf(type.list, key.path);
      if (node.kind !== "list") return this.#refuse(node, wrongKind(node, `[]${typeOf(tree)}`));
      return node.items.map((item) => this.#item(item, tree));
    }
    const tree = treeOf(type.map, key.path);
    if (node.kind !== "map")
      return this.#refuse(node, wrongKind(node, `map[string]${typeOf(tree)}`));
    this.#refuseRepeated(node.entries);
    return Object.fromEntries(
      node.entries.map(({ key: name, value }) => [name, this.#item(value, tree)]),
    );
  }

  /** At any depth of a block that we do not know. */
  #checkRepeated(node: YamlNode): void {
    if (node.kind === "list") for (const item of node.items) this.#checkRepeated(item);
    if (node.kind !== "map") return;
    this.#refuseRepeated(node.entries);
    for (const { value } of node.entries) this.#checkRepeated(value);
  }

  #refuseRepeated(entries: readonly YamlEntry[]): void {
    for (const { key, place } of repeated({ entries })) {
      this.#refuse(place, `key ${quote(key)} already set in map`);
    }
  }

  #strings(node: YamlNode): Value | undefined {
    if (node.kind !== "list") return this.#refuse(node, wrongKind(node, "[]string"));
    return node.items.flatMap((item) => {
      if (item.kind === "scalar") return [item.text];
      this.#refuse(item, wrongKind(item, "string"));
      return [];
    });
  }

  /** A block inside a list: its keys by their path in the block, with the defaults of those not set. */
  #item(node: YamlNode, tree: BlockKeys): Item {
    const walk = new Walk(this.problems);
    walk.block(node, tree);
    const prefix = tree.path.length + 1;
    const item: Record<string, Value> = {};
    for (const key of keysIn(tree)) {
      const value = walk.layer.get(key.path) ?? key.initial;
      if (value !== undefined) item[key.path.slice(prefix)] = value;
    }
    return item;
  }

  #refuse({ line, column }: Place, text: string): undefined {
    const count = this.problems.length;
    if (count > PROBLEMS_MAX) return;
    const last = count === PROBLEMS_MAX;
    this.problems.push({
      line,
      column,
      text: last ? "too many problems, the rest is not read" : text,
    });
  }
}

function unknownField(name: string, block: BlockKeys): string {
  const text = `field ${name} not found in type ${typeOf(block)}`;
  const near = nearest(name, block.children.keys());
  if (near !== undefined) return `${text}, did you mean \`${near}\`?`;
  const elsewhere = [...KEYS.keys()].filter((path) => path.endsWith(`.${name}`));
  // A name that stands in many blocks says nothing about the one that was meant.
  if (elsewhere.length === 0 || elsewhere.length > 3) return text;
  return `${text}, did you mean \`${elsewhere[0]}\`?`;
}

/** What stands for the name of Go's type in messages. */
function typeOf({ path }: BlockKeys): string {
  return `${path === "" ? "loki" : path}.Config`;
}

function wrongKind(node: YamlNode, go: string): string {
  if (node.kind === "scalar") return mismatch(node, go).message;
  return `cannot unmarshal ${node.kind === "list" ? "!!seq" : "!!map"} into ${go}`;
}

export function freeValue(node: YamlNode): Value {
  if (node.kind === "scalar") return freeScalar(node);
  if (node.kind === "list") return node.items.map(freeValue);
  return Object.fromEntries(node.entries.map(({ key, value }) => [key, freeValue(value)]));
}
