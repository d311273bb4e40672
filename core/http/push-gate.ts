/**
 * How many pushes may be under way at once, and how many bytes of them. What passes it is refused with 503,
 * which every agent tries again, before its body is read: memory stays bounded however slow the disk is.
 */
import { LimitExceeded } from "../model/errors.ts";
import type { Meter } from "../ports/meter.ts";

export interface PushGateOptions {
  readonly pushesMax: number;
  /** Bytes of bodies, packed and unpacked. */
  readonly bytesMax: number;
  readonly meter: Meter;
}

export class PushGate {
  readonly #options: PushGateOptions;
  #pushes = 0;
  #bytes = 0;

  constructor(options: PushGateOptions) {
    this.#options = options;
  }

  /** Throws LimitExceeded (503) when too many are under way. Whoever enters leaves again. */
  enter(): PushPass {
    const { pushesMax } = this.#options;
    if (this.#pushes >= pushesMax) {
      throw this.#refusal(
        "max_inflight_pushes",
        `too many pushes under way: ${this.#pushes}, limit ${pushesMax}`,
      );
    }
    this.#pushes++;
    this.#show();
    let held = 0;
    return {
      hold: (bytes) => {
        this.#hold(bytes);
        held += bytes;
      },
      leave: () => {
        this.#pushes--;
        this.#bytes -= held;
        held = 0;
        this.#show();
      },
    };
  }

  #hold(bytes: number): void {
    const { bytesMax } = this.#options;
    if (this.#bytes + bytes > bytesMax) {
      throw this.#refusal(
        "max_inflight_push_bytes",
        `pushes under way hold too much: ${this.#bytes} bytes and ${bytes} more, limit ${bytesMax}`,
      );
    }
    this.#bytes += bytes;
  }

  #refusal(limit: string, text: string): LimitExceeded {
    this.#options.meter.count("lokits_pushes_refused_total", 1, { limit });
    return new LimitExceeded(limit, `${text} (distributor.${limit})`, { status: 503 });
  }

  #show(): void {
    const { meter } = this.#options;
    meter.gauge("lokits_inflight_pushes", this.#pushes);
    meter.gauge("lokits_inflight_push_bytes", this.#bytes);
  }
}

export interface PushPass {
  /** Counts bytes that this push holds from now on. Throws LimitExceeded (503) when that is too much. */
  readonly hold: (bytes: number) => void;
  readonly leave: () => void;
}
