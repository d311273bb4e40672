/** Opens spans before they are asked for, in the order in which a scan will ask, within a bound of bytes. */
import type { BlockHandle, Span } from "../ports/log-source.ts";

/** Fetched but not yet taken bytes of one scan. */
const AHEAD_BYTES = 48 << 20;
/** Spans being fetched at once. */
const AHEAD_SPANS = 32;

export class FetchAhead {
  readonly #spans: readonly Span[];
  readonly #opening = new Map<Span, Promise<readonly BlockHandle[]>>();
  readonly #taken = new Set<Span>();
  #next = 0;
  #bytes = 0;

  /** Spans in the order in which they will be taken, more or less. */
  constructor(spans: readonly Span[]) {
    this.#spans = spans;
  }

  /** The blocks of a span. Each span may be taken once. */
  async take(span: Span): Promise<readonly BlockHandle[]> {
    this.#open(span);
    this.#taken.add(span);
    while (
      this.#next < this.#spans.length &&
      this.#bytes < AHEAD_BYTES &&
      this.#opening.size < AHEAD_SPANS
    ) {
      const ahead = this.#spans[this.#next++]!;
      if (!this.#taken.has(ahead)) this.#open(ahead);
    }
    try {
      return await this.#opening.get(span)!;
    } finally {
      this.#opening.delete(span);
      this.#bytes -= span.bytes;
    }
  }

  #open(span: Span): void {
    if (this.#opening.has(span)) return;
    const opening = span.open();
    // Whoever takes it sees the failure; until then it must not count as unhandled.
    opening.catch(() => {});
    this.#opening.set(span, opening);
    this.#bytes += span.bytes;
  }
}
