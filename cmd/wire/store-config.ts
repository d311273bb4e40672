/** The buckets that a configuration names, with their schema. */
import { readFile } from "node:fs/promises";
import type { Config } from "../../core/config/config.ts";
import { dayMs } from "../../core/config/day.ts";
import { loadConfig } from "../../core/config/load.ts";
import type { Item } from "../../core/config/value.ts";
import { BadRequest } from "../../core/model/errors.ts";
import type { Schema, SchemaPeriod, SchemaVersion } from "../../core/model/schema.ts";
import { type Meter, UNMETERED } from "../../core/ports/meter.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import type { Observe } from "../../core/remote/caller.ts";
import { namedProblem, openNamed } from "./named-store.ts";
import { type OpenedStore, openStore } from "./store.ts";

/** One of the stores of a schema. */
export interface PeriodStore extends OpenedStore {
  /** The periods of the schema that lie here; all of them when left out. */
  readonly periods?: ReadonlySet<SchemaPeriod>;
  /** Where index tables lie. */
  readonly indexPrefix: string;
  /** The store of the index, when it is another one. */
  readonly indexObjects?: ObjectStore;
}

export interface ConfiguredStore {
  readonly schema: Schema;
  /** At least one; that of the oldest period first. */
  readonly stores: readonly PeriodStore[];
  /** Has every request to a remote store counted from now on. */
  readonly meterBy: (meter: Meter) => void;
}

/** The buckets of a configuration file; with `store` another bucket that has this configuration's schema. */
export async function storeOfConfig(
  configFile: string,
  store: string | undefined,
  read = (path: string) => readFile(path, "utf8"),
): Promise<ConfiguredStore> {
  const { config } = await loadConfig({
    // The name is one file's: commas in it are no list.
    args: ["-config.file", configFile],
    readFile: read,
    env: process.env,
  });
  if (store === undefined) return await openConfigured(config);
  const schema = schemaOf(config);
  const indexPrefix = indexPrefixOf(config, config.items("schema_config.configs").at(-1));
  return { schema, stores: [{ ...(await openStore(store)), indexPrefix }], meterBy: () => {} };
}

/** What of a schema this release has no store for, found without opening one. */
export function storesProblem(config: Config): string | undefined {
  const schema = schemaOf(config);
  for (const { store } of schema) {
    if (store === "tsdb") continue;
    return store === "boltdb-shipper"
      ? "not implemented yet: index store boltdb-shipper"
      : `Unrecognized storage client ${store}, choose one of: boltdb-shipper, tsdb`;
  }
  const names = schema.map(({ objectStore }) => namedProblem(config, objectStore));
  return names.find((problem) => problem !== undefined);
}

/** Throws BadRequest for a store that cannot be opened. */
export async function openConfigured(config: Config): Promise<ConfiguredStore> {
  const schema = schemaOf(config);
  const problem = storesProblem(config);
  if (problem !== undefined) throw new BadRequest(problem);
  // Stores are open before there is a meter: what nobody counts yet goes nowhere.
  let meter = UNMETERED;
  const observe: Observe = (operation, status, ms) =>
    meter.observe("loki_s3_request_duration_seconds", ms / 1000, {
      ...{ operation, status_code: String(status) },
    });
  const opened = new Map<string, OpenedStore>();
  const open = async (name: string) => {
    const known = opened.get(oneName(name)) ?? (await openNamed(config, name, observe));
    opened.set(oneName(name), known);
    return known;
  };
  const shared = config.text("storage_config.tsdb_shipper.shared_store");
  const stores = new Map<string, PeriodStore & { readonly periods: Set<SchemaPeriod> }>();
  for (const [number, item] of config.items("schema_config.configs").entries()) {
    const period = schema[number]!;
    const name = oneName(period.objectStore);
    const index = shared === "" ? name : oneName(shared);
    const indexPrefix = indexPrefixOf(config, item);
    // Periods of one store may keep their tables in different folders.
    const key = `${name} ${indexPrefix}`;
    const store = stores.get(key) ?? {
      ...(await open(period.objectStore)),
      ...{ indexPrefix, periods: new Set() },
      ...(index !== name && { indexObjects: (await open(shared)).objects }),
    };
    store.periods.add(period);
    stores.set(key, store);
  }
  const meterBy = (own: Meter) => {
    meter = own;
  };
  return { schema, stores: [...stores.values()], meterBy };
}

/** Loki has two names for Amazon's store. */
function oneName(name: string): string {
  return name === "aws" ? "s3" : name;
}

export function schemaOf(config: Config): Schema {
  return config.items("schema_config.configs").map((period): SchemaPeriod => {
    return {
      fromMs: dayMs(String(period["from"] ?? "1970-01-01")),
      schema: period["schema"] as SchemaVersion,
      store: String(period["store"]),
      objectStore: String(period["object_store"]),
      indexPrefix: String(period["index.prefix"]),
      tableMs: Number(period["index.period"]) / 1e6,
    };
  });
}

const INDEX_PREFIX = "index/";

/** 3.x says it in the period, 2.9.1 in the shipper. */
function indexPrefixOf(config: Config, period: Item | undefined): string {
  const own = period?.["index.path_prefix"];
  if (typeof own === "string" && own !== INDEX_PREFIX && own !== "") return own;
  return config.text("storage_config.tsdb_shipper.shared_store_key_prefix");
}
