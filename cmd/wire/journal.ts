/** Our log lines on stderr, with Loki's keys. */
import { makeJournal } from "../../core/http/journal.ts";
import type { Journal, Level } from "../../core/ports/journal.ts";
import { runtime } from "./runtime.ts";

export function stderrJournal(
  level: Level = "info",
  format: "logfmt" | "json" = "logfmt",
): Journal {
  return makeJournal({
    clock: runtime.clock,
    level,
    format,
    write: (line) => process.stderr.write(`${line}\n`),
  });
}
