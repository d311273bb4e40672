/** `--remote-schema`: the schema of a configuration as it lies in the bucket, where a server keeps it for others. */
import { readFile } from "node:fs/promises";
import { literalTenant, SINGLE_TENANT } from "../../core/model/tenant.ts";
import { type Flags, UsageError } from "../flags.ts";
import { storesAt } from "./bucket.ts";

/** How the configuration is read; undefined for as it is. Throws UsageError when there is no such schema. */
export async function configReader(
  flags: Flags,
  place: { readonly store: string | undefined; readonly config: string | undefined },
): Promise<((path: string) => Promise<string>) | undefined> {
  if (!flags.on("remote-schema")) return undefined;
  if (place.config === undefined)
    throw new UsageError("--remote-schema wants --config.file; --store alone finds its schema");
  const schema = await remoteSchema(flags, place);
  return async (path) => withSchema(await readFile(path, "utf8"), schema);
}

async function remoteSchema(
  flags: Flags,
  place: { readonly store: string | undefined; readonly config: string | undefined },
): Promise<string> {
  const { stores } = await storesAt(place);
  const name = flags.text("schema-store");
  const store = name === undefined ? stores[0] : stores.find((each) => each.name.startsWith(name));
  if (store === undefined) {
    const names = stores.map((each) => each.name).join(", ");
    throw new UsageError(`--schema-store is "${name}", want one of ${names}`);
  }
  const org = flags.text("org-id");
  const tenant = org === undefined ? SINGLE_TENANT : literalTenant(org);
  const keys = [`${tenant}-schemaconfig.yaml`, "schemaconfig.yaml"];
  for (const key of keys) {
    const bytes = await store.objects.get(key);
    if (bytes !== undefined) return new TextDecoder().decode(bytes);
  }
  throw new UsageError(`--remote-schema: neither ${keys.join(" nor ")} is in ${store.name}`);
}

/**
 * A configuration with another schema_config. Texts are put together and not values, so that the one
 * parser of configurations reads all of it: what is wrong with the schema is told as of any other.
 */
export function withSchema(config: string, schema: string): string {
  // A block at the left edge goes on until something else stands there.
  const rest = `${config}\n`.replace(/^schema_config:.*\n(?:(?:[ \t#-].*)?\n)*/m, "");
  const isNamed = /^schema_config:/m.test(schema);
  const own = isNamed ? schema : `schema_config:\n${schema.replaceAll(/^(?=.)/gm, "  ")}`;
  return `${rest.trimEnd()}\n${own}\n`;
}
