/** What this runtime gives: clock, codecs, byte search, chance. The binary runs on Bun; core does not care. */
import { bunSearch } from "../../adapters/bun/byte-search.ts";
import { systemClock } from "../../adapters/bun/clock.ts";
import { bunCodecs } from "../../adapters/bun/codecs.ts";
import { systemRandom } from "../../adapters/bun/random.ts";
import type { ByteSearch } from "../../core/ports/byte-search.ts";
import type { Clock, Random } from "../../core/ports/clock.ts";
import type { Codecs } from "../../core/ports/codecs.ts";

export interface Runtime {
  readonly clock: Clock;
  readonly codecs: Codecs;
  readonly search: ByteSearch;
  readonly random: Random;
}

export const runtime: Runtime = {
  clock: systemClock,
  codecs: bunCodecs,
  search: bunSearch,
  random: systemRandom,
};
