/**
 * Holds a push against the limits of its tenant. What is refused does not stop the rest: the answer
 * has what goes on and, for after it is stored, the error that tells of what did not.
 */

import { lanesOf } from "../bytes/lanes.ts";
import { type Block, lineBytes } from "../model/block.ts";
import { BadRequest } from "../model/errors.ts";
import type { Limits } from "../model/limits.ts";
import type { PushStream } from "../model/push.ts";
import type { Tenant } from "../model/tenant.ts";
import { msOf } from "../model/time.ts";
import type { Meter } from "../ports/meter.ts";
import { GroupedErrors } from "./grouped-errors.ts";
import { Policies } from "./policies.ts";
import type { Reason, Refusal } from "./refusals.ts";
import { refuseLabels } from "./stream-labels.ts";
import { metadataBytes, RowRules, selectRows, spreadTimes, truncateLines } from "./stream-rows.ts";

export interface Validated {
  readonly streams: readonly PushStream[];
  /** Lines in `streams` and what they weigh against the ingestion rate. */
  readonly lines: number;
  readonly bytes: number;
  /** What to answer once `streams` are stored. */
  readonly refused: BadRequest | undefined;
}

export function validate(
  pushed: readonly PushStream[],
  context: { tenant: Tenant; limits: Limits; now: bigint; meter: Meter },
): Validated {
  const validation = new Validation(context);
  const streams: PushStream[] = [];
  for (const stream of pushed) {
    if (stream.rows.rows === 0) continue;
    const rows = validation.rows(stream);
    if (rows !== undefined) streams.push({ ...stream, rows });
  }
  validation.report(context.tenant, context.meter);
  let [lines, bytes] = [0, 0];
  for (const { rows } of streams) {
    lines += rows.rows;
    bytes += rateBytes(rows);
  }
  return { streams, lines, bytes, refused: validation.refused() };
}

class Validation {
  readonly #errors = new GroupedErrors();
  /** Statuses that refusals want. */
  readonly #statuses = new Set<number>();
  readonly #tenant: Tenant;
  readonly #policies: Policies;
  readonly #nowMs: number;
  readonly #rules: RowRules;
  readonly #discarded = new Map<Reason, { lines: number; bytes: number }>();
  #truncated = { lines: 0, bytes: 0 };

  constructor({ tenant, limits, now }: { tenant: Tenant; limits: Limits; now: bigint }) {
    this.#tenant = tenant;
    this.#rules = new RowRules(limits, now);
    this.#policies = new Policies(limits);
    this.#nowMs = msOf(now);
  }

  /** The rows that go on; undefined when none does. */
  rows({ labels, labelText, rows: block }: PushStream): Block | undefined {
    const { limits } = this.#rules;
    if (limits.maxLineSizeTruncate && limits.maxLineSize > 0) this.#truncate(block, limits);
    const refusal = refuseLabels(labels, labelText, {
      ...{ limits, tenant: this.#tenant, policies: this.#policies, nowMs: this.#nowMs },
    });
    if (refusal !== undefined) {
      this.#discard(refusal, block.rows, lineBytes(block));
      return undefined;
    }
    const kept = this.#keep(labelText, block);
    if (kept !== undefined && limits.incrementDuplicateTimestamp) spreadTimes(kept);
    return kept;
  }

  /** What to answer of all that was refused. */
  refused(): BadRequest | undefined {
    const text = this.#errors.print();
    if (text === undefined) return undefined;
    const [status] = this.#statuses;
    return new BadRequest(text, this.#statuses.size === 1 ? { status: status! } : {});
  }

  /** Says to the meter what was thrown away and what was cut. */
  report(tenant: Tenant, meter: Meter): void {
    for (const [reason, { lines, bytes }] of this.#discarded) {
      meter.count("loki_discarded_samples_total", lines, { reason, tenant });
      meter.count("loki_discarded_bytes_total", bytes, { reason, tenant });
    }
    if (this.#truncated.lines === 0) return;
    // `truncated` is what Loki calls the label that has the tenant.
    const labels = { reason: "line_too_long", truncated: tenant };
    meter.count("loki_mutated_samples_total", this.#truncated.lines, labels);
    meter.count("loki_mutated_bytes_total", this.#truncated.bytes, labels);
  }

  #keep(labelText: string, block: Block): Block | undefined {
    const lanes = lanesOf(block.times);
    let kept: number[] | undefined;
    for (let row = 0; row < block.rows; row++) {
      const refusal = this.#rules.refuse(labelText, block, lanes, row);
      if (refusal === undefined) {
        kept?.push(row);
        continue;
      }
      kept ??= Array.from({ length: row }, (_, index) => index);
      this.#discard(refusal, 1, block.ends[row]! - block.starts[row]!);
    }
    if (kept === undefined) return block;
    return kept.length === 0 ? undefined : selectRows(block, kept);
  }

  #discard({ reason, text, status = 400 }: Refusal, lines: number, bytes: number): void {
    if (status !== 200) {
      this.#errors.add(text);
      this.#statuses.add(status);
    }
    const sum = this.#discarded.get(reason) ?? { lines: 0, bytes: 0 };
    this.#discarded.set(reason, { lines: sum.lines + lines, bytes: sum.bytes + bytes });
  }

  #truncate(block: Block, limits: Limits): void {
    const cut = truncateLines(block, limits.maxLineSize, limits.maxLineSizeTruncateIdentifier);
    this.#truncated.lines += cut.lines;
    this.#truncated.bytes += cut.bytes;
  }
}

/** Lines and, where tenants may have it at all, their metadata. */
function rateBytes(block: Block): number {
  let bytes = lineBytes(block);
  const { metadata } = block;
  if (metadata === undefined) return bytes;
  for (let row = 0; row < block.rows; row++) bytes += metadataBytes(metadata, row);
  return bytes;
}
