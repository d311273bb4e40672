/** `frontend_worker`: how a querier finds its queue. */
import { type Row, under } from "../row.ts";
import { grpcClient } from "./grpc-client.ts";

export const FRONTEND_WORKER: readonly Row[] = [
  ["frontend_address", "string", "", "querier.frontend-address"],
  ["scheduler_address", "string", "", "querier.scheduler-address"],
  ["dns_lookup_duration", "duration", "3s", "querier.dns-lookup-period"],
  ["parallelism", "int", "10", "querier.worker-parallelism", { removed: true }],
  [
    "match_max_concurrent",
    "bool",
    "true",
    "querier.worker-match-max-concurrent",
    { removed: true },
  ],
  ["id", "string", "", "querier.id"],
  ...under("grpc_client_config", grpcClient("querier.frontend-client.")),
  ...under("query_frontend_grpc_client", grpcClient("querier.frontend-grpc-client.")),
  ...under("query_scheduler_grpc_client", grpcClient("querier.scheduler-grpc-client.")),
];
