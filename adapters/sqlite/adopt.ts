/** Takes over requests that Loki wrote: they have shards, but none of our parts. */
import { asc, eq, isNull } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import { parts, requests, shards } from "./tables.ts";

export function adoptShards(db: BunSQLiteDatabase): void {
  db.transaction((tx) => {
    const foreign = tx
      .select()
      .from(requests)
      .leftJoin(parts, eq(parts.id, requests.id))
      .where(isNull(parts.id))
      .all();
    for (const { requests: wish } of foreign) {
      const { id, startTime, endTime, completedAt } = wish;
      const own = tx
        .select()
        .from(shards)
        .where(eq(shards.id, id))
        .orderBy(asc(shards.startTime))
        .all();
      // Of what Loki has processed it keeps nothing but the number.
      const first = wish.processedShards ?? 0;
      for (const [index, shard] of own.entries()) {
        const bounds = { startTime: shard.startTime, endTime: shard.endTime };
        tx.insert(parts)
          .values({ id, part: first + index, ...bounds })
          .run();
      }
      if (own.length > 0 || completedAt === null) continue;
      tx.insert(parts).values({ id, part: 0, startTime, endTime, processedAt: completedAt }).run();
    }
  });
}
