/** The home in SQLite: the contract, and what is its own. Bun's SQLite is only in Bun. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Tenant } from "../../core/model/tenant.ts";
import { deleteRequestsContract } from "../../core/ports/delete-requests.contract.ts";
import { SimClock } from "../../core/sim/clock.ts";

const skip = "Bun" in globalThis ? false : "bun:sqlite is only in Bun";

if (skip !== false) test("SQLite home of delete requests", { skip }, () => {});
else {
  const { SqliteDeleteRequests } = await import("./delete-requests.ts");
  const { Database } = await import("bun:sqlite");
  const folder = await mkdtemp(join(tmpdir(), "lokits-sqlite-"));
  after(() => rm(folder, { recursive: true }));
  let files = 0;

  const newPath = () => join(folder, `${++files}.sqlite`);
  const open = (path: string) => new SqliteDeleteRequests(path, { clock: new SimClock() });

  deleteRequestsContract("sqlite", async () => {
    const path = newPath();
    return { home: open(path), again: async () => open(path) };
  });

  test("the file has Loki's tables, and commits wait for the disk", async () => {
    const path = newPath();
    const home = open(path);
    const wish = { tenant: "t" as Tenant, id: "0000000a", query: "{}", createdMs: 7 };
    await home.add([
      { ...wish, part: 0, startMs: 0, endMs: 9, status: "received" },
      { ...wish, part: 1, startMs: 10, endMs: 19, status: "received" },
    ]);
    const receipt = {
      ...{ processedMs: 50, linesMatched: 1, linesRemoved: 1 },
      ...{ chunksRemoved: 0, chunksRewritten: 1 },
    };
    await home.process("t" as Tenant, "0000000a", 0, receipt);
    const raw = new Database(path);
    assert.deepEqual(raw.query("SELECT * FROM requests").all(), [
      {
        ...{ id: "0000000a", user_id: "t", created_at: 7, completed_at: null, query: "{}" },
        ...{ start_time: 0, end_time: 19, total_shards: 2, processed_shards: 1 },
      },
    ]);
    assert.deepEqual(raw.query("SELECT * FROM shards").all(), [
      { id: "0000000a", user_id: "t", start_time: 10, end_time: 19 },
    ]);
    assert.deepEqual(raw.query("SELECT typeof(gen_num) AS type FROM cache_gen").all(), [
      { type: "integer" },
    ]);
    assert.deepEqual(raw.query("PRAGMA journal_mode").get(), { journal_mode: "wal" });
    await home.process("t" as Tenant, "0000000a", 1, { ...receipt, processedMs: 60 });
    assert.deepEqual(raw.query("SELECT completed_at, processed_shards FROM requests").all(), [
      { completed_at: 60, processed_shards: 2 },
    ]);
    raw.close();
    await home.close();
  });

  test("a file that Loki wrote is taken over: what waits, and what is done", async () => {
    const path = newPath();
    await open(path).close();
    const raw = new Database(path);
    const insert = raw.query("INSERT INTO requests VALUES (?, 'fake', ?, ?, ?, ?, ?, ?, '{}')");
    insert.run("aaaaaaaa", 1, null, 0, 29, 3, 1);
    insert.run("bbbbbbbb", 2, 99, 0, 29, 3, 3);
    const shard = raw.query("INSERT INTO shards VALUES ('aaaaaaaa', 'fake', ?, ?)");
    shard.run(20, 29);
    shard.run(10, 19);
    raw.close();
    const home = open(path);
    assert.deepEqual(await home.list(), []);
    assert.equal(home.foreign().length, 3);
    home.adopt();
    assert.deepEqual(home.foreign(), []);
    assert.deepEqual(
      (await home.list()).map(({ id, part, startMs, status }) => [id, part, startMs, status]),
      [
        ["aaaaaaaa", 1, 10, "received"],
        ["aaaaaaaa", 2, 20, "received"],
        ["bbbbbbbb", 0, 0, "processed"],
      ],
    );
    await home.close();
  });

  test("a file that is no database is Corrupt, and stays as it is", async () => {
    const path = newPath();
    await writeFile(path, "x".repeat(5000));
    assert.throws(() => open(path), {
      name: "Corrupt",
      message: /^the database of delete requests: /,
    });
  });

  test("a process that is killed has what it was told is kept", async () => {
    const path = newPath();
    const code = `
      import { SqliteDeleteRequests } from ${JSON.stringify(new URL("./delete-requests.ts", import.meta.url).href)};
      const home = new SqliteDeleteRequests(${JSON.stringify(path)}, { clock: { now: () => 5n, nowMs: () => 5 } });
      const wish = { tenant: "t", part: 0, query: "{}", startMs: 0, endMs: 9, createdMs: 7, status: "received" };
      for (let id = 0; ; id++) {
        await home.add([{ ...wish, id: String(id) }]);
        process.stdout.write(id + "\\n");
        await new Promise((resolve) => setImmediate(resolve));
      }`;
    const child = Bun.spawn([process.execPath, "-e", code], { stdout: "pipe" });
    let told = "";
    for await (const piece of child.stdout) {
      told += new TextDecoder().decode(piece);
      if (told.split("\n").length > 20) break;
    }
    child.kill("SIGKILL");
    await child.exited;
    const home = open(path);
    const ids = new Set((await home.list()).map(({ id }) => id));
    const lines = told.split("\n").slice(0, -1);
    assert.ok(lines.length >= 20);
    for (const id of lines) assert.ok(ids.has(id), id);
    await home.close();
  });
}
