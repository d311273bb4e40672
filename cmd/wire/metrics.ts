/** What the process as a whole tells in `/metrics`: what it was built from, its memory, its parts. */
import { readdirSync, readFileSync } from "node:fs";
import { arch, hostname, platform } from "node:os";
import type { Config } from "../../core/config/config.ts";
import { answerOf } from "../../core/http/errors.ts";
import { FAMILIES } from "../../core/http/metric-families.ts";
import { Metrics } from "../../core/http/metrics.ts";
import type { Ingester } from "../../core/ingester/ingester.ts";
import type { IngesterLife } from "../../core/ingester/lifecycle.ts";
import { gaugeMemory } from "../../core/ingester/meters.ts";
import { BadRequest } from "../../core/model/errors.ts";
import type { Meter } from "../../core/ports/meter.ts";
import type { Pusher } from "../../core/ports/pusher.ts";
import { BUILD } from "../version.ts";
import { MEMBER_STATES } from "./ring.ts";
import { runtime } from "./runtime.ts";

export function openMetrics(config: Config): Metrics {
  const metrics = new Metrics(FAMILIES);
  const build = {
    ...{ version: BUILD.version, revision: BUILD.revision, branch: BUILD.branch },
    ...{ goversion: BUILD.goVersion, tags: "" },
    ...{ goos: platform(), goarch: arch() },
  };
  metrics.gauge("loki_build_info", 1, build);
  metrics.gauge("loki_ingester_limiter_enabled", 1);
  const factor = config.number("ingester.lifecycler.ring.replication_factor");
  metrics.gauge("loki_distributor_replication_factor", factor);
  const tokens = config.number("ingester.lifecycler.num_tokens");
  const member = config.text("ingester.lifecycler.id") || hostname();
  metrics.gauge("cortex_ring_tokens_total", tokens, { name: "ingester" });
  metrics.gauge("cortex_ring_member_tokens_owned", tokens, { name: "ingester", member });
  metrics.gauge("loki_querier_worker_concurrency", config.number("querier.max_concurrent"));
  const protocol = { protocol: "http" };
  const limit = config.number("server.http_listen_conn_limit");
  metrics.gauge("loki_tcp_connections_limit", limit, protocol);
  metrics.onPrint(gaugeProcess);
  return metrics;
}

/** What is known only once the parts are there. */
export function watch(
  metrics: Metrics,
  { ingester, life }: { ingester: Ingester; life: IngesterLife },
  connections: () => number,
): void {
  metrics.onPrint((meter) => {
    gaugeMemory(meter, ingester);
    gaugeMembers(meter, life);
    meter.gauge("loki_tcp_connections", connections(), { protocol: "http" });
  });
}

/** The ring of one: this process's ingester is its only member, and is seen to live right now. */
function gaugeMembers(meter: Meter, { phase }: IngesterLife): void {
  const now = runtime.clock.nowMs() / 1000;
  for (const state of ["PENDING", "JOINING", "ACTIVE", "LEAVING", "Unhealthy"]) {
    const labels = { name: "ingester", state };
    const isIts = MEMBER_STATES[phase.name] === state;
    meter.gauge("cortex_ring_members", isIts ? 1 : 0, labels);
    meter.gauge("cortex_ring_oldest_member_timestamp", isIts ? now : 0, labels);
  }
}

/** What Loki's distributor calls of its ingester by gRPC, and dashboards look at as a request of its own. */
const PUSH = "/logproto.Pusher/Push";

/** The ingester of this process as its distributor sees it. */
export function meteredPusher(pusher: Pusher, meter: Meter): Pusher {
  const labels = { ingester: "self" };
  meter.count("loki_distributor_ingester_appends_total", 0, labels);
  meter.count("loki_distributor_ingester_append_failures_total", 0, labels);
  return {
    async push(tenant, streams) {
      meter.count("loki_distributor_ingester_appends_total", 1, labels);
      const startMs = runtime.clock.ticksMs();
      let status = 200;
      try {
        await pusher.push(tenant, streams);
      } catch (error) {
        status = answerOf(error).status;
        // What the sender did wrong is no failure of the ingester.
        if (!(error instanceof BadRequest)) {
          meter.count("loki_distributor_ingester_append_failures_total", 1, labels);
        }
        throw error;
      } finally {
        observePush(meter, { status, seconds: (runtime.clock.ticksMs() - startMs) / 1000 });
      }
    },
  };
}

/** Once as its caller saw it, once as it was answered. */
function observePush(meter: Meter, { status, seconds }: { status: number; seconds: number }): void {
  meter.observe("loki_ingester_client_request_duration_seconds", seconds, {
    ...{ operation: PUSH, status_code: `${Math.floor(status / 100)}xx` },
  });
  meter.observe("loki_request_duration_seconds", seconds, {
    ...{ method: "gRPC", route: PUSH },
    ...{ status_code: status === 200 ? "success" : String(status), ws: "false" },
  });
}

const STARTED_SECONDS = Date.now() / 1000 - process.uptime();
let cpuSeconds = 0;

function gaugeProcess(meter: Meter): void {
  const { user, system } = process.cpuUsage();
  const seconds = (user + system) / 1e6;
  meter.count("process_cpu_seconds_total", seconds - cpuSeconds);
  cpuSeconds = seconds;
  const { rss, heapUsed, heapTotal } = process.memoryUsage();
  meter.gauge("process_resident_memory_bytes", rss);
  meter.gauge("process_start_time_seconds", STARTED_SECONDS);
  meter.gauge("go_memstats_heap_inuse_bytes", heapUsed);
  meter.gauge("go_memstats_heap_sys_bytes", heapTotal);
  gaugeLinux(meter);
}

/** What only Linux tells; elsewhere these are not there. */
function gaugeLinux(meter: Meter): void {
  if (platform() !== "linux") return;
  try {
    const status = readFileSync("/proc/self/status", "utf8");
    const field = (name: string) =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
    meter.gauge("process_virtual_memory_bytes", field("VmSize") * 1024);
    meter.gauge("go_goroutines", field("Threads"));
    meter.gauge("process_open_fds", readdirSync("/proc/self/fd").length);
    const limits = readFileSync("/proc/self/limits", "utf8");
    const [, most = "unlimited"] = /^Max open files\s+(\S+)/m.exec(limits) ?? [];
    if (most !== "unlimited") meter.gauge("process_max_fds", Number(most));
  } catch {
    // A sandbox without /proc: then nobody asks for these.
  }
}
