/** `ingester_client`: connections to ingesters. */
import { type Row, under } from "../row.ts";
import { grpcClient } from "./grpc-client.ts";

export const INGESTER_CLIENT: readonly Row[] = [
  ["pool_config.client_cleanup_period", "duration", "15s", "distributor.client-cleanup-period"],
  ["pool_config.health_check_ingesters", "bool", "true", "distributor.health-check-ingesters"],
  ["pool_config.remote_timeout", "duration", "1s", "ingester.client.healthcheck-timeout"],
  ["remote_timeout", "duration", "5s", "ingester.client.timeout"],
  ...under("grpc_client_config", grpcClient("ingester.client.")),
];
