/** `runtime_config`: the file of per-tenant overrides. */
import type { Row } from "../row.ts";

export const RUNTIME: readonly Row[] = [
  ["period", "duration", "10s", "runtime-config.reload-period"],
  ["file", "string", "", "runtime-config.file"],
];
