/** One pass over a bucket: compaction, then retention and deletes, then the sweep of what was marked long ago. */
import { applyRetention, type RetentionOptions, type RetentionReport } from "./retention.ts";
import { type CompactAllReport, compactAll } from "./run.ts";
import { type SweepReport, sweep } from "./sweep.ts";

export interface PassOptions extends RetentionOptions {
  readonly sweeping: { readonly delayMs: number; readonly workers: number };
}

export interface PassReport {
  readonly compaction: CompactAllReport;
  /** Undefined when there is nothing to keep to: no retention, no size, no deletes. */
  readonly retention: RetentionReport | undefined;
  readonly sweep: SweepReport | undefined;
}

export async function runPass(options: PassOptions): Promise<PassReport> {
  const compaction = await runCompaction(options);
  const retention = await runRetention(options);
  return { compaction, retention, sweep: options.dryRun ? undefined : await runSweep(options) };
}

export async function runCompaction(options: PassOptions): Promise<CompactAllReport> {
  const { meter, clock } = options;
  const name = "loki_boltdb_shipper_compact_tables_operation";
  const startMs = clock.ticksMs();
  const report = await compactAll(options);
  const status = report.failures.length === 0 ? "success" : "failure";
  meter.count(`${name}_total`, 1, { status });
  if (status === "failure") return report;
  meter.gauge(`${name}_duration_seconds`, (clock.ticksMs() - startMs) / 1000);
  meter.gauge(`${name}_last_successful_run_timestamp_seconds`, clock.nowMs() / 1000);
  return report;
}

export async function runRetention(options: PassOptions): Promise<RetentionReport | undefined> {
  const { retention, deletes, meter, clock } = options;
  const isWanted = retention.enabled || retention.sizeBytes > 0 || deletes !== undefined;
  if (!isWanted) return undefined;
  const report = await applyRetention(options);
  if (report.failures.length === 0) {
    meter.gauge(
      "loki_boltdb_shipper_apply_retention_last_successful_run_timestamp_seconds",
      clock.nowMs() / 1000,
    );
  }
  return report;
}

export async function runSweep(options: PassOptions): Promise<SweepReport> {
  return await sweep({ ...options, ...options.sweeping });
}
