/** Opens spans before they are asked for, in the order in which a scan will ask, within a bound of bytes. */
import type { BlockHandle, Span } from "../ports/log-source.ts";

export interface FetchBounds {
  /** Fetched but not yet taken bytes of one scan. */
  readonly bytes: number;
  /** Spans of one scan being fetched at once. */
  readonly spans: number;
}

export const FETCH_BOUNDS: FetchBounds = { bytes: 48 << 20, spans: 32 };

interface Opening {
  readonly blocks: Promise<readonly BlockHandle[]>;
  /** What it counts for: an estimate until it is there. */
  bytes: number;
}

export class FetchAhead {
  readonly #spans: readonly Span[];
  readonly #bounds: FetchBounds;
  readonly #opening = new Map<Span, Opening>();
  readonly #taken = new Set<Span>();
  #next = 0;
  #bytes = 0;

  /** Spans in the order in which they will be taken, more or less. */
  constructor(spans: readonly Span[], bounds = FETCH_BOUNDS) {
    this.#spans = spans;
    this.#bounds = bounds;
  }

  /** The blocks of a span. Each span may be taken once. */
  async take(span: Span): Promise<readonly BlockHandle[]> {
    this.#taken.add(span);
    const opening = this.#open(span);
    this.#ahead();
    try {
      return await opening.blocks;
    } finally {
      this.#opening.delete(span);
      this.#bytes -= opening.bytes;
    }
  }

  #ahead(): void {
    for (; this.#next < this.#spans.length; this.#next++) {
      const span = this.#spans[this.#next]!;
      if (this.#taken.has(span) || this.#opening.has(span)) continue;
      const hasRoom = this.#bytes + span.bytes <= this.#bounds.bytes;
      if (!hasRoom || this.#opening.size >= this.#bounds.spans) return;
      this.#open(span);
    }
  }

  #open(span: Span): Opening {
    const known = this.#opening.get(span);
    if (known !== undefined) return known;
    const opening: Opening = { blocks: span.open(), bytes: span.bytes };
    this.#opening.set(span, opening);
    this.#bytes += opening.bytes;
    // Whoever takes it sees the failure; until then it must not count as unhandled.
    opening.blocks.then(
      () => this.#correct(span, opening),
      () => {},
    );
    return opening;
  }

  /** Lines that hardly compress make a chunk larger than the index lets expect. */
  #correct(span: Span, opening: Opening): void {
    if (this.#opening.get(span) !== opening || span.held === undefined) return;
    const held = span.held();
    this.#bytes += held - opening.bytes;
    opening.bytes = held;
  }
}
