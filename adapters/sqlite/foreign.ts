/** Requests that Loki wrote: they have shards, but none of our parts. */
import { asc, eq, isNull } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import { parts, requests, shards } from "./tables.ts";

export interface ForeignPart {
  readonly wish: typeof requests.$inferSelect;
  /** As it would be among ours. */
  readonly part: typeof parts.$inferSelect;
}

export function foreignParts(db: Pick<BunSQLiteDatabase, "select">): ForeignPart[] {
  return db
    .select()
    .from(requests)
    .leftJoin(parts, eq(parts.id, requests.id))
    .where(isNull(parts.id))
    .all()
    .flatMap(({ requests: wish }) => {
      const { id, startTime, endTime, completedAt } = wish;
      const waiting = db
        .select()
        .from(shards)
        .where(eq(shards.id, id))
        .orderBy(asc(shards.startTime))
        .all();
      // Of what Loki has processed it keeps nothing but the number.
      const first = wish.processedShards ?? 0;
      const own = waiting.map((shard, index) => ({
        ...{ ...EMPTY, id, part: first + index },
        ...{ startTime: shard.startTime, endTime: shard.endTime },
      }));
      if (own.length === 0 && completedAt !== null) {
        own.push({ ...EMPTY, id, part: 0, startTime, endTime, processedAt: completedAt });
      }
      return own.map((part) => ({ wish, part }));
    });
}

const EMPTY: Omit<typeof parts.$inferSelect, "id" | "part" | "startTime" | "endTime"> = {
  processedAt: null,
  linesMatched: null,
  linesRemoved: null,
  chunksRemoved: null,
  chunksRewritten: null,
};
