/**
 * The tables of delete requests: Loki 3.x's (spec tsdb-index §14.2), so that its file can be taken
 * over, and one of our own with the parts and their receipts. Times are milliseconds.
 */
// Typed SQL over Bun's SQLite: https://orm.drizzle.team. Nothing else here writes SQL for rows.
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const requests = sqliteTable("requests", {
  id: text("id").primaryKey(),
  userId: text("user_id").notNull(),
  createdAt: integer("created_at").notNull(),
  completedAt: integer("completed_at"),
  startTime: integer("start_time").notNull(),
  endTime: integer("end_time").notNull(),
  totalShards: integer("total_shards").notNull(),
  processedShards: integer("processed_shards").default(0),
  query: text("query").notNull(),
});

/** Parts that are not processed. */
export const shards = sqliteTable("shards", {
  id: text("id").notNull(),
  userId: text("user_id").notNull(),
  startTime: integer("start_time").notNull(),
  endTime: integer("end_time").notNull(),
});

/** The generation is a 64-bit number, more than a JavaScript one holds: it is written and read as text. */
export const cacheGen = sqliteTable("cache_gen", {
  userId: text("user_id").primaryKey(),
  genNum: text("gen_num").notNull(),
});

/** Ours: every part of a wish; with a receipt once it is processed. */
export const parts = sqliteTable(
  "lokits_parts",
  {
    id: text("id").notNull(),
    part: integer("part").notNull(),
    startTime: integer("start_time").notNull(),
    endTime: integer("end_time").notNull(),
    processedAt: integer("processed_at"),
    linesMatched: integer("lines_matched"),
    linesRemoved: integer("lines_removed"),
    chunksRemoved: integer("chunks_removed"),
    chunksRewritten: integer("chunks_rewritten"),
  },
  (table) => [
    primaryKey({ columns: [table.id, table.part] }),
    index("lokits_parts_processed").on(table.processedAt),
  ],
);

/** What makes the tables. */
export const SCHEMA: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS requests (
    id TEXT NOT NULL PRIMARY KEY, user_id TEXT NOT NULL, created_at INT NOT NULL, completed_at INT,
    start_time INT NOT NULL, end_time INT NOT NULL, total_shards INT NOT NULL,
    processed_shards INT DEFAULT 0, query TEXT NOT NULL)`,
  "CREATE INDEX IF NOT EXISTS idx_requests_user_id ON requests(user_id)",
  "CREATE INDEX IF NOT EXISTS idx_requests_user_completed ON requests(user_id, completed_at)",
  `CREATE TABLE IF NOT EXISTS shards (
    id TEXT NOT NULL, user_id TEXT NOT NULL, start_time INT NOT NULL, end_time INT NOT NULL,
    FOREIGN KEY (id) REFERENCES requests(id))`,
  "CREATE INDEX IF NOT EXISTS idx_shards_id_user ON shards(id, user_id)",
  "CREATE TABLE IF NOT EXISTS cache_gen (user_id TEXT PRIMARY KEY, gen_num INT NOT NULL)",
  "CREATE INDEX IF NOT EXISTS idx_cache_gen_user_id ON cache_gen(user_id)",
  `CREATE TABLE IF NOT EXISTS lokits_parts (
    id TEXT NOT NULL, part INT NOT NULL, start_time INT NOT NULL, end_time INT NOT NULL,
    processed_at INT, lines_matched INT, lines_removed INT, chunks_removed INT, chunks_rewritten INT,
    PRIMARY KEY (id, part))`,
  "CREATE INDEX IF NOT EXISTS lokits_parts_processed ON lokits_parts(processed_at)",
];
