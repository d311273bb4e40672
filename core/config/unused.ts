/**
 * Blocks of parts that lokits does not have. Their keys are read and checked as Loki's are, so that a
 * configuration works as it is, and whoever sets them is told once a block that nothing comes of it.
 */
import type { Config } from "./config.ts";
import { KEYS } from "./keys.ts";
import type { Layer } from "./value.ts";

interface UnusedBlock {
  /** Of these keys, or of all keys below them. */
  readonly paths: readonly string[];
  /** Keys below these do have an effect. */
  readonly except?: readonly string[];
  readonly why: string;
}

const RINGS = [
  ...["common.ring", "ingester.lifecycler.ring", "distributor.ring", "compactor.compactor_ring"],
  ...["query_scheduler.scheduler_ring", "index_gateway.ring", "ruler.ring"],
];

const UNUSED: readonly UnusedBlock[] = [
  {
    paths: [
      "memberlist",
      ...RINGS.flatMap((ring) => [`${ring}.kvstore`, `${ring}.replication_factor`]),
      ...RINGS.map((ring) => `${ring}.zone_awareness_enabled`),
      "common.replication_factor",
    ],
    why: "this release is one process, which joins no others and keeps each line once",
  },
  {
    paths: ["query_range"],
    why: "one process answers a query, as it was asked, and keeps no results",
  },
  {
    paths: ["frontend"],
    except: ["frontend.max_body_size", "frontend.compress_responses"],
    why: "the process that is asked answers queries and tails itself",
  },
  {
    paths: ["frontend_worker", "query_scheduler", "ingester_client", "index_gateway"],
    except: [
      ...RINGS,
      "index_gateway.mode",
      // Where these are not, a monolith of Loki has the scheduler's ring.
      "query_scheduler.use_scheduler_ring",
    ],
    why: "the parts of this process ask each other without a connection",
  },
  {
    paths: [
      ...["tsdb_shipper", "boltdb_shipper"].map(
        (shipper) => `storage_config.${shipper}.index_gateway_client`,
      ),
      ...["compactor_client", "compactor_grpc_client"],
      ...["common.compactor_address", "common.compactor_grpc_address"],
    ],
    why: "this process reads the index and runs the compactor itself",
  },
  {
    paths: ["chunk_store_config"],
    except: ["chunk_store_config.max_look_back_period"],
    why: "lokits has no cache of chunks",
  },
  {
    paths: ["storage_config.index_queries_cache_config"],
    why: "index files are kept open instead, see storage_config.tsdb_shipper.open_files_bytes",
  },
  {
    paths: ["storage_config", "common.storage"].flatMap((block) => [
      `${block}.hedging`,
      `${block}.congestion_control`,
    ]),
    why: "an object is asked for once at a time, and again when that fails",
  },
  { paths: ["table_manager"], why: "tables of tsdb need no manager; see compactor and retention" },
  { paths: ["ruler"], except: RINGS, why: "the ruler is not part of lokits yet" },
];

/** A warning for each block of which something is set to what is not its default. */
export function unusedWarnings(config: Config, set: readonly Layer[]): readonly string[] {
  // A key that says by itself why it has no effect has its warning.
  const given = [...KEYS.values()].filter(
    ({ path, note }) => note.ignored === undefined && set.some((layer) => layer.has(path)),
  );
  return UNUSED.flatMap(({ paths, except = [], why }) => {
    const asked = given.filter(
      ({ path }) =>
        paths.some((block) => isWithin(path, block)) &&
        !except.some((block) => isWithin(path, block)) &&
        asksForMore(config, path),
    );
    if (asked.length === 0) return [];
    const names = asked.map(({ path }) => path).join(", ");
    return [`${names} ${asked.length === 1 ? "has" : "have"} no effect: ${why}`];
  });
}

function isWithin(path: string, block: string): boolean {
  return path === block || path.startsWith(`${block}.`);
}

/** Two defaults of Loki's ask for a cluster already, where the opposite is what a lone process does. */
function asksForMore(config: Config, path: string): boolean {
  if (path.endsWith("replication_factor")) return config.number(path) > 1;
  if (path.endsWith("kvstore.store")) return config.text(path) !== "inmemory";
  return !config.isDefault(path);
}
