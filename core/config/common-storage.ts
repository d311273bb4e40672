/** `common.storage`: one place for chunks, index and rules (spec config §2, rule 8). */
import type { Config } from "./config.ts";
import { KEYS, keysBelow } from "./keys.ts";
import type { Value } from "./value.ts";

/** What `common.storage` calls a store, what `storage_config` calls it, and the ruler's type for it. */
const STORES = [
  { common: "s3", storage: "aws", ruler: "s3" },
  { common: "gcs", storage: "gcs", ruler: "gcs" },
  { common: "azure", storage: "azure", ruler: "azure" },
  { common: "swift", storage: "swift", ruler: "swift" },
  { common: "bos", storage: "bos", ruler: "bos" },
] as const;

const FILESYSTEM = "common.storage.filesystem";

export function applyCommonStorage(
  config: Config,
  set: (path: string, value: Value) => void,
  problems: string[],
): void {
  const onDisk = !config.isDefaultBelow(FILESYSTEM);
  const chosen = STORES.filter(({ common }) => !config.isDefaultBelow(`common.storage.${common}`));
  if (chosen.length + (onDisk ? 1 : 0) > 1) {
    problems.push(
      "too many storage configs provided in the common config, please only define one storage backend",
    );
    return;
  }
  if (onDisk) {
    set("storage_config.filesystem.directory", config.text(`${FILESYSTEM}.chunks_directory`));
    set("ruler.storage.type", "local");
    set("ruler.storage.local.directory", config.text(`${FILESYSTEM}.rules_directory`));
    return;
  }
  for (const { common, storage, ruler } of chosen) {
    set("ruler.storage.type", ruler);
    const copies = [
      [`common.storage.${common}`, `storage_config.${storage}`],
      [`common.storage.${common}`, `ruler.storage.${common}`],
      ["common.storage.hedging", "storage_config.hedging"],
    ] as const;
    for (const [source, target] of copies) copyBelow(config, set, { source, target });
  }
}

function copyBelow(
  config: Config,
  set: (path: string, value: Value) => void,
  { source, target }: { source: string; target: string },
): void {
  for (const { path } of keysBelow(source)) {
    const value = config.value(path);
    const to = target + path.slice(source.length);
    if (value !== undefined && KEYS.has(to)) set(to, value);
  }
}
