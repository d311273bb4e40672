/** What the log and the metrics say of retention and deletes. */
import type { Clock } from "../ports/clock.ts";
import type { Journal } from "../ports/journal.ts";
import type { Meter } from "../ports/meter.ts";
import type { FinishedRequest } from "./delete-run.ts";
import type { Losses } from "./losses.ts";
import type { RetentionReport } from "./retention.ts";

interface TellParts {
  readonly meter: Meter;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly dryRun?: boolean;
}

export function tellOfRetention(
  report: RetentionReport & { readonly losses: Losses; readonly withheld: Losses },
  { meter, journal, clock, dryRun }: TellParts,
): void {
  for (const [user, fromMs] of report.oldestMs) {
    if (!Number.isFinite(fromMs)) continue;
    meter.gauge("lokits_retention_oldest_kept_timestamp_seconds", fromMs / 1000, { user });
  }
  meter.gauge("lokits_retention_unconfirmed", report.shrinkages.length);
  const { lines, bytes } = report.withheld.total;
  for (const change of report.shrinkages) {
    journal.log("error", "retention would keep less than before and is not confirmed", {
      ...{ change, would_lose_lines: lines, would_lose_bytes: bytes },
      hint: "lokits compact --confirm, or compactor.retention_confirm: true",
    });
  }
  if (report.failures.length === 0) {
    meter.gauge(
      "loki_boltdb_shipper_apply_retention_last_successful_run_timestamp_seconds",
      clock.nowMs() / 1000,
    );
  }
  const { chunks } = report.losses.total;
  if (report.isFirst) {
    // Rules that were never applied are taken without a question, so at least it is said.
    const would = dryRun ? "would be" : "is";
    const level = report.losses.total.lines > 0 ? "warn" : "info";
    journal.log(level, `retention ${would} applied to this bucket for the first time`, {
      ...report.losses.total,
    });
  }
  if (chunks === 0 && report.modified + report.deleted === 0) return;
  journal.log("info", dryRun ? "retention would be applied" : "applied retention", {
    ...{ modified: report.modified, deleted: report.deleted },
    ...report.losses.total,
  });
}

export function tellOfFinished(
  finished: readonly FinishedRequest[],
  { meter, journal }: TellParts,
): void {
  for (const { request, receipt } of finished) {
    const { tenant: user, id, part, query } = request;
    meter.count("loki_compactor_delete_requests_processed_total", 1, { user });
    meter.count("loki_compactor_deleted_lines", receipt.linesRemoved, { user });
    journal.log("info", "delete request processed", { user, id, part, query, ...receipt });
  }
}
