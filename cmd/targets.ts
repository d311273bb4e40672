/** What `-list-targets` prints: the names that `-target` knows, each above those that it stands for (spec cluster §1). */

const TARGETS: Readonly<Record<string, readonly string[]>> = {
  all: [
    ...["distributor", "ingester", "querier", "query-frontend", "query-scheduler", "ruler"],
    ...["compactor", "ingester-querier", "cache-generation-loader"],
  ],
  read: ["querier", "query-frontend", "query-scheduler", "ruler", "compactor", "index-gateway"],
  write: ["distributor", "ingester"],
  backend: ["query-scheduler", "ruler", "compactor", "index-gateway"],
  distributor: [],
  ingester: [],
  querier: [],
  "query-frontend": [],
  "query-scheduler": [],
  compactor: [],
  ruler: [],
  "index-gateway": [],
  "pattern-ingester": [],
  "table-manager": [],
  "overrides-exporter": [],
  "ingester-querier": [],
  "cache-generation-loader": [],
};

/** Targets of Loki 3.x that stand for parts which lokits does not have; `bloom-` and the like begin them. */
const NEWER = /^(bloom-|ingest-limits|query-engine|dataobj-|ui$|partition-ring$)/;

/** Why this release does not start these, in Loki's words when nobody does; undefined when it does. */
export function targetProblem(targets: readonly string[]): string | undefined {
  const stranger = targets.find((name) => !Object.hasOwn(TARGETS, name) && !NEWER.test(name));
  if (stranger !== undefined) return `error running loki: unrecognised module name: ${stranger}`;
  const missing = targets.filter((target) => target !== "all");
  if (missing.length === 0) return undefined;
  return `not implemented yet: -target=${missing.join(",")}, only all`;
}

/** With `legacy` the target `read` stands for all that is not `write`. */
export function targetsPage({ legacy }: { legacy: boolean }): string {
  const read = legacy ? TARGETS["read"]! : ["querier", "query-frontend"];
  return Object.entries({ ...TARGETS, read })
    .flatMap(([name, parts]) => [name, ...parts.map((part) => `  ${part}`)])
    .join("\n");
}
