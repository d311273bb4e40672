/** Every key of the specification's tables against the schema: its type, its defaults of both releases and its flag. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { isScalar, KEYS, type Key, keysBelow, keysIn, treeOf } from "./keys.ts";
import type { ScalarType } from "./row.ts";
import { SCALARS } from "./scalars.ts";

const SPEC = new URL("../../../shared/spec/config.md", import.meta.url);
const skip = existsSync(SPEC) ? false : "the specification is not here";

interface SpecRow {
  readonly key: string;
  readonly type: string;
  readonly initial: string;
  readonly newer: string;
  readonly flag: string;
}

/** Where a table's rows stand, and what `<prefix>.` is in its flags; undefined where it is known by the row. */
interface Stand {
  readonly path: string;
  readonly flags?: string;
}

/** Tables of a section in their order: the places where each one's rows stand. */
const STANDS: Readonly<Record<string, readonly (readonly Stand[])[]>> = {
  "6.1": [[{ path: "server" }]],
  "6.2": [[{ path: "common" }]],
  "6.3": [[{ path: "distributor" }]],
  "6.4": [[{ path: "memberlist" }]],
  "6.5": [[{ path: "ingester" }]],
  "6.6": [[{ path: "ingester_client" }]],
  "6.7": [[{ path: "limits_config" }]],
  "6.8": [[{ path: "schema_config.configs[]" }]],
  "6.9": [
    [{ path: "storage_config" }],
    [
      { path: "storage_config.aws", flags: "" },
      { path: "common.storage.s3", flags: "common.storage." },
      { path: "ruler.storage.s3", flags: "ruler.storage." },
    ],
  ],
  "6.10": [[{ path: "chunk_store_config" }]],
  "6.11": [
    [
      { path: "chunk_store_config.chunk_cache_config", flags: "store.chunks-cache." },
      { path: "chunk_store_config.write_dedupe_cache_config", flags: "store.index-cache-write." },
      { path: "storage_config.index_queries_cache_config", flags: "store.index-cache-read." },
      { path: "query_range.results_cache.cache", flags: "frontend." },
      {
        path: "query_range.index_stats_results_cache.cache",
        flags: "frontend.index-stats-results-cache.",
      },
      { path: "query_range.volume_results_cache.cache", flags: "frontend.volume-results-cache." },
      { path: "query_range.series_results_cache.cache", flags: "frontend.series-results-cache." },
      { path: "query_range.label_results_cache.cache", flags: "frontend.label-results-cache." },
      { path: "chunk_store_config.chunk_cache_config_l2", flags: "store.chunks-cache-l2." },
    ],
  ],
  "6.12": [[{ path: "compactor" }]],
  "6.13": [[{ path: "querier" }]],
  "6.14": [[{ path: "query_scheduler" }]],
  "6.15": [[{ path: "frontend" }]],
  "6.16": [[{ path: "query_range" }]],
  "6.17": [[{ path: "frontend_worker" }]],
  "6.18": [[{ path: "index_gateway" }]],
  "6.19": [[{ path: "runtime_config" }]],
  "6.20": [[{ path: "tracing" }], [{ path: "analytics" }]],
  "6.21": [[{ path: "ruler" }]],
  "6.23": [
    [
      { path: "ingester_client.grpc_client_config", flags: "ingester.client." },
      { path: "frontend.grpc_client_config", flags: "frontend.grpc-client-config." },
      { path: "frontend_worker.grpc_client_config", flags: "querier.frontend-client." },
      { path: "ruler.ruler_client", flags: "ruler.client." },
      { path: "query_scheduler.grpc_client_config", flags: "query-scheduler.grpc-client-config." },
      {
        path: "storage_config.tsdb_shipper.index_gateway_client.grpc_client_config",
        flags: "tsdb.shipper.index-gateway-client.grpc.",
      },
      { path: "compactor_grpc_client", flags: "compactor.grpc-client." },
    ],
    rings("consul"),
    rings("etcd"),
  ],
};

/** The ingester's ring has flags without a prefix; that of `common` is named after storage. */
function rings(backend: string): readonly Stand[] {
  return [
    { path: `ingester.lifecycler.ring.kvstore.${backend}`, flags: "" },
    { path: `common.ring.kvstore.${backend}`, flags: "common.storage.ring." },
    { path: `distributor.ring.kvstore.${backend}`, flags: "distributor.ring." },
    { path: `compactor.compactor_ring.kvstore.${backend}`, flags: "compactor.ring." },
    {
      path: `query_scheduler.scheduler_ring.kvstore.${backend}`,
      flags: "query-scheduler.ring.",
    },
    { path: `index_gateway.ring.kvstore.${backend}`, flags: "index-gateway.ring." },
    { path: `ruler.ring.kvstore.${backend}`, flags: "ruler.ring." },
  ];
}

/** The tables of keys below each `### 6.x`, as rows. */
function readTables(text: string): ReadonlyMap<string, readonly (readonly SpecRow[])[]> {
  const tables = new Map<string, SpecRow[][]>();
  let section = "";
  for (const line of text.split("\n")) {
    section = /^### (6\.\d+)/.exec(line)?.[1] ?? (line.startsWith("## ") ? "" : section);
    if (section === "") continue;
    const list = tables.get(section) ?? [];
    tables.set(section, list);
    if (line.startsWith("| Key | Type |")) list.push([]);
    const cells = line.split("|").map((cell) => cell.trim());
    const key = /^`([^`]+)`$/.exec(cells[1] ?? "")?.[1];
    if (key === undefined || cells.length !== 7) continue;
    const [, , type = "", initial = "", last = "", flagCell = ""] = cells;
    // A few rows have the flag behind the newer default.
    const [, newer = "", behind] = /^(.*?)(?: \(flag (-.*)\))?$/.exec(last) ?? [];
    const flag = (behind ?? flagCell).replace(/^`?-?(.*?)`?$/, "$1");
    list.at(-1)?.push({ key, type, initial, newer, flag });
  }
  return tables;
}

const TYPES: Readonly<Record<string, readonly ScalarType[]>> = {
  string: ["string", "secret", "url", "size", "day", "strings"],
  url: ["url", "string"],
  daytime: ["day"],
  int: ["int", "size", "window"],
  float: ["float"],
  boolean: ["bool"],
  duration: ["duration", "span"],
  time: ["string"],
  "list of strings": ["strings"],
};

/** Keys of 3.x with a default of ours: off, as 2.9.1 does without them, or a bound that memory has room for. */
const OTHERWISE: ReadonlySet<string> = new Set([
  "distributor.max_decompressed_size",
  "limits_config.discover_service_name",
  "limits_config.discover_log_levels",
]);

/** What the schema says otherwise than a row; "" when both agree. */
function difference(row: SpecRow, { path, flags = "" }: Stand): string {
  const [list, name] = path.split("[]");
  const full = `${path}.${row.key}`;
  const key =
    name === undefined ? KEYS.get(full) : itemKeys(list!).find(({ path }) => path === row.key);
  const types = TYPES[row.type];
  if (types === undefined) {
    const known = key ?? (name === undefined ? keysBelow(full)[0] : undefined);
    return known === undefined ? `${full}: no such key (${row.type})` : "";
  }
  if (key === undefined) return `${full}: no such key`;
  const found: string[] = [];
  if (typeof key.type !== "string" || !types.includes(key.type))
    found.push(`type ${JSON.stringify(key.type)}, want ${row.type}`);
  const flag = row.flag.replace(/<prefix>\.(storage\.(?=s3))?/, flags);
  if (key.flag !== flag) found.push(`flag ${key.flag}, want ${flag}`);
  const absent = row.initial === "absent";
  const initial = plain(OTHERWISE.has(full) ? "" : absent ? row.newer : row.initial);
  if (initial !== undefined && shown(key) !== canonical(key, initial))
    found.push(`default ${shown(key)}, want ${initial}`);
  if ((key.note.added ?? false) !== absent) found.push(`added ${key.note.added}, want ${absent}`);
  const removed = row.newer === "removed";
  if ((key.note.removed ?? false) !== removed)
    found.push(`removed ${key.note.removed}, want ${removed}`);
  const given = bare(row.newer);
  const told = removed || given === "=" || given === "—" || (absent && !OTHERWISE.has(full));
  const newer = told || given === shown(key) ? undefined : given;
  const noted = key.note.newer === undefined ? undefined : bare(key.note.newer);
  if (noted !== newer) found.push(`newer ${noted}, want ${newer}`);
  return found.length === 0 ? "" : `${full}: ${found.join("; ")}`;
}

function itemKeys(path: string): readonly Key[] {
  const type = KEYS.get(path)?.type;
  assert(typeof type === "object" && "list" in type, `${path} is no list of blocks`);
  return [...keysIn(treeOf(type.list))];
}

/** Undefined where the specification names no value. */
function plain(text: string): string | undefined {
  return text === "—" || text === "" ? undefined : bare(text);
}

/** Without quotes and brackets; names that a machine gives itself stand for none. */
function bare(text: string): string {
  const inside = text.replace(/^\[(.*)\]$|^"(.*)"$/, "$1$2");
  return /^<.*>$/.test(inside) ? "" : inside;
}

/** `10m` and `10m0s` are one default. */
function canonical({ type }: Key, text: string): string {
  return isScalar(type) ? String(SCALARS[type].print(SCALARS[type].flag(text))) : text;
}

function shown({ type, initial }: Key): string {
  if (initial === undefined) return "";
  if (isScalar(type)) return String(SCALARS[type].print(initial));
  return Array.isArray(initial) ? initial.join(" ") : String(initial);
}

const tables = skip === false ? readTables(readFileSync(SPEC, "utf8")) : new Map();

test("the specification has tables for exactly the sections that are compared", { skip }, () => {
  for (const [section, list] of tables) {
    assert.equal(list.length, STANDS[section]?.length ?? 0, `tables of ${section}`);
    for (const rows of list) assert.ok(rows.length > 0, `a table of ${section} has no rows`);
  }
});

for (const [section, places] of Object.entries(STANDS)) {
  test(`keys of ${section} have the specification's types, defaults and flags`, { skip }, () => {
    const found = places.flatMap((stands, index) =>
      ((tables.get(section)?.[index] ?? []) as SpecRow[]).flatMap((row) =>
        stands.map((stand) => difference(row, stand)).filter((text) => text !== ""),
      ),
    );
    assert.deepEqual(found, []);
  });
}

test("every root key is one, of which those with a row have its default and flag", { skip }, () => {
  const section = readFileSync(SPEC, "utf8").split("## 5. Root keys")[1]!.split("\n## ")[0]!;
  const found: string[] = [];
  let count = 0;
  for (const [, names, type, initial, note] of section.matchAll(
    /^\| (`[^|]+`|3\.x only) \| *([^|]*?) *\| *([^|]*?) *\| (.*) \|$/gm,
  )) {
    const listed = names === "3.x only" ? note!.split(" — ")[0]! : names!;
    // `metastore…` and `ingest_limits*` stand for what begins so.
    for (const [, name] of listed.matchAll(/`([a-z_0-9]+)(?:…|\*)?`/g)) {
      if (name === "loki") continue;
      count++;
      if (keysBelow(name!).length === 0) found.push(`${name}: no such key`);
      const flag = /^`-([a-z.-]+)`/.exec(note!)?.[1];
      const key = KEYS.get(name!);
      if (flag !== undefined && key?.flag !== flag) found.push(`${name}: flag ${key?.flag}`);
      const value = /^`?([\w]+)`?/.exec(initial!)?.[1];
      if (type === "blocks" || names === "3.x only" || value === undefined) continue;
      if (shown(key!) !== canonical(key!, value)) found.push(`${name}: default ${shown(key!)}`);
    }
  }
  assert.deepEqual(found, []);
  assert.ok(count > 45, `only ${count} root keys were found in the specification`);
});

/** Blocks that the specification has in prose, or as another block once more. */
const TOLD_ELSEWHERE = [
  /^[^.]*$/,
  /^(internal_server|table_manager|compactor_client|auth|pattern_ingester)\./,
  /^(schema_config\.configs|ruler\.remote_write|ruler\.evaluation\.query_frontend)(\.|$)/,
  /^storage_config\.(named_stores|bloom_shipper|object_store|bigtable|cassandra|boltdb|grpc_store|bos)(\.|$)/,
];

test("a key that no table has is one of ours and says so", { skip }, () => {
  const known = new Set<string>();
  for (const [section, places] of Object.entries(STANDS)) {
    places.forEach((stands, index) => {
      for (const { key } of (tables.get(section)?.[index] ?? []) as SpecRow[]) {
        for (const { path } of stands) known.add(`${path}.${key}`);
      }
    });
  }
  const strangers = [...KEYS.values()].filter(
    ({ path, note }) =>
      note.ours === undefined &&
      !TOLD_ELSEWHERE.some((paths) => paths.test(path)) &&
      ![...ancestors(path)].some((name) => known.has(name)),
  );
  assert.deepEqual(
    strangers.map(({ path }) => path),
    [],
  );
});

/** The path, and the blocks that it stands in. */
function* ancestors(path: string): Generator<string> {
  for (let at = path.length; at > 0; at = path.lastIndexOf(".", at - 1)) yield path.slice(0, at);
}
