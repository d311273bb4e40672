/** Our own log. A line is a level, a message and fields, in the order given. */
export type Level = "debug" | "info" | "warn" | "error";

export interface Journal {
  /** `journal.log("info", "flushing stream", { user: "fake", reason: "full" })` */
  log(level: Level, message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** A journal that keeps nothing, for tests and tools. */
export const SILENT: Journal = { log() {} };
