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

/** With `legacy` the target `read` stands for all that is not `write`. */
export function targetsPage({ legacy }: { legacy: boolean }): string {
  const read = legacy ? TARGETS["read"]! : ["querier", "query-frontend"];
  return Object.entries({ ...TARGETS, read })
    .flatMap(([name, parts]) => [name, ...parts.map((part) => `  ${part}`)])
    .join("\n");
}
