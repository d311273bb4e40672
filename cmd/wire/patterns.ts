/** Patterns of lines, when the configuration wants them. */
import type { Config } from "../../core/config/config.ts";
import { PatternStore } from "../../core/patterns/pattern-store.ts";
import type { Clock } from "../../core/ports/clock.ts";

export function openPatterns(config: Config, clock: Clock): PatternStore | undefined {
  const at = (key: string) => `pattern_ingester.${key}`;
  if (!config.bool(at("enabled"))) return undefined;
  const settings = {
    clustersMax: config.number(at("max_clusters")),
    lineBytesMax: config.number(at("max_allowed_line_length")),
    retainMs: config.ms(at("retain_for")),
    bytesMax: config.bytes(at("max_memory")),
  };
  return new PatternStore(settings, clock);
}
