/** A bucket as a LogSource whose questions to the index are timed, each under its name. */
import type { StreamId } from "../model/block.ts";
import type { Clock } from "../ports/clock.ts";
import type { LogSource, Select, StreamSpans, StreamVolume } from "../ports/log-source.ts";
import type { Meter } from "../ports/meter.ts";

export interface MeteredSourceParts {
  readonly meter: Meter;
  readonly clock: Clock;
}

export class MeteredSource implements LogSource {
  readonly #source: LogSource;
  readonly #parts: MeteredSourceParts;

  constructor(source: LogSource, parts: MeteredSourceParts) {
    this.#source = source;
    this.#parts = parts;
  }

  /** The index alone: chunks are fetched when their spans are opened. */
  streams(select: Select): Promise<StreamSpans[]> {
    return this.#timed("chunk_refs", this.#source.streams(select));
  }

  labelNames(select: Select): Promise<string[]> {
    return this.#timed("label_names", this.#source.labelNames(select));
  }

  labelValues(select: Select, name: string): Promise<string[]> {
    return this.#timed("label_values", this.#source.labelValues(select, name));
  }

  series(select: Select): Promise<StreamId[]> {
    return this.#timed("series", this.#source.series(select));
  }

  volume(select: Select): Promise<StreamVolume[]> {
    return this.#timed("volume", this.#source.volume(select));
  }

  async #timed<T>(operation: string, answer: Promise<T>): Promise<T> {
    const { meter, clock } = this.#parts;
    const startMs = clock.ticksMs();
    let status = "500";
    try {
      const found = await answer;
      status = "200";
      return found;
    } catch (error) {
      if (error instanceof Error && error.name === "AbortError") status = "cancel";
      throw error;
    } finally {
      const seconds = (clock.ticksMs() - startMs) / 1000;
      const labels = { operation, status_code: status, component: "index-store" };
      meter.observe("loki_index_request_duration_seconds", seconds, labels);
    }
  }
}
