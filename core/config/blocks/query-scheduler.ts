/** `query_scheduler`: the queue between frontends and queriers. */
import { type Row, under } from "../row.ts";
import { grpcClient } from "./grpc-client.ts";
import { ring } from "./kvstore.ts";

export const QUERY_SCHEDULER: readonly Row[] = [
  [
    "max_outstanding_requests_per_tenant",
    "int",
    "100",
    "query-scheduler.max-outstanding-requests-per-tenant",
    { newer: "32000" },
  ],
  ["max_queue_hierarchy_levels", "int", "3", "query-scheduler.max-queue-hierarchy-levels"],
  ["querier_forget_delay", "duration", "0s", "query-scheduler.querier-forget-delay"],
  ...under("grpc_client_config", grpcClient("query-scheduler.grpc-client-config.")),
  ["use_scheduler_ring", "bool", "false", "query-scheduler.use-scheduler-ring"],
  ...under("scheduler_ring", ring("query-scheduler.ring.")),
];
