/** How far long work has come: one line on stderr when that is a terminal, nothing otherwise. */
import { runtime } from "./wire/runtime.ts";

const REDRAW_MS = 200;

export class Progress {
  readonly #title: string;
  readonly #shown: boolean;
  readonly #startMs = runtime.clock.ticksMs();
  #drawnMs = 0;
  #bytes = 0;
  #lines = 0;
  #total = 0;

  constructor(title: string, { quiet }: { quiet: boolean }) {
    this.#title = title;
    this.#shown = !quiet && process.stderr.isTTY === true;
  }

  /** `total` is what is expected of bytes, 0 when not known. */
  add({ bytes, lines, total }: { bytes: number; lines: number; total: number }): void {
    this.#bytes += bytes;
    this.#lines += lines;
    this.#total = Math.max(this.#total, total);
    const now = runtime.clock.ticksMs();
    if (!this.#shown || now - this.#drawnMs < REDRAW_MS) return;
    this.#drawnMs = now;
    const seconds = (now - this.#startMs) / 1000;
    const rate = (this.#bytes / 1e6 / Math.max(seconds, 0.001)).toFixed(1);
    const share = this.#total > 0 ? ` ${bar(this.#bytes / this.#total)}` : "";
    process.stderr.write(`\r\x1b[K${this.#title}${share} ${this.#lines} lines, ${rate} MB/s`);
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
