/** All keys: by path, by flag, and as the tree that a file is checked against. */
import { Bug } from "../model/errors.ts";
import { ROOT } from "./blocks/root.ts";
import type { KeyType, Note, Row, ScalarType } from "./row.ts";
import { SCALARS } from "./scalars.ts";
import type { Value } from "./value.ts";

export interface Key {
  readonly kind: "key";
  readonly path: string;
  readonly type: KeyType;
  readonly initial: Value | undefined;
  readonly flag: string;
  readonly note: Note;
}

export interface BlockKeys {
  readonly kind: "block";
  readonly path: string;
  readonly children: ReadonlyMap<string, Key | BlockKeys>;
}

/** Rows as a tree: `wal.dir` is the key `dir` in the block `wal`. */
export function treeOf(rows: readonly Row[], path = ""): BlockKeys {
  const root = { kind: "block" as const, path, children: new Map<string, Key | BlockKeys>() };
  for (const row of rows) {
    const names = row[0].split(".");
    let block: BlockKeys = root;
    for (const name of names.slice(0, -1)) {
      let child = block.children.get(name);
      if (child === undefined) {
        child = { kind: "block", path: joined(block.path, name), children: new Map() };
        (block.children as Map<string, Key | BlockKeys>).set(name, child);
      }
      if (child.kind === "key") throw new Bug(`${row[0]} stands below the key ${child.path}`);
      block = child;
    }
    const name = names.at(-1)!;
    const key = keyOf(row, joined(block.path, name));
    if (block.children.has(name)) throw new Bug(`${key.path} has two rows`);
    (block.children as Map<string, Key | BlockKeys>).set(name, key);
  }
  return root;
}

export function joined(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function keyOf([, type, initial, flag, note = {}]: Row, path: string): Key {
  return { kind: "key", path, type, initial: initialOf(type, initial), flag, note };
}

function initialOf(type: KeyType, initial: Row[2]): Value | undefined {
  if (initial === undefined) return undefined;
  if (typeof initial !== "string") return initial;
  if (isScalar(type)) return scalarOf(type, initial);
  throw new Bug(`the default ${initial} stands in a key that has no text`);
}

/** The same defaults stand in hundreds of rows. */
const READ = new Map<string, Value>();

function scalarOf(type: keyof typeof SCALARS, text: string): Value {
  const known = READ.get(`${type} ${text}`);
  if (known !== undefined) return known;
  const value = SCALARS[type].flag(text);
  READ.set(`${type} ${text}`, value);
  return value;
}

export function isScalar(type: KeyType): type is Exclude<ScalarType, "strings" | "free"> {
  return typeof type === "string" && type !== "strings" && type !== "free";
}

export function* keysIn(block: BlockKeys): Generator<Key> {
  for (const child of block.children.values()) {
    if (child.kind === "key") yield child;
    else yield* keysIn(child);
  }
}

export const TREE: BlockKeys = treeOf(ROOT);

/** The key at a path, or all keys below it; none when there is no such path. */
export function keysBelow(path: string): readonly Key[] {
  let node: Key | BlockKeys | undefined = TREE;
  for (const name of path.split(".")) {
    node = node?.kind === "block" ? node.children.get(name) : undefined;
  }
  if (node === undefined) return [];
  return node.kind === "key" ? [node] : [...keysIn(node)];
}

/** Every key by its path, in the order of the tables. */
export const KEYS: ReadonlyMap<string, Key> = new Map(
  [...keysIn(TREE)].map((key) => [key.path, key]),
);

/** Every key that has a flag, by the flag's name. */
export const FLAGS: ReadonlyMap<string, Key> = new Map(
  [...KEYS.values()].filter(({ flag }) => flag !== "").map((key) => [key.flag, key]),
);
