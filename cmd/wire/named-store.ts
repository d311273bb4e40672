/** A store by its name in a schema: `filesystem`, `s3`, `aws`, or one of `storage_config.named_stores`. */
import type { Config } from "../../core/config/config.ts";
import type { Item } from "../../core/config/value.ts";
import { BadRequest } from "../../core/model/errors.ts";
import type { Observe } from "../../core/remote/caller.ts";
import { PrefixedStore } from "../../core/store/prefixed.ts";
import { type OpenedStore, openStore } from "./store.ts";

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

/** Why a store cannot be opened whatever its settings are, in Loki's words where it has them. */
export function namedProblem(config: Config, name: string): string | undefined {
  if (["filesystem", "s3", "aws"].includes(name)) return undefined;
  if (["filesystem", "aws"].some((kind) => namedOf(config, kind, name) !== undefined)) {
    return undefined;
  }
  if (KNOWN_STORES.includes(name)) return `not implemented: ${name} store`;
  return `Unrecognized storage client ${name}, choose one of: ${KNOWN_STORES.join(", ")}`;
}

function namedOf(config: Config, kind: string, name: string): Item | undefined {
  const named = config.value(`storage_config.named_stores.${kind}`) as Item | undefined;
  return named?.[name] as Item | undefined;
}

/** Throws BadRequest. */
export async function openNamed(
  config: Config,
  name: string,
  observe: Observe = () => {},
): Promise<OpenedStore> {
  const problem = namedProblem(config, name);
  if (problem !== undefined) throw new BadRequest(problem);
  const prefix = config.text("storage_config.object_prefix");
  const ownFolder = namedOf(config, "filesystem", name)?.["directory"];
  if (name !== "filesystem" && ownFolder === undefined) {
    return await openAmazon(config, namedOf(config, "aws", name), { name, observe, prefix });
  }
  const folder = String(ownFolder ?? config.text("storage_config.filesystem.directory"));
  if (folder === "") {
    throw new BadRequest(
      "the object store filesystem has no folder: set storage_config.filesystem.directory",
    );
  }
  if (prefix !== "") {
    throw new BadRequest(
      `not implemented yet: object_prefix in a folder, only in a bucket; ${name} has ${prefix}`,
    );
  }
  return await openStore(folder);
}

/** `storage_config.aws`, or a named store of that kind. */
async function openAmazon(
  config: Config,
  named: Item | undefined,
  { name, observe, prefix }: { name: string; observe: Observe; prefix: string },
): Promise<OpenedStore> {
  const { openS3Options, optionsOf, remoteOf } = await import("./s3.ts");
  const options = optionsOf((key) =>
    named === undefined ? config.value(`storage_config.aws.${key}`) : named[key],
  );
  const bucket = await openS3Options(options, process.env, observe);
  const objects = prefix === "" ? bucket : new PrefixedStore(bucket, prefix);
  const remote = remoteOf(options);
  return { objects, form: "plain", name, ...(remote && { remote: remote + prefix }) };
}
