/**
 * Blocks of parts that lokits does not have. Their keys are read and checked as Loki's are, so that a
 * configuration works as it is, and whoever sets them is told once a block that nothing comes of it.
 */
import type { Config } from "./config.ts";
import { KEYS } from "./keys.ts";
import { UNUSED, type UnusedBlock } from "./unused-blocks.ts";
import type { Layer } from "./value.ts";

/** Why a key has no effect here; undefined when it has one. */
export function unusedWhy(path: string): string | undefined {
  return UNUSED.find((block) => covers(block, path))?.why;
}

function covers({ paths, except = [] }: UnusedBlock, path: string): boolean {
  return (
    paths.some((block) => isWithin(path, block)) && !except.some((block) => isWithin(path, block))
  );
}

/** A warning for each block of which something is set to what is not its default. */
export function unusedWarnings(config: Config, set: readonly Layer[]): readonly string[] {
  // A key that says by itself why it has no effect has its warning.
  const given = [...KEYS.values()].filter(
    ({ path, note }) => note.ignored === undefined && set.some((layer) => layer.has(path)),
  );
  return UNUSED.flatMap((block) => {
    const asked = given.filter(({ path }) => covers(block, path) && asksForMore(config, path));
    if (asked.length === 0) return [];
    const names = asked.map(({ path }) => path).join(", ");
    return [`${names} ${asked.length === 1 ? "has" : "have"} no effect: ${block.why}`];
  });
}

/** `server.grpc_*` has every key that begins so. */
function isWithin(path: string, block: string): boolean {
  if (block.endsWith("*")) return path.startsWith(block.slice(0, -1));
  return path === block || path.startsWith(`${block}.`);
}

/** Some defaults of Loki's ask for what is not here already, and the opposite is what we do. */
function asksForMore(config: Config, path: string): boolean {
  if (path === "compactor.shared_store") {
    const [periods, shared] = [config.items("schema_config.configs"), config.text(path)];
    return shared !== "" && periods.some(({ object_store: store }) => store !== shared);
  }
  if (path === "analytics.reporting_enabled") return config.bool(path);
  if (path.endsWith("replication_factor")) return config.number(path) > 1;
  if (path.endsWith("kvstore.store")) return config.text(path) !== "inmemory";
  return !config.isDefault(path);
}
