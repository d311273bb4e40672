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

/** Throws BadRequest, in Loki's words where it has them. */
export async function openNamed(
  config: Config,
  name: string,
  observe: Observe = () => {},
): Promise<OpenedStore> {
  const prefix = config.text("storage_config.object_prefix");
  const named = config.value("storage_config.named_stores.filesystem") as Item | undefined;
  const ownFolder = (named?.[name] as Item | undefined)?.["directory"];
  if (name === "filesystem" || ownFolder !== undefined) {
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
  const s3 = config.value("storage_config.named_stores.aws") as Item | undefined;
  if (name === "s3" || name === "aws" || s3?.[name] !== undefined) {
    return await openAmazon(config, s3?.[name] as Item | undefined, { name, observe, prefix });
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
