/** Our own metrics: counters, gauges and histograms with labels. core/http prints them for Prometheus. */
export interface Meter {
  /** Adds to a counter. `meter.count("loki_distributor_lines_received_total", 3, { tenant: "fake" })` */
  count(name: string, add: number, labels?: Readonly<Record<string, string>>): void;
  /** Sets a gauge. */
  gauge(name: string, value: number, labels?: Readonly<Record<string, string>>): void;
  /** Puts an observation into a histogram, `times` times; once when it is left out. */
  observe(
    name: string,
    value: number,
    labels?: Readonly<Record<string, string>>,
    times?: number,
  ): void;
}

/** A meter that keeps nothing, for tests and tools. */
export const UNMETERED: Meter = { count() {}, gauge() {}, observe() {} };
