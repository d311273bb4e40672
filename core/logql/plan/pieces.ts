/**
 * Pieces of time: Loki's frontend cuts a query at multiples of `split_queries_by_interval` since
 * the epoch. We do not need the cuts, but two of their effects are visible and kept: `interval` starts
 * anew in each piece, and the answer of several pieces is in another order than that of one (spec
 * query-evaluation §2.4, §2.5, §3.3, §8).
 */
import { NS_PER_MS } from "../../model/time.ts";
import type { Direction } from "./params.ts";
import { floorTo, lastStep, type Steps } from "./steps.ts";

/** Number of the piece that a moment falls in. Without splitting everything is one piece. */
export function pieceOf(time: bigint, splitMs: number): bigint {
  if (splitMs <= 0) return 0n;
  const size = BigInt(Math.round(splitMs)) * NS_PER_MS;
  return floorTo(time, size) / size;
}

/** Whether a log query over [start, end) that read up to `reached` (in its direction) spans several pieces. */
export function spansPieces(
  { start, end, direction }: { start: bigint; end: bigint; direction: Direction },
  splitMs: number,
  reached?: bigint,
): boolean {
  if (end <= start) return false;
  const [from, to] = direction === "forward" ? [start, end - 1n] : [end - 1n, start];
  return pieceOf(from, splitMs) !== pieceOf(reached ?? to, splitMs);
}

/** Whether the steps of a metric query would be cut; `longest` is its longest range. */
export function stepsSpanPieces(steps: Steps, splitMs: number, longest: bigint): boolean {
  if (splitMs <= 0) return false;
  const split = BigInt(Math.round(splitMs)) * NS_PER_MS;
  const size = longest > split ? longest : split;
  const { first, step, count } = steps;
  // A piece holds both of its ends, so two steps are still one piece.
  if (step >= size) return count > 2;
  const boundary = floorTo(first, size) + size;
  const lastBefore = first + ((boundary - 1n - first) / step) * step;
  return lastBefore + step < lastStep(steps);
}
