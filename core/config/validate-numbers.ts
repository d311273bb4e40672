/** Numbers with which a part would do nothing, or nothing else: refused, since nobody would see why. */
import type { Config } from "./config.ts";
import { KEYS, type Key } from "./keys.ts";
import { SCALARS } from "./scalars.ts";

interface Bounds {
  /** As a user would write them. */
  readonly least: string;
  readonly most?: string;
}

const PORT: Bounds = { least: "0", most: "65535" };
const ONE: Bounds = { least: "1" };
/** Of what is done again and again. */
const PERIOD: Bounds = { least: "1ms" };
/** Of times that may be left out by 0. */
const NOT_NEGATIVE: Bounds = { least: "0s" };

const BOUNDS: Readonly<Record<string, Bounds>> = {
  "server.http_listen_port": PORT,
  "server.grpc_listen_port": PORT,
  "server.graceful_shutdown_timeout": NOT_NEGATIVE,
  "server.http_server_read_timeout": NOT_NEGATIVE,
  "server.http_server_write_timeout": NOT_NEGATIVE,
  "server.http_server_idle_timeout": NOT_NEGATIVE,
  shutdown_delay: NOT_NEGATIVE,
  "ingester.concurrent_flushes": ONE,
  "ingester.flush_check_period": PERIOD,
  "ingester.chunk_block_size": ONE,
  "ingester.chunk_target_size": { least: "0" },
  "ingester.max_chunk_age": NOT_NEGATIVE,
  "ingester.chunk_idle_period": NOT_NEGATIVE,
  "ingester.chunk_retain_period": NOT_NEGATIVE,
  "compactor.compaction_interval": PERIOD,
  "compactor.retention_delete_delay": NOT_NEGATIVE,
  "compactor.retention_delete_worker_count": ONE,
  "compactor.delete_request_cancel_period": NOT_NEGATIVE,
  "compactor.delete_batch_size": ONE,
  "compactor.skip_latest_n_tables": { least: "0" },
  "storage_config.max_bytes_in_flight": ONE,
  "storage_config.max_parallel_get_chunk": ONE,
  "querier.tail_max_duration": NOT_NEGATIVE,
};

export function numberProblems(config: Config): readonly string[] {
  const problems: string[] = [];
  for (const [path, bounds] of Object.entries(BOUNDS)) {
    const text = outside(KEYS.get(path)!, config, bounds);
    if (text !== undefined) problems.push(text);
  }
  for (const { path, type } of KEYS.values()) {
    if (type !== "float" || !Number.isNaN(config.value(path))) continue;
    problems.push(`${path} is .nan, want a number`);
  }
  return problems;
}

function outside({ path, type }: Key, config: Config, { least, most }: Bounds): string | undefined {
  const scalar = SCALARS[type as keyof typeof SCALARS];
  const value = config.value(path);
  const isBelow = value !== undefined && value < scalar.flag(least);
  if (value === undefined || !(isBelow || (most !== undefined && value > scalar.flag(most)))) {
    return undefined;
  }
  const want = most === undefined ? `at least ${least}` : `${least} to ${most}`;
  return `${path} is ${scalar.print(value)}, want ${want}`;
}
