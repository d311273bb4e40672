/** A configuration as YAML, in the order of the tables and with secrets masked. */
import type { Config } from "./config.ts";
import { isScalar, KEYS, type Key, keysIn, treeOf } from "./keys.ts";
import { maskFree } from "./mask.ts";
import type { KeyType } from "./row.ts";
import { SCALARS } from "./scalars.ts";
import type { Item, Value } from "./value.ts";
import { writeYaml } from "./write-yaml.ts";

/** Everything, what differs from the defaults, or the defaults. */
export type PrintMode = "all" | "diff" | "defaults";

/** A key that is not set and has no default is left out. */
export function printConfig(config: Config, mode: PrintMode): string {
  return writeYaml(configTree(config, mode));
}

/** The same as blocks in blocks, for whoever shows a part of it. */
export function configTree(config: Config, mode: PrintMode): Tree {
  const root: Tree = {};
  for (const key of KEYS.values()) {
    if (mode === "diff" && config.isDefault(key.path)) continue;
    const value = mode === "defaults" ? key.initial : config.value(key.path);
    if (value !== undefined) place(root, key.path, printed(key.type, value));
  }
  return root;
}

export type Tree = { [name: string]: Value };

function place(root: Tree, path: string, value: Value): void {
  const names = path.split(".");
  let block = root;
  for (const name of names.slice(0, -1)) block = (block[name] ??= {}) as Tree;
  block[names.at(-1)!] = value;
}

function printed(type: KeyType, value: Value): Value {
  if (type === "strings" || type === "free") return maskFree(value);
  if (isScalar(type)) return SCALARS[type].print(value);
  const rows = "list" in type ? type.list : type.map;
  const keys = [...keysIn(treeOf(rows))];
  if ("list" in type) return (value as Item[]).map((item) => printedItem(keys, item));
  return Object.fromEntries(
    Object.entries(value as Item).map(([name, item]) => [name, printedItem(keys, item as Item)]),
  );
}

function printedItem(keys: readonly Key[], item: Item): Value {
  const root: Tree = {};
  for (const { path, type } of keys) {
    const value = item[path];
    if (value !== undefined) place(root, path, printed(type, value));
  }
  return root;
}
