/**
 * The rings of a process that is alone (spec cluster §2): each has one member, which is this one. Nothing is
 * written down anywhere, so nobody else is ever in them, and nobody can be forgotten.
 */
import { hostname, networkInterfaces } from "node:os";
import type { Config } from "../../core/config/config.ts";
import type { RingView, Services } from "../../core/http/services.ts";
import type { IngesterLife, IngesterPhase } from "../../core/ingester/lifecycle.ts";
import { runtime } from "./runtime.ts";

/** Where a ring's settings stand, and what the ring calls them. */
interface RingKeys {
  readonly id?: string;
  readonly address?: string;
  readonly port?: string;
  readonly zone?: string;
  readonly interfaces: string;
  readonly heartbeat: string;
}

const INGESTER: RingKeys = {
  id: "ingester.lifecycler.id",
  address: "ingester.lifecycler.address",
  port: "ingester.lifecycler.port",
  zone: "ingester.lifecycler.availability_zone",
  interfaces: "ingester.lifecycler.interface_names",
  heartbeat: "ingester.lifecycler.heartbeat_period",
};

/** This ring has fewer keys than all others. */
const DISTRIBUTOR: RingKeys = {
  interfaces: "distributor.ring.instance_interface_names",
  heartbeat: "distributor.ring.heartbeat_period",
};

function plain(path: string): RingKeys {
  return {
    id: `${path}.instance_id`,
    address: `${path}.instance_addr`,
    port: `${path}.instance_port`,
    zone: `${path}.instance_availability_zone`,
    interfaces: `${path}.instance_interface_names`,
    heartbeat: `${path}.heartbeat_period`,
  };
}

/** Tokens of an index gateway; the number is no setting. */
const GATEWAY_TOKENS = 128;

const NO_DISTRIBUTOR_RING =
  "Not running with Global Rating Limit - ring not being used by the Distributor.";

const NO_PATTERN_RING =
  "Patterns are found by the ingesters themselves - there is no ring of pattern ingesters.";

/** By the paths that show them. */
export function ownRings(config: Config, life: IngesterLife): NonNullable<Services["rings"]> {
  const tokens = config.number("ingester.lifecycler.num_tokens");
  const global = config.text("limits_config.ingestion_rate_strategy") === "global";
  return {
    "/ring": ringOf(config, INGESTER, tokens, () => MEMBER_STATES[life.phase.name]),
    "/distributor/ring": global ? ringOf(config, DISTRIBUTOR, 1) : NO_DISTRIBUTOR_RING,
    "/compactor/ring": ringOf(config, plain("compactor.compactor_ring"), 1),
    ...(config.bool("query_scheduler.use_scheduler_ring") && {
      "/scheduler/ring": ringOf(config, plain("query_scheduler.scheduler_ring"), 1),
    }),
    ...(config.bool("pattern_ingester.enabled") && { "/pattern/ring": NO_PATTERN_RING }),
    ...(config.text("index_gateway.mode") === "ring" && {
      "/indexgateway/ring": ringOf(config, plain("index_gateway.ring"), GATEWAY_TOKENS),
    }),
  };
}

/** What a member's ring says of an ingester in each phase of its life. */
export const MEMBER_STATES: Readonly<Record<IngesterPhase["name"], string>> = {
  new: "PENDING",
  replaying: "PENDING",
  running: "ACTIVE",
  stopping: "LEAVING",
  stopped: "LEAVING",
};

function ringOf(
  config: Config,
  keys: RingKeys,
  tokenCount: number,
  state: () => string = () => "ACTIVE",
): RingView {
  const text = (path: string | undefined) => (path === undefined ? "" : config.text(path));
  const port = keys.port === undefined ? 0 : config.number(keys.port);
  const host = text(keys.address) || firstAddress(config.list(keys.interfaces));
  const registeredMs = runtime.clock.nowMs();
  const member = {
    id: text(keys.id) || hostname(),
    address: `${host.includes(":") ? `[${host}]` : host}:${port || config.number("server.grpc_listen_port")}`,
    zone: text(keys.zone),
    registeredMs,
    tokens: newTokens(tokenCount),
  };
  const periodMs = config.ms(keys.heartbeat);
  return {
    members: () => {
      const heartbeatMs = lastBeat(registeredMs, periodMs);
      return [{ ...member, state: state(), heartbeatMs }];
    },
  };
}

/** A member that answers has a heart that beats. */
function lastBeat(sinceMs: number, periodMs: number): number {
  if (periodMs <= 0) return sinceMs;
  return sinceMs + Math.floor((runtime.clock.nowMs() - sinceMs) / periodMs) * periodMs;
}

function newTokens(count: number): readonly number[] {
  const tokens = new Set<number>();
  while (tokens.size < count) tokens.add(runtime.random.int(0, 2 ** 32));
  return [...tokens].sort((a, b) => a - b);
}

/** Of the first of these interfaces that the machine has, else of eth0 or en0, else its own. */
function firstAddress(names: readonly string[]): string {
  const interfaces = networkInterfaces();
  for (const name of names.length > 0 ? names : ["eth0", "en0"]) {
    const found =
      interfaces[name]?.find(({ family }) => family === "IPv4") ?? interfaces[name]?.[0];
    if (found !== undefined) return found.address;
  }
  return "127.0.0.1";
}
