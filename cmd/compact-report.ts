/** What `lokits compact` did, or would do, as text or as one JSON object. */
import type { PassReport } from "../core/compactor/pass.ts";
import { bytesText } from "./compact-tools.ts";

export interface ReportOptions {
  readonly dryRun: boolean;
  /** Streams that are named. */
  readonly streams: number;
  /** `retention_size`, 0 for none. */
  readonly sizeBytes: number;
}

export function jsonReport(report: PassReport, { dryRun, streams }: ReportOptions): string {
  const { compaction, retention, sweep } = report;
  const { failures, ...compacted } = compaction;
  const all = [...failures, ...(retention?.failures ?? [])];
  return JSON.stringify({
    dryRun,
    ...compacted,
    failures: all.map(({ table, error }) => ({ table, error: textOf(error) })),
    ...(retention && {
      retention: {
        ...{ modified: retention.modified, deleted: retention.deleted },
        isFirst: retention.isFirst,
        bytesAre: "uncompressed, of whole KiB a chunk and at least one",
        losses: retention.losses.report({ streams }),
        oldest: Object.fromEntries(
          [...retention.oldestMs].map(([tenant, ms]) => [tenant, dateText(ms)]),
        ),
        unconfirmed: retention.shrinkages,
        ...(retention.shrinkages.length > 0 && {
          withheld: retention.withheld.report({ streams }),
        }),
        deletes: retention.finished.map(({ request: { tenant, id, part, query }, receipt }) => ({
          ...{ tenant, id, part, query, ...receipt },
        })),
      },
    }),
    ...(sweep && { sweep }),
  });
}

export function textReport(report: PassReport, options: ReportOptions): string {
  const { compaction, retention, sweep } = report;
  const { tables, filesIn, filesOut } = compaction;
  const verb = options.dryRun ? "would become" : "became";
  const lines = [
    `${tables} tables: ${filesIn} index files ${verb} ${filesOut}, one for each tenant of a table`,
  ];
  if (retention !== undefined) lines.push(...retentionLines(retention, options));
  if (sweep !== undefined && sweep.markFiles > 0)
    lines.push(`sweep: ${sweep.chunksDeleted} marked chunks deleted`);
  // A damaged file ends compaction and retention of its table alike, and is one failure to its owner.
  const failures = [...compaction.failures, ...(retention?.failures ?? [])];
  lines.push(...new Set(failures.map(({ table, error }) => `failed: ${table}: ${textOf(error)}`)));
  return lines.join("\n");
}

function retentionLines(
  retention: NonNullable<PassReport["retention"]>,
  { dryRun, streams, sizeBytes }: ReportOptions,
): string[] {
  const { losses, withheld, shrinkages, oldestMs, finished } = retention;
  const lines = lossLines(dryRun ? "would go" : "went", losses.report({ streams }));
  if (retention.isFirst) {
    const would = dryRun ? "would be" : "was";
    lines.push(`the first time that retention ${would} applied to this bucket`);
  }
  if (sizeBytes > 0)
    lines.push(`retention_size is ${bytesText(sizeBytes)} of objects as stored, compressed`);
  for (const { request, receipt } of finished) {
    const { tenant, id, query } = request;
    const { linesRemoved, chunksRemoved, chunksRewritten } = receipt;
    lines.push(
      `delete request ${id} of ${tenant}, ${query}: ${linesRemoved} lines removed, ${chunksRemoved} chunks gone, ${chunksRewritten} written again`,
    );
  }
  for (const [tenant, ms] of oldestMs) lines.push(`oldest line of ${tenant}: ${dateText(ms)}`);
  if (shrinkages.length === 0) return lines;
  lines.push("not confirmed, since less would be kept than before:");
  lines.push(...shrinkages.map((change) => `  ${change}`));
  lines.push(...lossLines("would go with --confirm", withheld.report({ streams })));
  return lines;
}

type Losses = ReturnType<NonNullable<PassReport["retention"]>["losses"]["report"]>;

function lossLines(verb: string, { total, tenants, streams, days }: Losses): string[] {
  if (total.lines === 0 && total.chunks === 0) return [`retention: nothing ${verb}`];
  // Roughly: the index knows whole KiB a chunk, before compression.
  const amount = ({ chunks, lines, bytes }: typeof total) =>
    `${lines} lines, ~${bytesText(bytes)} uncompressed, ${chunks} chunks`;
  return [
    `retention: ${amount(total)} ${verb}`,
    ...tenants.map((each) => `  tenant ${each.tenant}: ${amount(each)}`),
    ...streams.map((each) => `  stream ${each.tenant} ${each.stream}: ${amount(each)}`),
    ...days.map((each) => `  day ${each.day}: ${amount(each)}`),
  ];
}

function dateText(ms: number): string | undefined {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : undefined;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
