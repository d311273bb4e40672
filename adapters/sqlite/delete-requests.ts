/**
 * Delete requests in SQLite, on a node with a disk. One process writes; a commit is on disk before a
 * call resolves, so a kill at any moment loses nothing that was answered.
 */
import { Database } from "bun:sqlite";
import { and, asc, count, eq, gte, isNull, sql } from "drizzle-orm";
import { type BunSQLiteDatabase, drizzle } from "drizzle-orm/bun-sqlite";
import type { DeleteReceipt, DeleteRequest } from "../../core/model/delete-request.ts";
import { assert, BadRequest, Corrupt, Unavailable } from "../../core/model/errors.ts";
import { literalTenant, type Tenant } from "../../core/model/tenant.ts";
import type { Clock } from "../../core/ports/clock.ts";
import type { DeleteRequests } from "../../core/ports/delete-requests.ts";
import { foreignParts } from "./foreign.ts";
import { cacheGen, parts, requests, SCHEMA, shards } from "./tables.ts";

export interface SqliteHomeOptions {
  readonly clock: Clock;
}

/** A writer that waits for another process's transaction gives up after this long. */
const BUSY_MS = 5000;

export class SqliteDeleteRequests implements DeleteRequests {
  readonly #file: Database;
  readonly #db: BunSQLiteDatabase;
  readonly #clock: Clock;

  /** Opens the file or makes it; its folder must be there. Throws Corrupt when it is no database. */
  constructor(path: string, { clock }: SqliteHomeOptions) {
    this.#clock = clock;
    const opened = asking(() => {
      const file = new Database(path, { create: true });
      try {
        file.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
        file.exec("PRAGMA journal_mode = WAL");
        file.exec("PRAGMA synchronous = FULL");
        for (const statement of SCHEMA) file.exec(statement);
        return { file, db: drizzle(file) };
      } catch (error) {
        file.close();
        throw error;
      }
    });
    this.#file = opened.file;
    this.#db = opened.db;
  }

  async add(wish: readonly DeleteRequest[]): Promise<void> {
    const [first] = wish;
    assert(first !== undefined, "a delete request without parts");
    const { id, tenant: userId, query, createdMs: createdAt } = first;
    this.#change((db) => {
      const known = db.select({ id: requests.id }).from(requests).where(eq(requests.id, id)).get();
      if (known !== undefined) throw new BadRequest(`delete request ${id} is there already`);
      const startTime = Math.min(...wish.map(({ startMs }) => startMs));
      const endTime = Math.max(...wish.map(({ endMs }) => endMs));
      const totalShards = wish.length;
      const row = { id, userId, createdAt, startTime, endTime, totalShards, query };
      db.insert(requests).values(row).run();
      for (const { part, startMs, endMs } of wish) {
        const bounds = { startTime: startMs, endTime: endMs };
        db.insert(shards)
          .values({ id, userId, ...bounds })
          .run();
        db.insert(parts)
          .values({ id, part, ...bounds })
          .run();
      }
      this.#bump(db, userId);
    });
  }

  async list(tenant?: Tenant): Promise<DeleteRequest[]> {
    return asking(() =>
      this.#db
        .select()
        .from(requests)
        .innerJoin(parts, eq(parts.id, requests.id))
        .where(tenant === undefined ? undefined : eq(requests.userId, tenant))
        .orderBy(asc(requests.createdAt), asc(requests.userId), asc(requests.id), asc(parts.part))
        .all()
        .map(({ requests: wish, lokits_parts: part }) => requestOf(wish, part)),
    );
  }

  async process(tenant: Tenant, id: string, part: number, receipt: DeleteReceipt): Promise<void> {
    this.#change((db) => {
      const { processedMs, ...counts } = receipt;
      if (this.#open(db, tenant, id, part).length === 0) return;
      db.update(parts)
        .set({ ...counts, processedAt: processedMs })
        .where(and(eq(parts.id, id), eq(parts.part, part)))
        .run();
      const own = and(eq(parts.id, id), eq(parts.part, part));
      const bounds = db.select().from(parts).where(own).get()!;
      db.delete(shards)
        .where(and(eq(shards.id, id), eq(shards.startTime, bounds.startTime)))
        .run();
      this.#settle(db, id, processedMs);
      this.#bump(db, tenant);
    });
  }

  async cancel(tenant: Tenant, id: string): Promise<boolean> {
    return this.#change((db) => {
      if (this.#open(db, tenant, id).length === 0) return false;
      db.delete(shards).where(eq(shards.id, id)).run();
      db.delete(parts)
        .where(and(eq(parts.id, id), isNull(parts.processedAt)))
        .run();
      this.#settle(db, id, this.#clock.nowMs());
      this.#bump(db, tenant);
      return true;
    });
  }

  async generation(tenant: Tenant): Promise<string> {
    return asking(() => generationOf(this.#db, tenant));
  }

  async close(): Promise<void> {
    this.#file.close();
  }

  /** What Loki left in this file to be done. Our lists do not have it before `adopt`. */
  foreign(): DeleteRequest[] {
    return asking(() => foreignParts(this.#db).map(({ wish, part }) => requestOf(wish, part)));
  }

  /** Makes ours what Loki left. */
  adopt(): void {
    this.#change((db) => {
      for (const { part } of foreignParts(db)) db.insert(parts).values(part).run();
    });
  }

  /** Parts that wait to be processed. */
  #open(db: Writer, tenant: Tenant, id: string, part?: number) {
    return db
      .select({ part: parts.part })
      .from(parts)
      .innerJoin(requests, eq(requests.id, parts.id))
      .where(
        and(
          eq(requests.userId, tenant),
          eq(parts.id, id),
          isNull(parts.processedAt),
          part === undefined ? undefined : eq(parts.part, part),
        ),
      )
      .all();
  }

  /** Brings the row of a wish in line with its parts; without any it goes. */
  #settle(db: Writer, id: string, completedAt: number): void {
    const countOf = (where = eq(parts.id, id)) =>
      db.select({ rows: count() }).from(parts).where(where).get()!.rows;
    const total = countOf();
    const done = countOf(and(eq(parts.id, id), gte(parts.processedAt, 0))!);
    if (total === 0) {
      db.delete(requests).where(eq(requests.id, id)).run();
      return;
    }
    db.update(requests)
      .set({
        ...{ totalShards: total, processedShards: done },
        ...(done === total && { completedAt }),
      })
      .where(eq(requests.id, id))
      .run();
  }

  /** The next generation: now, but after the one before. */
  #bump(db: Writer, tenant: Tenant): void {
    const [before, now] = [BigInt(generationOf(db, tenant) || 0), this.#clock.now()];
    const genNum = sql`CAST(${`${now > before ? now : before + 1n}`} AS INTEGER)`;
    db.insert(cacheGen)
      .values({ userId: tenant, genNum })
      .onConflictDoUpdate({ target: cacheGen.userId, set: { genNum } })
      .run();
  }

  #change<T>(work: (db: Writer) => T): T {
    return asking(() => this.#db.transaction(work, { behavior: "immediate" }));
  }
}

/** The database, or a transaction on it. */
type Writer = Pick<BunSQLiteDatabase, "select" | "insert" | "update" | "delete">;

function generationOf(db: Writer, tenant: Tenant): string {
  const text = sql<string>`CAST(${cacheGen.genNum} AS TEXT)`;
  const row = db.select({ text }).from(cacheGen).where(eq(cacheGen.userId, tenant)).get();
  return row?.text ?? "";
}

function requestOf(
  wish: typeof requests.$inferSelect,
  part: typeof parts.$inferSelect,
): DeleteRequest {
  const base = {
    tenant: literalTenant(wish.userId),
    id: wish.id,
    part: part.part,
    query: wish.query,
    startMs: part.startTime,
    endMs: part.endTime,
    createdMs: wish.createdAt,
  };
  if (part.processedAt === null) return { ...base, status: "received" };
  // What Loki processed has no receipt.
  if (part.linesMatched === null) return { ...base, status: "processed" };
  const receipt = {
    processedMs: part.processedAt,
    linesMatched: part.linesMatched,
    linesRemoved: part.linesRemoved ?? 0,
    chunksRemoved: part.chunksRemoved ?? 0,
    chunksRewritten: part.chunksRewritten ?? 0,
  };
  return { ...base, status: "processed", receipt };
}

/** Codes of a file that is no database, or a damaged one. */
const DAMAGE = new Set(["SQLITE_NOTADB", "SQLITE_CORRUPT"]);

/** What SQLite throws is the disk's or the world's failure, not ours and not the user's. */
function asking<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "SQLiteError") throw error;
    const message = `the database of delete requests: ${error.message}`;
    const isDamaged = "code" in error && DAMAGE.has(String(error.code));
    throw new (isDamaged ? Corrupt : Unavailable)(message, { cause: error });
  }
}
