/** `lokits compact` from outside: what it says, what it changes, its exit codes. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { inFolder, lokits } from "./testing/process.ts";

const HOUR_MS = 3_600_000;

function config(cwd: string, { period, more = "" }: { period: string; more?: string }): string {
  return `
common: {path_prefix: ${cwd}/data, replication_factor: 1, instance_addr: 127.0.0.1, ring: {kvstore: {store: inmemory}}}
storage_config: {filesystem: {directory: ${cwd}/bucket}}
schema_config:
  configs: [{from: 2020-01-01, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: index_, period: 24h}}]
limits_config: {retention_period: ${period}}
compactor: {retention_enabled: true, delete_request_store: filesystem, retention_delete_delay: 0s${more}}
`;
}

test("compact keeps to retention as configured, asks before it keeps less, and says what went", async () => {
  await inFolder(async (cwd) => {
    const file = join(cwd, "config.yaml");
    const store = `file://${cwd}/bucket`;
    const compact = (...flags: string[]) =>
      lokits(["compact", "--config.file", file, ...flags], { cwd });
    const left = async () =>
      (
        await lokits(["query", '{app="a"}', "--store", store, "-o", "raw", "--limit", "0"], { cwd })
      ).stdout
        .trim()
        .split("\n");
    const lines = [100, 60, 10].map((hours) => ({
      time: new Date(Date.now() - hours * HOUR_MS).toISOString(),
      message: `${hours} hours ago`,
    }));
    await writeFile(join(cwd, "lines.json"), lines.map((line) => JSON.stringify(line)).join("\n"));
    const ingested = await lokits(
      [
        ...["ingest", "lines.json", "--store", store, "--label", "app=a"],
        ...["--timestamp-field", "time"],
      ],
      { cwd },
    );
    assert.equal(ingested.code, 0, ingested.stderr);
    assert.equal((await left()).length, 3);

    await writeFile(file, config(cwd, { period: "72h" }));
    const would = await compact("--dry-run", "--output", "jsonl");
    assert.equal(would.code, 0, would.stderr);
    assert.equal(JSON.parse(would.stdout).retention.losses.total.lines, 1);
    assert.equal((await left()).length, 3);
    const went = await compact();
    assert.equal(went.code, 0, went.stderr);
    assert.match(went.stdout, /retention: 1 lines, .* went\n {2}tenant fake: 1 lines/);
    assert.match(went.stderr, /msg="finished compacting table" table-name=index_/);
    assert.equal((await left()).length, 2);

    await writeFile(file, config(cwd, { period: "48h" }));
    const asked = await compact();
    assert.equal(asked.code, 4);
    assert.match(
      asked.stdout,
      /tenant fake: 72h becomes 48h\nretention: 1 lines, .* would go with --confirm/,
    );
    assert.equal((await left()).length, 2);
    assert.equal((await compact("--confirm")).code, 0);
    assert.equal((await left()).length, 1);
    // The delay is none, so the next pass has swept what this one marked.
    await compact("--quiet");
    assert.equal(existsSync(join(cwd, "bucket/lokits/marks")), false);

    // A bucket that retention has emptied is one still.
    await writeFile(file, config(cwd, { period: "1h" }));
    assert.equal((await compact("--confirm", "-q")).code, 0);
    const emptied = await compact("-q");
    assert.deepEqual([emptied.code, emptied.stderr], [0, ""]);

    const odd = await compact("--streams=-3");
    assert.deepEqual([odd.code, odd.stdout], [2, ""]);
    assert.match(odd.stderr, /^lokits compact: --streams is "-3", want a whole number[^\n]*\n$/);
  });
});

test("compact wants a bucket, and leaves it to another compactor that is at work", async () => {
  await inFolder(async (cwd) => {
    assert.equal((await lokits(["compact"], { cwd })).code, 2);
    const store = `file://${cwd}/bucket`;
    await lokits(["ingest", "--store", store, "--label", "app=a"], { cwd, stdin: "a line\n" });
    await lokits(["compact", "--store", store, "-q"], { cwd });
    const folder = join(cwd, "bucket/lokits/lease");
    const last = (await readdir(folder)).sort().at(-1)!;
    const next = String(Number(last) + 1).padStart(12, "0");
    const term = { holder: "someone", atMs: Date.now(), endMs: Date.now() + 60_000 };
    await writeFile(join(folder, next), JSON.stringify(term));
    const { code, stderr } = await lokits(["compact", "--store", store], { cwd });
    assert.equal(code, 3);
    assert.match(stderr, /another compactor, someone, is at work until/);
  });
});
