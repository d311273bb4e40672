/** Runs what answers a request and tells what that took. */
import type { QueryResult } from "../model/result.ts";
import { newScanStats, type ScanStats } from "../model/stats.ts";
import type { Clock } from "../ports/clock.ts";
import type { QueryAnswer } from "../ports/query-service.ts";

export async function answerOf(
  clock: Clock,
  run: (stats: ScanStats) => Promise<QueryResult>,
  scan = newScanStats(),
): Promise<QueryAnswer> {
  const started = clock.ticksMs();
  const result = await run(scan);
  const execMs = clock.ticksMs() - started;
  const stats = { scan, execMs, queueMs: 0, subqueries: 0, splits: 0, shards: 0 };
  return { result, stats, warnings: scan.warnings };
}
