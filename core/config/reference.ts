/** The tables of keys as pages for people: REFERENCE.md, and the list that `-help` prints. */
import { variableOfKey } from "./environment.ts";
import { PROCESS_FLAGS } from "./flags.ts";
import { isScalar, KEYS, type Key, keysIn, treeOf } from "./keys.ts";
import type { KeyType, Note, ScalarType } from "./row.ts";
import { SCALARS } from "./scalars.ts";
import { unusedWhy } from "./unused.ts";
import type { Value } from "./value.ts";

const TYPE_NAMES: Readonly<Record<ScalarType, string>> = {
  string: "text",
  secret: "secret text",
  url: "URL",
  bool: "boolean",
  int: "integer",
  float: "number",
  duration: "duration (`1h30m`)",
  span: "duration (`1d12h`)",
  size: "size (`3MB`)",
  window: "size (`64KiB`)",
  day: "day (`2023-10-31`)",
  strings: "list of texts",
  free: "any YAML",
};

const HEAD = `# Configuration reference

Written by \`scripts/config-reference.ts\` from the tables in \`core/config/blocks/\`; do not edit it.

lokits reads Loki's configuration: keys and defaults are those of Loki 2.9.1, and keys that only Loki 3.x has
are taken with the defaults of 3.7.6. Keys that only lokits has say so. A key that is set in the file goes before
what \`common\` says, a variable of the environment goes before the file, and a flag before both.

Each line has the key, its type with an example, its default, its flag and its variable. Variables take what
flags take; lists are separated by commas. A variable that begins with \`LOKITS_\` and sets nothing gives a warning. Keys marked
"no effect here" belong to parts that lokits does not have, or has in another way: whoever sets one to more than its
default is told so at the start, with the reason. Durations have units from \`ns\` to
\`h\`, in \`limits_config\` and a few other places from \`ms\` to \`y\`. Sizes count by 1024.

## Flags of the process itself

`;

/** The whole page. */
export function referencePage(): string {
  let out = HEAD;
  for (const [name, what] of Object.entries(PROCESS_FLAGS)) out += `- \`-${name}\`: ${what}\n`;
  for (const [block, keys] of blocks()) {
    out += `\n## ${block === "" ? "Top of the file" : `\`${block}\``}\n\n`;
    for (const key of keys) out += rowOf(key, block === "" ? 0 : block.length + 1);
  }
  return out;
}

/** Every flag with its default, as Go's flag package would list it. */
export function flagsPage(): string {
  let out =
    "Flags of lokits serve. Every key of the configuration file that has a flag can be set by it.\n";
  for (const [name, what] of Object.entries(PROCESS_FLAGS)) out += `  -${name}\n    \t${what}\n`;
  const keys = [...KEYS.values()].filter(({ flag }) => flag !== "");
  for (const key of keys.sort((left, right) => (left.flag < right.flag ? -1 : 1))) {
    const initial = initialText(key);
    out += `  -${key.flag} ${typeName(key.type).replaceAll("`", "")}\n    \t${key.path}`;
    out += initial === "" ? "\n" : ` (default ${initial})\n`;
  }
  return out;
}

/** Keys by the first name of their path; those that have only one name come first. */
function blocks(): Map<string, Key[]> {
  const out = new Map<string, Key[]>([["", []]]);
  for (const key of KEYS.values()) {
    const dot = key.path.indexOf(".");
    const block = dot < 0 ? "" : key.path.slice(0, dot);
    const keys = out.get(block);
    if (keys === undefined) out.set(block, [key]);
    else keys.push(key);
  }
  return out;
}

function rowOf(key: Key, prefixSize: number, inList = false): string {
  const { path, type, flag, note } = key;
  const initial = initialText(key);
  const variable = variableOfKey(key);
  const parts = [
    typeName(type),
    initial === "" ? "" : `default \`${initial}\``,
    flag === "" ? "" : `\`-${flag}\``,
    inList || variable === undefined ? "" : `\`${variable}\``,
    noteText(note),
    note.ignored === undefined && unusedWhy(path) !== undefined ? "no effect here" : "",
  ].filter((part) => part !== "");
  let out = `- \`${path.slice(prefixSize)}\`: ${parts.join(", ")}\n`;
  if (typeof type === "string") return out;
  const isList = "list" in type;
  for (const item of keysIn(treeOf(isList ? type.list : type.map))) {
    const shown = { ...item, path: `${path}${isList ? "[]" : ".<name>"}.${item.path}`, flag: "" };
    out += rowOf(shown, prefixSize, true);
  }
  return out;
}

function typeName(type: KeyType): string {
  if (typeof type === "string") return TYPE_NAMES[type];
  return "list" in type ? "list of blocks" : "blocks by name";
}

function initialText({ type, initial }: Key): string {
  if (initial === undefined) return "";
  const value: Value = isScalar(type) ? SCALARS[type].print(initial) : initial;
  return Array.isArray(value) ? value.join(",") : String(value);
}

function noteText({ added, removed, newer, ignored, deprecated, ours }: Note): string {
  return [
    ours === undefined ? "" : `lokits only: ${ours}`,
    added ? "since 3.x" : "",
    removed ? "until 2.9" : "",
    newer === undefined ? "" : `\`${newer}\` in Loki 3.7.6`,
    ignored === undefined ? "" : `no effect: ${ignored}`,
    deprecated === undefined ? "" : `deprecated: ${deprecated}`,
  ]
    .filter((text) => text !== "")
    .join("; ");
}
