/** How far long work has come: one line on stderr when that is a terminal, nothing otherwise. */
import { runtime } from "./wire/runtime.ts";

const REDRAW_MS = 200;
/** Before that the time left is a guess. */
const GUESS_MS = 2000;

export interface ProgressOptions {
  readonly quiet: boolean;
  /** What is counted: `lines`. */
  readonly things?: string;
}

export class Progress {
  readonly #title: string;
  readonly #things: string;
  readonly #shown: boolean;
  readonly #startMs = runtime.clock.ticksMs();
  #drawnMs = 0;
  #bytes = 0;
  #lines = 0;
  #total = 0;

  constructor(title: string, { quiet, things = "lines" }: ProgressOptions) {
    this.#title = title;
    this.#things = things;
    this.#shown = !quiet && process.stderr.isTTY === true;
  }

  /** `lines` are the things that are counted; `total` is what is expected of bytes as known by now, 0 when not known. */
  add({ bytes, lines, total }: { bytes: number; lines: number; total: number }): void {
    this.#bytes += bytes;
    this.#lines += lines;
    if (total > 0) this.#total = total;
    const now = runtime.clock.ticksMs();
    if (!this.#shown || now - this.#drawnMs < REDRAW_MS) return;
    this.#drawnMs = now;
    process.stderr.write(`\r\x1b[K${this.text(now - this.#startMs)}`);
  }

  /** The line as it is after so many milliseconds. */
  text(spentMs: number): string {
    const rate = this.#bytes / Math.max(spentMs / 1000, 0.001);
    const share = this.#total > 0 ? ` ${bar(this.#bytes / this.#total)}` : "";
    const left =
      spentMs < GUESS_MS || this.#total <= this.#bytes || rate === 0
        ? ""
        : `, ${durationText((this.#total - this.#bytes) / rate)} left`;
    const count = `${this.#lines} ${this.#things}, ${(rate / 1e6).toFixed(1)} MB/s`;
    return `${this.#title}${share} ${count}${left}`;
  }

  done(): void {
    if (this.#shown) process.stderr.write("\r\x1b[K");
  }
}

const BAR_WIDTH = 24;

function bar(share: number): string {
  const full = Math.round(Math.min(1, share) * BAR_WIDTH);
  return `[${"#".repeat(full)}${"-".repeat(BAR_WIDTH - full)}]`;
}

/** `1h02m`, `3m04s`, `5s` */
function durationText(seconds: number): string {
  const whole = Math.ceil(seconds);
  const two = (number: number) => String(number).padStart(2, "0");
  if (whole >= 3600) return `${Math.floor(whole / 3600)}h${two(Math.floor(whole / 60) % 60)}m`;
  return whole >= 60 ? `${Math.floor(whole / 60)}m${two(whole % 60)}s` : `${whole}s`;
}
