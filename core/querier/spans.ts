/**
 * The order in which a scan meets things. Bounds are turned so that one algorithm serves both
 * directions: `low` is where a scan meets a span or block first, `high` where it leaves it — times for
 * a forward scan, negated times for a backward one.
 */
import { sameLabels } from "../labels/labels.ts";
import type { Block, StreamId } from "../model/block.ts";
import type { BlockHandle, Span, StreamSpans } from "../ports/log-source.ts";

export interface Bounds {
  readonly low: bigint;
  readonly high: bigint;
}

export interface OrderedSpan extends Bounds {
  readonly span: Span;
  /** Place among the spans of the stream by age, oldest first: entries of one moment keep the order they came in. */
  readonly age: number;
}

export interface OrderedHandle extends Bounds {
  readonly handle: BlockHandle;
  readonly span: Span;
  /** Whether blocks of its span overlap: what was sent twice may then be in two of them. */
  readonly isMixed: boolean;
  readonly age: number;
  /** Place among the blocks of the span. */
  readonly index: number;
}

/** A stream on its way through a scan: spans to open and opened blocks to hand out, both by `low`. */
export interface StreamProgress {
  readonly stream: StreamId;
  readonly spans: readonly OrderedSpan[];
  /** Index of the first span that is not open yet. */
  next: number;
  readonly pending: OrderedHandle[];
  /**
   * A block that is read and waits for its turn: rows at its start were damaged or are deleted, so
   * that others come first.
   */
  ready?: { readonly block: Block; readonly low: bigint } | undefined;
}

export interface ScanWindow {
  readonly from: bigint;
  readonly through: bigint;
  readonly direction: "forward" | "backward";
}

/**
 * Every stream that has spans in the window. Sources may know the same stream; labels decide. What has
 * moved on is older: the last answer is that of the last place that data moves to.
 */
export function joinStreams(
  answers: readonly StreamSpans[][],
  window: ScanWindow,
): StreamProgress[] {
  const byHash = new Map<bigint, { stream: StreamId; spans: OrderedSpan[] }[]>();
  let age = 0;
  for (const { stream, spans } of answers.toReversed().flat()) {
    const wanted = spans
      .filter(({ minTime, maxTime }) => maxTime >= window.from && minTime < window.through)
      .map((span) => ({ span, age: age++, ...boundsOf(span, window) }));
    if (wanted.length === 0) continue;
    const known = byHash.get(stream.fingerprint);
    const same = known?.find((other) => sameLabels(other.stream.labels, stream.labels));
    if (same !== undefined) same.spans.push(...wanted);
    else if (known !== undefined) known.push({ stream, spans: wanted });
    else byHash.set(stream.fingerprint, [{ stream, spans: wanted }]);
  }
  return [...byHash.values()]
    .flat()
    .map(({ stream, spans }) => ({ stream, spans: spans.sort(byLow), next: 0, pending: [] }));
}

/** Where a scan meets the stream next. Undefined when it is through. */
export function lowOf({ spans, next, pending, ready }: StreamProgress): bigint | undefined {
  // Whatever else there is of the stream begins no earlier than this block ends.
  if (ready !== undefined) return ready.low;
  const [opened, unopened] = [pending[0]?.low, spans[next]?.low];
  if (opened === undefined || unopened === undefined) return opened ?? unopened;
  return opened < unopened ? opened : unopened;
}

/** Where a scan meets the first row of a block that has rows. */
export function lowOfBlock({ times, rows }: Block, { direction }: ScanWindow): bigint {
  return direction === "forward" ? times[0]! : -times[rows - 1]!;
}

/** Adds the blocks of an opened span to what is pending. */
export function addPending(
  progress: StreamProgress,
  { span, age }: OrderedSpan,
  handles: readonly BlockHandle[],
  window: ScanWindow,
): void {
  // Blocks that are one and the same nanosecond keep the order of their rows only if turned with the scan.
  const indexed = handles.map((handle, index) => ({ handle, index }));
  if (window.direction === "backward") indexed.reverse();
  const isMixed = overlap(handles);
  for (const { handle, index } of indexed) {
    if (handle.rows === 0 || handle.maxTime < window.from || handle.minTime >= window.through)
      continue;
    progress.pending.push({ handle, span, isMixed, age, index, ...boundsOf(handle, window) });
  }
  progress.pending.sort(byLow);
}

/** Whether two blocks must be merged: they overlap, or touch and may hold the same entry. */
export function overlaps(group: Bounds, spans: ReadonlySet<Span>, next: OrderedHandle): boolean {
  if (next.low !== group.high) return next.low < group.high;
  return next.isMixed || spans.size > 1 || !spans.has(next.span);
}

/** Whether any block begins before one that came earlier has ended. */
function overlap(handles: readonly BlockHandle[]): boolean {
  return handles.some(({ minTime }, index) => index > 0 && minTime < handles[index - 1]!.maxTime);
}

export function byLow(a: Bounds, b: Bounds): number {
  return compare(a.low, b.low) || compare(a.high, b.high);
}

/** The order in which entries of one moment came in, as far as it is known. */
export function byAge(a: OrderedHandle, b: OrderedHandle): number {
  return a.age - b.age || a.index - b.index;
}

export function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function boundsOf(
  { minTime, maxTime }: { minTime: bigint; maxTime: bigint },
  { direction }: ScanWindow,
): Bounds {
  return direction === "forward"
    ? { low: minTime, high: maxTime }
    : { low: -maxTime, high: -minTime };
}
