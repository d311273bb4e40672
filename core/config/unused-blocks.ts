/**
 * The blocks and keys of parts that lokits does not have, or has in another way. Whoever adds a part takes its
 * keys from this list: a test holds it against the readers of keys, so that none is without an effect in silence.
 */

export interface UnusedBlock {
  /** Of these keys, or of all keys below them; with `*` at the end, of all keys that begin so. */
  readonly paths: readonly string[];
  /** Keys below these do have an effect. */
  readonly except?: readonly string[];
  readonly why: string;
}

const RINGS = [
  ...["common.ring", "ingester.lifecycler.ring", "distributor.ring", "compactor.compactor_ring"],
  ...["query_scheduler.scheduler_ring", "index_gateway.ring", "ruler.ring"],
];

/** What the pages of the rings show of this process. */
const SHOWN = RINGS.flatMap((ring) =>
  [
    ...["instance_id", "instance_addr", "instance_port", "instance_availability_zone"],
    ...["instance_interface_names", "heartbeat_period", "num_tokens"],
  ].map((name) => `${ring}.${name}`),
);

const SHIPPERS = ["storage_config.tsdb_shipper", "storage_config.boltdb_shipper"];

export const UNUSED: readonly UnusedBlock[] = [
  {
    paths: ["http_prefix"],
    why: "Loki does not use it either; routes have the prefix server.http_path_prefix",
  },
  {
    paths: ["use_buffered_logger", "use_sync_logger"],
    why: "each line of the log is written when it happens",
  },
  { paths: ["metrics_namespace"], why: "metrics are called loki_… and lokits_…" },
  {
    paths: ["server.grpc_*", "server.cluster_validation.grpc"],
    // The pages of the rings show it.
    except: ["server.grpc_listen_port"],
    why: "this release listens for HTTP only",
  },
  {
    paths: ["server.report_grpc_codes_in_instrumentation_label_enabled"],
    why: "this release listens for HTTP only",
  },
  {
    paths: ["server.register_instrumentation"],
    why: "/metrics is always there; auth.open_paths says who needs no sign-in for it",
  },
  {
    paths: [
      ...["log_source_ips_*", "log_request_exclude_headers_list", "trace_request_*"],
      ...["create_new_traces", "http_log_closed_connections_without_response_enabled"],
    ].map((name) => `server.${name}`),
    why: "log and traces have neither headers nor addresses of requests",
  },
  {
    paths: ["server.http_server_read_header_timeout"],
    why: "headers have to arrive within server.http_server_read_timeout, as the body has",
  },
  {
    paths: [
      "server.cluster_validation.label",
      "server.cluster_validation.additional_labels",
      "server.cluster_validation.http",
    ],
    why: "requests do not say what cluster they are for; auth keeps strangers out",
  },
  {
    paths: ["internal_server"],
    why: "there is one listener, see server; its admin routes are closed to other machines",
  },
  {
    paths: [
      "memberlist",
      ...RINGS,
      ...["excluded_zones", "heartbeat_timeout"].map((name) => `ingester.lifecycler.ring.${name}`),
      ...[
        ...["heartbeat_timeout", "observe_period", "join_after", "min_ready_duration"],
        ...["enable_inet6", "final_sleep", "tokens_file_path", "unregister_on_shutdown"],
        "readiness_check_ring_health",
      ].map((name) => `ingester.lifecycler.${name}`),
      ...["common.replication_factor", "common.persist_tokens", "ingester.autoforget_unhealthy"],
      ...["ingester.sync_period", "ingester.sync_min_utilization"],
      "ingester.owned_streams_check_interval",
    ],
    except: SHOWN,
    why: "this release is one process, which joins no others and keeps each line once",
  },
  {
    paths: ["query_range"],
    except: ["query_range.split_queries_by_interval"],
    why: "one process answers a query, as it was asked, and keeps no results",
  },
  {
    paths: ["frontend"],
    except: ["frontend.max_body_size", "frontend.compress_responses"],
    why: "the process that is asked answers queries and tails itself",
  },
  {
    paths: [
      ...["frontend_worker", "query_scheduler", "ingester_client", "index_gateway"],
      ...["max_request_parallelism", "ingester_request_timeout", "debug"].map(
        (name) => `distributor.rate_store.${name}`,
      ),
      ...["querier.extra_query_delay", "querier.query_ingesters_within"],
    ],
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
      ...SHIPPERS.map((shipper) => `${shipper}.index_gateway_client`),
      ...["compactor_client", "compactor_grpc_client"],
      ...["common.compactor_address", "common.compactor_grpc_address"],
      ...["horizontal_scaling_mode", "worker_config", "jobs_config"].map(
        (name) => `compactor.${name}`,
      ),
    ],
    why: "this process reads the index and runs the compactor itself",
  },
  {
    paths: ["distributor.write_failures_logging"],
    why: "refused lines are counted in loki_discarded_samples_total, not logged",
  },
  {
    paths: [
      ...["push_worker_count", "kafka_writes_enabled"],
      ...["ingester_writes_enabled", "ingest_limits_enabled", "ingest_limits_dry_run_enabled"],
      "dataobj_tee",
    ].map((name) => `distributor.${name}`),
    why: "lines go to the ingester of this process, and nowhere else",
  },
  {
    paths: [
      ...["per_request_limits_enabled", "query_partition_ingesters"],
      ...["engine.max_look_back_period", "engine.max_count_min_sketch_heap_size"],
    ].map((name) => `querier.${name}`),
    why: "the querier has no such part; bounds of queries are in limits_config",
  },
  {
    paths: ["querier.max_concurrent"],
    why: "queries are bounded by the memory they take, not by their number; see limits_config.max_query_memory_bytes",
  },
  {
    paths: ["ingester.flush_op_timeout", "ingester.flush_op_backoff"],
    why: "a chunk that cannot be stored stays in memory and in the WAL, and is tried again with the next check",
  },
  {
    paths: ["ingester.query_store_max_look_back_period", "ingester.delegate_stream_limits_enabled"],
    why: "the querier asks the store itself, and limits are the distributor's and ingester's of one process",
  },
  {
    paths: ["ingester.wal.disk_full_threshold"],
    why: "a push that finds no room on the disk is refused, and taken again once there is some",
  },
  {
    paths: ["ingester.index_shards", "ingester.max_transfer_retries"],
    why: "streams in memory are in one index, and handed to no other ingester",
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
  {
    paths: ["storage_config.disable_broad_index_queries", "storage_config.max_chunk_batch_size"],
    why: "blocks are fetched as a query gets to them, see storage_config.max_bytes_in_flight",
  },
  {
    paths: SHIPPERS.flatMap((shipper) =>
      [
        ...["use_boltdb_shipper_as_backup", "ingestername", "mode", "ingesterdbretainperiod"],
        ...["enable_postings_cache", "build_per_tenant_index"],
      ].map((name) => `${shipper}.${name}`),
    ),
    why: "tables have one writer and its process reads them",
  },
  {
    paths: ["storage_config.boltdb_shipper"],
    except: ["storage_config.boltdb_shipper.index_gateway_client"],
    why: "lokits keeps its index in tsdb tables",
  },
  {
    paths: [
      ...["aws", "named_stores.aws"].map((name) => `storage_config.${name}.disable_dualstack`),
      "common.storage.s3.disable_dualstack",
    ],
    why: "the addresses of a bucket are those that its endpoint has",
  },
  {
    paths: ["compactor.shared_store", "compactor.shared_store_key_prefix"],
    why: "tables are compacted where they are: see storage_config.tsdb_shipper.shared_store, or the store of their period",
  },
  {
    paths: ["compactor.deletion_mode"],
    why: "limits_config.deletion_mode says it, of each tenant",
  },
  {
    paths: [
      ...["delete_request_store_db_type", "backup_delete_request_store_db_type"],
      "deletion_marker_object_store_prefix",
    ].map((name) => `compactor.${name}`),
    why: "delete requests are objects of their own in compactor.delete_request_store",
  },
  { paths: ["table_manager"], why: "tables of tsdb need no manager; see compactor and retention" },
  {
    paths: ["ruler"],
    except: RINGS,
    why: "the ruler is not part of lokits yet",
  },
  { paths: ["analytics"], why: "lokits reports nothing to anybody" },
  { paths: ["common.scratch_path"], why: "no part of lokits needs one" },
];
