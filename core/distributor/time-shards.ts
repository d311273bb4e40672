/**
 * Stores lines that are long past in streams by their time, told apart by the label `__time_shard__`: half of the
 * greatest age of a chunk each. An ingester refuses what is further than that behind the newest line of its stream,
 * so old and new lines of one stream can come in any order.
 */
import { lanesOf } from "../bytes/lanes.ts";
import { labelsOf, printLabels } from "../labels/labels.ts";
import type { PushStream } from "../model/push.ts";
import { selectRows } from "./stream-rows.ts";

const TIME_SHARD = "__time_shard__";

/** Streams that one stream of a push may become by its time; lines of yet another time stay in their own. */
const SHARDS_MAX = 1024;

/** Rows from `recentMs` on stay in their stream. Times are Unix milliseconds. */
export function divideByTime(
  stream: PushStream,
  { recentMs, lengthMs }: { recentMs: number; lengthMs: number },
): readonly PushStream[] {
  const { labels, rows } = stream;
  const lanes = lanesOf(rows.times);
  const byShard = new Map<number, number[]>();
  for (let row = 0; row < rows.rows; row++) {
    // A double knows a time of today to some 200 ns, and the bounds of shards exactly.
    const ms = ((lanes[2 * row + 1]! | 0) * 4294967296 + lanes[2 * row]!) / 1e6;
    let shard = ms >= recentMs ? RECENT : Math.floor(ms / lengthMs);
    if (byShard.size >= SHARDS_MAX && !byShard.has(shard)) shard = RECENT;
    const own = byShard.get(shard);
    if (own === undefined) byShard.set(shard, [row]);
    else own.push(row);
  }
  // Fast path: nothing is old.
  if (byShard.size === 1 && byShard.has(RECENT)) return [stream];
  return [...byShard].map(([shard, own]) => {
    const chosen = selectRows(rows, own);
    if (shard === RECENT) return { ...stream, rows: chosen };
    const divided = labelsOf([...labels, [TIME_SHARD, nameOf(shard, lengthMs)]]);
    return { labels: divided, labelText: printLabels(divided), rows: chosen };
  });
}

/** The shard of what is not divided. */
const RECENT = Number.POSITIVE_INFINITY;

/** First second and the first that is not any more. */
function nameOf(shard: number, lengthMs: number): string {
  return `${Math.floor((shard * lengthMs) / 1000)}_${Math.floor(((shard + 1) * lengthMs) / 1000)}`;
}
