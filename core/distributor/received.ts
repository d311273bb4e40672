/** Counts what came in, before anything of it is refused: lines, and bytes by how long their streams are kept. */
import { type Cutoffs, cutoffsOf, rulesOf } from "../compactor/cutoffs.ts";
import { lineBytes } from "../model/block.ts";
import type { Limits, RetentionRule } from "../model/limits.ts";
import type { PushStream } from "../model/push.ts";
import type { Tenant } from "../model/tenant.ts";
import type { Meter } from "../ports/meter.ts";
import { metadataSize, observeLineSizes } from "./line-sizes.ts";

export function countReceived(
  meter: Meter,
  tenant: Tenant,
  streams: readonly PushStream[],
  limits: Limits,
): void {
  let received = 0;
  for (const [hours, kept] of byHours(streams, limits)) {
    const [lines, bytes] = weigh(kept);
    if (lines === 0) continue;
    received += lines;
    const labels = { tenant, retention_hours: String(hours) };
    meter.count("loki_distributor_bytes_received_total", bytes, labels);
    const name = "loki_distributor_structured_metadata_bytes_received_total";
    meter.count(name, metadataSize(kept), labels);
  }
  if (received === 0) return;
  meter.count("loki_distributor_lines_received_total", received, { tenant });
  observeLineSizes(meter, streams);
}

export function weigh(streams: readonly PushStream[]): [lines: number, bytes: number] {
  let [lines, bytes] = [0, 0];
  for (const { rows } of streams) {
    lines += rows.rows;
    bytes += lineBytes(rows);
  }
  return [lines, bytes];
}

/** Streams by the whole hours that they are kept; 0 is for ever. */
function byHours(
  streams: readonly PushStream[],
  limits: Limits,
): ReadonlyMap<number, readonly PushStream[]> {
  // Fast path: all are kept alike.
  if (limits.retentionStream.length === 0) {
    return new Map([[Math.floor(limits.retentionPeriodMs / HOUR_MS), streams]]);
  }
  const cutoffs = periodsOf(limits);
  const groups = new Map<number, PushStream[]>();
  for (const stream of streams) {
    if (stream.rows.rows === 0) continue;
    const cutoff = cutoffs.of(stream.labels);
    const hours = cutoff === -Infinity ? 0 : Math.floor(-cutoff / HOUR_MS);
    const group = groups.get(hours);
    if (group === undefined) groups.set(hours, [stream]);
    else group.push(stream);
  }
  return groups;
}

const HOUR_MS = 3_600_000;

/** Rules stay the same objects until limits are read again. As of the moment 0 a cutoff is the period below it. */
const PERIODS = new WeakMap<readonly RetentionRule[], Cutoffs>();

function periodsOf(limits: Limits): Cutoffs {
  let cutoffs = PERIODS.get(limits.retentionStream);
  if (cutoffs === undefined) {
    cutoffs = cutoffsOf(rulesOf(limits), 0);
    PERIODS.set(limits.retentionStream, cutoffs);
  }
  return cutoffs;
}
