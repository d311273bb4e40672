/** `table_manager`: taken and without effect, since tsdb tables need no manager. */
import { ignored, type Row } from "../row.ts";

export const TABLE_MANAGER: readonly Row[] = [
  ["throughput_updates_disabled", "bool", "false", "table-manager.throughput-update-disabled"],
  ["retention_deletes_enabled", "bool", "false", "table-manager.retention-deletes-enabled"],
  ["retention_period", "span", "0s", "table-manager.retention-period"],
  ["poll_interval", "duration", "2m", "table-manager.poll-interval"],
  ["creation_grace_period", "duration", "10m", "table-manager.periodic-table.grace-period"],
  ignored("index_tables_provisioning", "tables of tsdb need no provisioning"),
  ignored("chunk_tables_provisioning", "tables of tsdb need no provisioning"),
];
