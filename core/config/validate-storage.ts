/** What must hold for `storage_config` and the caches. */

import { quote } from "../golang/quote.ts";
import type { Config } from "./config.ts";
import { KEYS } from "./keys.ts";
import type { Item } from "./value.ts";

/** Names that mean a type of store; a named store cannot have one. */
const STORE_TYPES = [
  "aws",
  "s3",
  "azure",
  "bos",
  "filesystem",
  "gcs",
  "alibabacloud",
  "swift",
  "cos",
];

const STORAGE_CLASSES = [
  "GLACIER",
  "DEEP_ARCHIVE",
  "GLACIER_IR",
  "INTELLIGENT_TIERING",
  "ONEZONE_IA",
  "OUTPOSTS",
  "REDUCED_REDUNDANCY",
  "STANDARD",
  "STANDARD_IA",
];

export function storageProblems(config: Config): readonly string[] {
  return [
    ...s3Problems(config).map(
      (text) => `invalid AWS Storage config: invalid S3 Storage config: ${text}`,
    ),
    ...prefixProblems(config, "tsdb_shipper").map((text) => `invalid tsdb config: ${text}`),
    ...prefixProblems(config, "boltdb_shipper").map(
      (text) => `invalid boltdb-shipper config: ${text}`,
    ),
    ...namedStoreProblems(config),
    ...keyProblems(config),
    ...cacheProblems(config),
    ...lookBackProblems(config),
  ];
}

function s3Problems(config: Config): string[] {
  const problems: string[] = [];
  const version = config.text("storage_config.aws.signature_version");
  if (version !== "v4" && version !== "v2") problems.push("unsupported signature version");
  const storageClass = config.text("storage_config.aws.storage_class");
  if (!STORAGE_CLASSES.includes(storageClass)) {
    problems.push(
      `unsupported S3 storage class: ${storageClass}. Supported values: ${STORAGE_CLASSES.join(", ")}`,
    );
  }
  return problems;
}

function prefixProblems(config: Config, shipper: string): string[] {
  const prefix = config.text(`storage_config.${shipper}.shared_store_key_prefix`);
  const problems: string[] = [];
  if (prefix.includes("\\")) problems.push("only have '/' as a path separator");
  if (prefix.startsWith("/")) problems.push("never start with a path separator i.e '/'");
  if (prefix !== "" && !prefix.endsWith("/")) problems.push("end with a path separator i.e '/'");
  return problems.map((text) => `shared store key prefix should ${text}`);
}

/** Settings without which objects would be looked for, and written, under other names than theirs. */
function keyProblems(config: Config): string[] {
  const problems: string[] = [];
  if (config.bool("storage_config.use_thanos_objstore")) {
    problems.push(
      "use_thanos_objstore is not implemented yet, and without it the buckets are other ones: lokits knows them from storage_config.aws",
    );
  }
  const prefix = config.text("storage_config.object_prefix");
  if (prefix !== "" && !/^[^/].*\/$/.test(prefix)) {
    problems.push(`object_prefix is ${quote(prefix)}, want a folder such as "loki/"`);
  }
  const named = Object.values((config.value("storage_config.named_stores.aws") ?? {}) as Item);
  const delimiters = [
    config.text("storage_config.aws.chunk_delimiter"),
    ...named.map((item) => String((item as Item)["chunk_delimiter"] ?? "")),
  ];
  // Loki takes no notice of longer ones.
  if (delimiters.some((text) => text.length === 1)) {
    problems.push("chunk_delimiter is not implemented yet: chunks have other names with it");
  }
  return problems;
}

function namedStoreProblems(config: Config): string[] {
  const problems: string[] = [];
  const owners = new Map<string, string>();
  for (const path of KEYS.keys()) {
    const type = /^storage_config\.named_stores\.(\w+)$/.exec(path)?.[1];
    if (type === undefined) continue;
    for (const name of Object.keys((config.value(path) ?? {}) as Item)) {
      const owner = owners.get(name);
      if (STORE_TYPES.includes(name)) {
        problems.push(
          `named store "${name}" should not match with the name of a predefined storage type`,
        );
      } else if (owner !== undefined) {
        problems.push(`named store "${name}" is already defined under ${owner}`);
      }
      owners.set(name, type);
    }
  }
  return problems;
}

function cacheProblems(config: Config): string[] {
  const problems: string[] = [];
  for (const path of KEYS.keys()) {
    if (!path.endsWith(".memcached_client.host")) continue;
    const cache = path.slice(0, -".memcached_client.host".length);
    const memcached =
      config.text(path) !== "" || config.text(`${cache}.memcached_client.addresses`) !== "";
    const redis = (config.value(`${cache}.redis`) as Item | undefined)?.["endpoint"] ?? "";
    if (memcached && redis !== "") {
      problems.push("use of multiple cache storage systems is not supported");
    }
  }
  return problems;
}

function lookBackProblems(config: Config): string[] {
  const onDisk = config
    .items("schema_config.configs")
    .every(({ object_store: store }) => store === "filesystem");
  return config.ms("ingester.query_store_max_look_back_period") !== 0 && !onDisk
    ? [
        "it is an error to specify a non zero `query_store_max_look_back_period` value when using any object store other than `filesystem`",
      ]
    : [];
}
