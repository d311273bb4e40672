/**
 * Reads the spans of all sources as one run of blocks in time order, each entry once. What comes next
 * is fetched ahead within a bound of bytes; blocks are decoded only when their turn comes, so a query
 * that has its limit stops before most of the work.
 */
import { mergeBlocks } from "../chunk/merge.ts";
import type { Scanner, ScanRequest } from "../logql/exec/scanner.ts";
import type { Block, StreamBlock } from "../model/block.ts";
import { Corrupt } from "../model/errors.ts";
import { addWarning } from "../model/stats.ts";
import type { Tenant } from "../model/tenant.ts";
import type { LogSource, Span } from "../ports/log-source.ts";
import { FETCH_BOUNDS, FetchAhead, type FetchBounds } from "./fetch-ahead.ts";
import { Heap } from "./heap.ts";
import {
  addPending,
  byAge,
  byLow,
  joinStreams,
  lowOf,
  lowOfBlock,
  type OrderedHandle,
  overlaps,
  type StreamProgress,
} from "./spans.ts";

export class SourceScanner implements Scanner {
  readonly #tenant: Tenant;
  readonly #sources: readonly LogSource[];
  readonly #bounds: FetchBounds;

  /**
   * Sources in the order in which data moves: an ingester before the store that it flushes to. The
   * other way round, a chunk that moves between the two looks would be seen in neither.
   */
  constructor(tenant: Tenant, sources: readonly LogSource[], bounds = FETCH_BOUNDS) {
    this.#tenant = tenant;
    this.#sources = sources;
    this.#bounds = bounds;
  }

  async *scan(request: ScanRequest): AsyncIterable<StreamBlock> {
    const left = new AbortController();
    const signals = request.signal === undefined ? [] : [request.signal];
    const signal = AbortSignal.any([...signals, left.signal]);
    try {
      yield* this.#scan({ ...request, signal });
    } finally {
      // Who has enough lines is not interested in what was fetched ahead.
      left.abort();
    }
  }

  async *#scan(request: ScanRequest): AsyncGenerator<StreamBlock> {
    const answers = [];
    for (const source of this.#sources) {
      answers.push(await source.streams({ tenant: this.#tenant, ...request }));
    }
    const streams = joinStreams(answers, request);
    const spans = streams.flatMap((progress) => progress.spans).sort(byLow);
    const ahead = new FetchAhead(
      spans.map(({ span }) => span),
      this.#bounds,
    );

    const heap = new Heap<[low: bigint, progress: StreamProgress]>((a, b) => a[0] < b[0]);
    for (const progress of streams) heap.push([progress.spans[0]!.low, progress]);
    for (let top = heap.pop(); top !== undefined; top = heap.pop()) {
      request.signal?.throwIfAborted();
      const progress = top[1];
      const { ready } = progress;
      const first = progress.pending[0];
      const unopened = progress.spans[progress.next];
      if (ready !== undefined) {
        progress.ready = undefined;
        yield { stream: progress.stream, block: ready.block };
      } else if (unopened !== undefined && (first === undefined || unopened.low <= first.low)) {
        await openNext(progress, ahead, request);
      } else if (first !== undefined) {
        const block = await readGroup(await takeGroup(progress, ahead, request), request);
        const low = block === undefined ? top[0] : lowOfBlock(block, request);
        const next = heap.peek();
        // Of a block that begins later than it seemed the turn comes later.
        if (block !== undefined && low > top[0] && next !== undefined && next[0] < low)
          progress.ready = { block, low };
        else if (block !== undefined) yield { stream: progress.stream, block };
      }
      const low = lowOf(progress);
      if (low !== undefined) heap.push([low, progress]);
    }
  }
}

async function openNext(
  progress: StreamProgress,
  ahead: FetchAhead,
  request: ScanRequest,
): Promise<void> {
  const next = progress.spans[progress.next++]!;
  addPending(progress, next, await ahead.take(next.span), request);
}

/** The first pending block with all that overlaps it, whether open by now or not. */
async function takeGroup(
  progress: StreamProgress,
  ahead: FetchAhead,
  request: ScanRequest,
): Promise<OrderedHandle[]> {
  const group = [progress.pending.shift()!];
  const spans = new Set<Span>([group[0]!.span]);
  let { low, high } = group[0]!;
  for (;;) {
    const unopened = progress.spans[progress.next];
    if (unopened !== undefined && unopened.low <= high) {
      await openNext(progress, ahead, request);
      continue;
    }
    const next = progress.pending[0];
    if (next === undefined || !overlaps({ low, high }, spans, next)) return group;
    group.push(next);
    spans.add(next.span);
    progress.pending.shift();
    if (next.low < low) low = next.low;
    if (next.high > high) high = next.high;
  }
}

async function readGroup(
  group: readonly OrderedHandle[],
  { stats }: ScanRequest,
): Promise<Block | undefined> {
  const blocks: Block[] = [];
  for (const { handle } of group.toSorted(byAge)) {
    try {
      const block = handle.read();
      blocks.push(block instanceof Promise ? await block : block);
    } catch (error) {
      // A damaged block costs its own lines, not the query: the answer names it.
      if (!(error instanceof Corrupt)) throw error;
      if (stats !== undefined) addWarning(stats, error.message);
    }
  }
  const [only] = blocks;
  if (only === undefined) return undefined;
  const { block, duplicates } =
    blocks.length === 1 ? { block: only, duplicates: 0 } : mergeBlocks(blocks);
  if (stats !== undefined) stats.duplicates += duplicates;
  // Delete requests may have taken all rows.
  return block.rows === 0 ? undefined : block;
}
