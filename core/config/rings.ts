/** Rings, and how the settings of one become the settings of all (spec config §2, rule 5). */
import type { Config } from "./config.ts";
import { KEYS, keysBelow } from "./keys.ts";
import type { Value } from "./value.ts";

/** What a ring calls the keys of `common.ring`. A ring lacks some of them. */
type Names = Readonly<Record<string, string>>;

const PLAIN: Names = {
  heartbeat_period: "heartbeat_period",
  heartbeat_timeout: "heartbeat_timeout",
  tokens_file_path: "tokens_file_path",
  zone_awareness_enabled: "zone_awareness_enabled",
  instance_id: "instance_id",
  instance_interface_names: "instance_interface_names",
  instance_port: "instance_port",
  instance_addr: "instance_addr",
  instance_availability_zone: "instance_availability_zone",
  instance_enable_ipv6: "instance_enable_ipv6",
};

/** The ingester's ring is older than the others and named otherwise. */
const INGESTER: Names = {
  heartbeat_period: "heartbeat_period",
  heartbeat_timeout: "ring.heartbeat_timeout",
  tokens_file_path: "tokens_file_path",
  zone_awareness_enabled: "ring.zone_awareness_enabled",
  instance_id: "id",
  instance_interface_names: "interface_names",
  instance_port: "port",
  instance_addr: "address",
  instance_availability_zone: "availability_zone",
  instance_enable_ipv6: "enable_inet6",
};

interface Ring {
  readonly path: string;
  readonly kvstore: string;
  readonly names: Names;
}

const COMMON_RING = plain("common.ring");
const INGESTER_RING: Ring = {
  path: "ingester.lifecycler",
  kvstore: "ingester.lifecycler.ring.kvstore",
  names: INGESTER,
};
const OTHER_RINGS = [
  "distributor.ring",
  "ruler.ring",
  "query_scheduler.scheduler_ring",
  "compactor.compactor_ring",
  "index_gateway.ring",
].map(plain);
const RINGS = [INGESTER_RING, ...OTHER_RINGS];

function plain(path: string): Ring {
  return { path, kvstore: `${path}.kvstore`, names: PLAIN };
}

export function applyRings(config: Config, set: (path: string, value: Value) => void): void {
  const copy = (source: Ring, target: Ring): void => {
    for (const { path } of keysBelow(source.kvstore)) {
      // Each component keeps the prefix of its own keys.
      const name = path.slice(source.kvstore.length);
      if (name !== ".prefix" || !config.isDefault(path)) setIfKey(target.kvstore + name, path);
    }
    for (const [name, own] of Object.entries(source.names)) {
      const path = target.names[name];
      if (path !== undefined) setIfKey(`${target.path}.${path}`, `${source.path}.${own}`);
    }
  };
  const setIfKey = (path: string, source: string): void => {
    const value = KEYS.has(path) && KEYS.has(source) ? config.value(source) : undefined;
    if (value !== undefined) set(path, value);
  };

  if (!config.isDefaultBelow(COMMON_RING.path)) {
    for (const ring of RINGS) copy(COMMON_RING, ring);
  } else if (config.list("memberlist.join_members").length > 0) {
    for (const { kvstore } of RINGS) set(`${kvstore}.store`, "memberlist");
  } else {
    const untouched = OTHER_RINGS.filter(({ path }) => config.isDefaultBelow(path));
    if (!config.isDefaultBelow(INGESTER_RING.path))
      for (const ring of untouched) copy(INGESTER_RING, ring);
  }
  applyInstance(config, set);
}

/** `common.instance_addr` and `common.instance_interface_names` reach every ring. */
function applyInstance(config: Config, set: (path: string, value: Value) => void): void {
  const address = config.text("common.instance_addr");
  const interfaces = config.list("common.instance_interface_names");
  for (const { path, names } of RINGS) {
    const [addressPath, interfacesPath] = [
      names["instance_addr"],
      names["instance_interface_names"],
    ];
    if (address !== "" && KEYS.has(`${path}.${addressPath}`))
      set(`${path}.${addressPath}`, address);
    if (interfaces.length > 0) set(`${path}.${interfacesPath}`, interfaces);
  }
  if (address !== "") set("memberlist.advertise_addr", address);
  if (interfaces.length > 0) set("frontend.instance_interface_names", interfaces);
}

/** Where the tokens of each ring are kept when `common.persist_tokens` is on, below the path prefix. */
export const TOKEN_FILES: Readonly<Record<string, string>> = {
  "ingester.lifecycler.tokens_file_path": "ingester.tokens",
  "compactor.compactor_ring.tokens_file_path": "compactor.tokens",
  "query_scheduler.scheduler_ring.tokens_file_path": "scheduler.tokens",
  "index_gateway.ring.tokens_file_path": "indexgateway.tokens",
};
