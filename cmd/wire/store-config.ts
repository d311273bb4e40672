/** The bucket that a configuration names, with its schema. */
import { readFile } from "node:fs/promises";
import type { Config } from "../../core/config/config.ts";
import { dayMs } from "../../core/config/day.ts";
import { loadConfig } from "../../core/config/load.ts";
import type { Item } from "../../core/config/value.ts";
import { BadRequest } from "../../core/model/errors.ts";
import type { Schema, SchemaPeriod, SchemaVersion } from "../../core/model/schema.ts";
import { type OpenedStore, openStore } from "./store.ts";

export interface ConfiguredStore extends Omit<OpenedStore, "name"> {
  readonly schema: Schema;
  /** Where index tables lie in the bucket. */
  readonly indexPrefix: string;
}

/** The bucket of a configuration file; with `store` another bucket that has this configuration's schema. */
export async function storeOfConfig(
  configFile: string,
  store: string | undefined,
): Promise<ConfiguredStore> {
  const { config } = await loadConfig({
    // The name is one file's: commas in it are no list.
    args: ["-config.file", configFile],
    readFile: (path) => readFile(path, "utf8"),
    env: process.env,
  });
  if (store === undefined) return await openConfigured(config);
  const { objects, form } = await openStore(store);
  return { objects, form, schema: schemaOf(config), indexPrefix: indexPrefixOf(config) };
}

/** Throws BadRequest for a store that cannot be opened. */
export async function openConfigured(config: Config): Promise<ConfiguredStore> {
  const schema = schemaOf(config);
  for (const { store } of schema) {
    if (store === "tsdb") continue;
    throw new BadRequest(
      store === "boltdb-shipper"
        ? "not implemented yet: index store boltdb-shipper"
        : `Unrecognized storage client ${store}, choose one of: boltdb-shipper, tsdb`,
    );
  }
  const names = new Set(schema.map(({ objectStore }) => objectStore));
  if (names.size > 1) {
    throw new BadRequest(
      `not implemented yet: periods in ${names.size} stores: ${[...names].join(", ")}`,
    );
  }
  const [name = ""] = names;
  const { objects, form } = await openNamed(config, name);
  return { objects, form, schema, indexPrefix: indexPrefixOf(config) };
}

const KNOWN_STORES = [
  "aws",
  "s3",
  "gcs",
  "azure",
  "alibabacloud",
  "swift",
  "bos",
  "cos",
  "filesystem",
];

async function openNamed(config: Config, name: string): Promise<OpenedStore> {
  const named = config.value("storage_config.named_stores.filesystem") as Item | undefined;
  const ownFolder = (named?.[name] as Item | undefined)?.["directory"];
  if (name === "filesystem" || ownFolder !== undefined) {
    const folder = String(ownFolder ?? config.text("storage_config.filesystem.directory"));
    if (folder === "") {
      throw new BadRequest(
        "the object store filesystem has no folder: set storage_config.filesystem.directory",
      );
    }
    return await openStore(folder);
  }
  const s3 = config.value("storage_config.named_stores.aws") as Item | undefined;
  if (name === "s3" || name === "aws" || s3?.[name] !== undefined) {
    return await openAmazon(config, s3?.[name] as Item | undefined, name);
  }
  if (KNOWN_STORES.includes(name)) throw new BadRequest(`not implemented: ${name} store`);
  throw new BadRequest(
    `Unrecognized storage client ${name}, choose one of: ${KNOWN_STORES.join(", ")}`,
  );
}

/** `storage_config.aws`, or a named store of that kind. */
async function openAmazon(
  config: Config,
  named: Item | undefined,
  name: string,
): Promise<OpenedStore> {
  const { openS3Config, openS3Options, optionsOf } = await import("./s3.ts");
  const objects =
    named === undefined
      ? await openS3Config(config)
      : await openS3Options(optionsOf((key) => named[key]));
  return { objects, form: "plain", name };
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
function indexPrefixOf(config: Config): string {
  const newest = config.items("schema_config.configs").at(-1);
  const own = newest?.["index.path_prefix"];
  if (typeof own === "string" && own !== INDEX_PREFIX && own !== "") return own;
  return config.text("storage_config.tsdb_shipper.shared_store_key_prefix");
}
