/** What tails are under way and what they send. */
import type { Meter } from "../ports/meter.ts";
import type { TailFrame } from "./tail-session.ts";

/** Streams of one tail that are told apart. */
const STREAMS_MAX = 10_000;

export class TailMeter {
  readonly #meter: Meter;
  readonly #tails = new Set<Set<string>>();

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  begin(): { sent(frame: TailFrame): void; end(): void } {
    const streams = new Set<string>();
    this.#tails.add(streams);
    this.#gauge();
    return {
      sent: ({ entries }) => {
        let bytes = 0;
        for (const { labels, line } of entries) {
          bytes += line.length;
          if (streams.size < STREAMS_MAX) streams.add(JSON.stringify(labels));
        }
        this.#meter.count("loki_querier_tail_bytes_total", bytes);
        this.#gauge();
      },
      end: () => {
        this.#tails.delete(streams);
        this.#gauge();
      },
    };
  }

  #gauge(): void {
    let streams = 0;
    for (const each of this.#tails) streams += each.size;
    this.#meter.gauge("loki_querier_tail_active", this.#tails.size);
    this.#meter.gauge("loki_querier_tail_active_streams", streams);
  }
}
