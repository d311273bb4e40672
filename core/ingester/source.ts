/** What is in memory, as a LogSource: every chunk is a span, whether it is open, full or already stored. */
import { sortTexts } from "../index/texts.ts";
import { labelValue } from "../labels/labels.ts";
import type { StreamId } from "../model/block.ts";
import type { Labels } from "../model/labels.ts";
import { msCeilOf, msOf } from "../model/time.ts";
import type {
  BlockHandle,
  LogSource,
  Select,
  Span,
  StreamSpans,
  StreamVolume,
} from "../ports/log-source.ts";
import { weigh } from "../store/weigh.ts";
import { heldInside, type Inner, indexedSize, innerOf } from "./held.ts";
import type { Ingester } from "./ingester.ts";
import type { MemChunk, Stream } from "./stream.ts";

/** With so many streams for each value, few of them have to be looked at to see which values are used. */
const STREAMS_PER_VALUE = 4;

export class IngesterSource implements LogSource {
  readonly #ingester: Ingester;

  constructor(ingester: Ingester) {
    this.#ingester = ingester;
  }

  async streams(select: Select): Promise<StreamSpans[]> {
    const found: StreamSpans[] = [];
    for (const stream of this.#matching(select)) {
      const spans = stream.chunks
        .filter((chunk) => isIn(chunk, select))
        .map((chunk) => spanOf(chunk, select));
      if (spans.length > 0) found.push({ stream, spans });
    }
    return found;
  }

  async labelNames(select: Select): Promise<string[]> {
    const inner = innerOf(select);
    const index = this.#ingester.find(select.tenant)?.index;
    if (index !== undefined && select.matchers.length === 0) {
      return index.names().filter((name) => areSomeUsed(index.having(name), select, inner));
    }
    const names = new Set<string>();
    let last: Labels = [];
    for (const stream of this.#matching(select)) {
      // Mostly the stream before had the same names, and then neither time nor set has to be looked at.
      if (haveSameNames(last, stream.labels) || !isAlive(stream, select, inner)) continue;
      last = stream.labels;
      for (const [name] of last) names.add(name);
    }
    return sortTexts([...names]);
  }

  async labelValues(select: Select, name: string): Promise<string[]> {
    const inner = innerOf(select);
    const index = this.#ingester.find(select.tenant)?.index;
    if (index !== undefined && select.matchers.length === 0) {
      const groups = index.inOrder(name);
      if (groups.length * STREAMS_PER_VALUE < index.size) {
        return namesOf(groups.filter((group) => isUsed(group, select, inner)));
      }
      // Streams lie in memory as they came: by value, each would be far from the one before.
      const unused = new Set<Stream>();
      for (const stream of index.values()) if (!isAlive(stream, select, inner)) unused.add(stream);
      if (unused.size === 0) return namesOf(groups);
      return namesOf(groups.filter(([, streams]) => !isWithin(streams, unused)));
    }
    const values = new Set<string>();
    for (const stream of this.#matching(select)) {
      if (isAlive(stream, select, inner)) values.add(labelValue(stream.labels, name));
    }
    values.delete("");
    return sortTexts([...values]);
  }

  async series(select: Select): Promise<StreamId[]> {
    const inner = innerOf(select);
    const found: StreamId[] = [];
    for (const stream of this.#matching(select)) {
      if (isAlive(stream, select, inner)) found.push(stream);
    }
    return found;
  }

  /** Chunks that are in the store's index are counted there. */
  async volume(select: Select): Promise<StreamVolume[]> {
    const volumes: StreamVolume[] = [];
    const { from, through } = select;
    const bounds = { fromMs: msOf(from), throughMs: msOf(through) + 1 };
    const inner = innerOf(select);
    for (const stream of this.#matching(select)) {
      const held = heldInside(stream, inner);
      if (held !== undefined) {
        if (held.chunks > 0) volumes.push(held);
        continue;
      }
      let [chunks, entries, bytes] = [0, 0, 0];
      for (const chunk of stream.chunks) {
        const { builder } = chunk;
        if (chunk.flushedMs !== undefined || builder.rows === 0) continue;
        const { minTime, maxTime } = builder.bounds();
        if (maxTime < from || minTime >= through) continue;
        const isWhole = minTime >= from && maxTime < through;
        const size = builder.uncompressedSize;
        // Fast path: what lies wholly inside counts as it is.
        const own = isWhole
          ? { entries: builder.rows, bytes: indexedSize(size) }
          : weigh([refOf(chunk)], bounds);
        chunks++;
        entries += own.entries;
        bytes += own.bytes;
      }
      if (chunks > 0) volumes.push({ stream, chunks, entries, bytes });
    }
    return volumes;
  }

  #matching({ tenant, matchers }: Select): Iterable<Stream> {
    return this.#ingester.find(tenant)?.index.select(matchers) ?? [];
  }
}

function haveSameNames(a: Labels, b: Labels): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index]![0] !== b[index]![0]) return false;
  return true;
}

function namesOf(groups: readonly (readonly [string, unknown])[]): string[] {
  return groups.map(([value]) => value);
}

function isWithin(streams: Iterable<Stream>, others: ReadonlySet<Stream>): boolean {
  for (const stream of streams) if (!others.has(stream)) return false;
  return true;
}

function areSomeUsed(
  values: Iterable<readonly [string, Iterable<Stream>]>,
  select: Select,
  inner: Inner,
): boolean {
  for (const value of values) if (isUsed(value, select, inner)) return true;
  return false;
}

/** Whether one of the streams with a value has a chunk in the time asked for: most often the first has. */
function isUsed(
  [, streams]: readonly [string, Iterable<Stream>],
  select: Select,
  inner: Inner,
): boolean {
  for (const stream of streams) if (isAlive(stream, select, inner)) return true;
  return false;
}

function isAlive(stream: Stream, select: Select, inner: Inner): boolean {
  // Fast path: most often all that is in memory is in the time asked for.
  if (heldInside(stream, inner) !== undefined) return true;
  for (const chunk of stream.chunks) if (isIn(chunk, select)) return true;
  return false;
}

function isIn({ builder }: MemChunk, { from, through }: Select): boolean {
  if (builder.rows === 0) return false;
  const { minTime, maxTime } = builder.bounds();
  return maxTime >= from && minTime < through;
}

/** The chunk as an index would list it, but for small ones. */
function refOf({ builder }: MemChunk) {
  const { minTime, maxTime } = builder.bounds();
  const kb = indexedSize(builder.uncompressedSize) / 1024;
  return { fromMs: msOf(minTime), throughMs: msCeilOf(maxTime), kb, entries: builder.rows };
}

/** The blocks are taken now: entries that come while the query runs must not appear out of order. */
function spanOf({ builder }: MemChunk, { stats }: Select): Span {
  const handles = builder.handles().map((handle) => counted(handle, stats));
  if (stats !== undefined) stats.ingesterChunks++;
  const { minTime, maxTime } = builder.bounds();
  return { minTime, maxTime, bytes: 0, open: async () => handles };
}

function counted(handle: BlockHandle, stats: Select["stats"]): BlockHandle {
  if (stats === undefined) return handle;
  const { minTime, maxTime, rows, bytes } = handle;
  const read = () => {
    stats.headLines += rows;
    stats.headBytes += bytes;
    return handle.read();
  };
  return { minTime, maxTime, rows, bytes, read };
}
