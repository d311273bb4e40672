/** The tables of keys against the list that the specification has. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { FLAGS, KEYS, keysIn, TREE, treeOf } from "./keys.ts";

interface Listed {
  readonly path: string;
  readonly flag: string;
  readonly initial: string;
}

const LISTED: readonly Listed[] = readFileSync(
  new URL("../../fixtures/config/keys.tsv", import.meta.url),
  "utf8",
)
  .trimEnd()
  .split("\n")
  .map((line) => {
    const [path = "", flag = "", initial = ""] = line.split("\t");
    return { path, flag: flag === "-" ? "" : flag, initial };
  });

const PERIODS = "schema_config.configs";

/** Keys of `schema_config.configs` are those of the items of a list. */
function known(path: string): boolean {
  if (path.startsWith(`${PERIODS}[].`)) {
    const type = KEYS.get(PERIODS)?.type;
    assert(typeof type === "object" && "list" in type);
    const names = [...keysIn(treeOf(type.list))].map((key) => key.path);
    return names.includes(path.slice(PERIODS.length + 3));
  }
  return KEYS.has(path) || [...KEYS.keys()].some((key) => key.startsWith(`${path}.`));
}

test("every key of the specification is known", () => {
  const missing = LISTED.filter(({ path }) => !known(path));
  assert.deepEqual(missing, []);
  assert.ok(LISTED.length > 700, `${LISTED.length} keys`);
});

test("every flag of the specification sets its key", () => {
  const wrong = LISTED.filter(({ path, flag }) => flag !== "" && FLAGS.get(flag)?.path !== path);
  assert.deepEqual(wrong, []);
});

/** What we say otherwise than the specification, and why. */
const OTHER_DEFAULTS = new Set([
  "distributor.max_decompressed_size", // 5 GB in one request is more memory than most have.
  "limits_config.discover_service_name", // Would change the streams of 2.9.1.
  "limits_config.discover_log_levels",
]);

test("defaults are those of the specification", () => {
  const wrong = LISTED.flatMap(({ path, initial }) => {
    const key = KEYS.get(path);
    // The table has a dash for blocks and for types with an empty default.
    if (key === undefined || initial === "—" || /^\[|^"<|private/.test(initial)) return [];
    if (OTHER_DEFAULTS.has(path)) return [];
    const own = plain(key.initial);
    const wanted = initial.replace(/^"|"$/g, "");
    return own === wanted || sameQuantity(wanted, key.initial) ? [] : [{ path, own, wanted }];
  });
  assert.deepEqual(wrong, []);
});

function plain(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(" ")}]` : String(value);
}

const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  d: 86400e9,
  w: 604800e9,
  B: 1,
  KB: 2 ** 10,
  MB: 2 ** 20,
  GB: 2 ** 30,
  KiB: 2 ** 10,
};

/** Sums numbers with units: an arithmetic of its own, so that it shares no mistake with ours. */
function sameQuantity(text: string, value: unknown): boolean {
  const parts = [...text.matchAll(/([\d.]+)([a-zA-Z]+)/g)];
  if (parts.length === 0 || typeof value === "string") return false;
  const sum = parts.reduce(
    (total, [, count, unit]) => total + Number(count) * (UNITS[unit!] ?? Number.NaN),
    0,
  );
  return Math.abs(sum - Number(value)) <= sum * 1e-12;
}

test("no two keys have one flag", () => {
  const flags = [...keysIn(TREE)].map(({ flag }) => flag).filter((flag) => flag !== "");
  assert.deepEqual(
    flags.filter((flag, index) => flags.indexOf(flag) !== index),
    [],
  );
});
