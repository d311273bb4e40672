/** `index_gateway`: index queries for queriers. */
import { type Row, under } from "../row.ts";
import { ring } from "./kvstore.ts";

export const INDEX_GATEWAY: readonly Row[] = [
  ["mode", "string", "simple", "index-gateway.mode"],
  ...under("ring", ring("index-gateway.ring.")),
  ["ring.replication_factor", "int", "3", "replication-factor"],
];
