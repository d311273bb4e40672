/** The tools for buckets from outside, on copies of the recorded buckets of shared/golden. */
import assert from "node:assert/strict";
import { cp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import {
  ALL,
  BUCKETS,
  corpusEntries,
  corpusOf,
  printedEntries,
  withoutShared,
} from "./testing/corpus.ts";
import { inFolder, lokits } from "./testing/process.ts";

function tenantsOf(bucket: string): string[] {
  return bucket.startsWith("multi-tenant") ? ["team-a", "team-b"] : ["fake"];
}

async function assertCorpus(bucket: string, store: string, tenants = tenantsOf(bucket)) {
  const wanted = corpusEntries(corpusOf(bucket));
  for (const tenant of tenants) {
    const { stdout, stderr, code } = await lokits([...ALL, "--store", store, "--org-id", tenant]);
    assert.deepEqual([stderr, code], ["", 0], bucket);
    assert.deepEqual(printedEntries(stdout), wanted, `${bucket} ${tenant}`);
  }
}

const jsonLines = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

async function filesIn(folder: string): Promise<string[]> {
  const items = await readdir(folder, { recursive: true, withFileTypes: true });
  return items
    .filter((item) => item.isFile())
    .map((item) => join(item.parentPath, item.name))
    .sort();
}

test("compact rebuild: after the whole index is gone every line is found again", {
  skip: withoutShared,
}, async () => {
  for (const bucket of ["v11-snappy", "v12-lz4", "s3-v12-snappy", "v13-gzip", "multi-tenant"]) {
    await inFolder(async (folder) => {
      await cp(join(BUCKETS, bucket), folder, { recursive: true });
      await rm(join(folder, "index"), { recursive: true });
      const names = bucket === "multi-tenant" ? ["--index-prefix", "loki_index_"] : [];
      const rebuild = ["compact", "rebuild", "--store", folder, ...names];
      const { stdout, stderr, code } = await lokits(rebuild);
      if (names.length > 0) assert.equal(stderr, "");
      else assert.match(stderr, /^warning: .* --config.file or --index-prefix says it\n$/);
      assert.equal(code, 0, bucket);
      assert.match(stdout, /index files written/);
      await assertCorpus(bucket, folder);
    });
  }
});

test("compact verify: exit code 1 and a line an object when anything is wrong", {
  skip: withoutShared,
}, async () => {
  await inFolder(async (folder) => {
    await cp(join(BUCKETS, "v12-zstd"), folder, { recursive: true });
    const sound = await lokits(["compact", "verify", "--store", folder, "-o", "jsonl"]);
    assert.deepEqual([sound.stderr, sound.code], ["", 0]);
    const [report] = jsonLines(sound.stdout);
    assert.deepEqual([report!["read"], report!["lines"], report!["sound"]], [6, 900, true]);

    const [damaged, missing] = await filesIn(join(folder, "fake"));
    const bytes = await readFile(damaged!);
    bytes[bytes.length >> 1]! ^= 8;
    await writeFile(damaged!, bytes);
    await rm(missing!);
    const wrong = await lokits(["compact", "verify", "--store", folder, "-o", "jsonl"]);
    assert.equal(wrong.code, 1);
    const kinds = jsonLines(wrong.stdout).map(({ kind }) => kind);
    assert.deepEqual(kinds, ["damaged", "missing", "report"]);
    const [index] = await filesIn(join(folder, "index"));
    await writeFile(index!, "no index");
    const beside = await lokits(["compact", "rebuild", "--store", folder]);
    assert.match(beside.stderr, /warning: 1 damaged index files .*: --replace removes them\n/);
    await rm(join(folder, "index"), { recursive: true });
    const orphaned = await lokits(["compact", "verify", "--store", folder, "--grace", "0s"]);
    assert.match(orphaned.stdout, /orphaned {3}\S+ {2}no index file names it/);
    const { key } = jsonLines(wrong.stdout)[0]!;
    const inspected = await lokits(["compact", "inspect", "--store", folder, String(key)]);
    assert.equal(inspected.code, 1);
    assert.match(inspected.stdout, /DAMAGED {6}checksum is [0-9a-f]+, the key says/);
  });
});

test("compact inspect prints the lines of a chunk and the series of an index file, from files too", {
  skip: withoutShared,
}, async () => {
  const bucket = join(BUCKETS, "v13-snappy");
  const chunks = await filesIn(join(bucket, "fake"));
  let lines = 0;
  for (const chunk of chunks) {
    const { stdout, code } = await lokits(["compact", "inspect", chunk, "--lines", "-o", "jsonl"]);
    assert.equal(code, 0);
    const [head, ...rest] = jsonLines(stdout);
    assert.deepEqual([head!["kind"], head!["format"], head!["encoding"]], ["chunk", 4, "snappy"]);
    assert.equal(rest.length, head!["entries"]);
    assert.ok(rest.every(({ metadata }) => "request_id" in (metadata as object)));
    lines += rest.length;
  }
  assert.equal(lines, 900);
  const [index] = await filesIn(join(bucket, "index"));
  const key = index!.slice(bucket.length + 1);
  const { stdout } = await lokits([
    "compact",
    "inspect",
    "--key",
    key,
    "--store",
    bucket,
    "--series",
  ]);
  assert.match(stdout, /version {6}3, checksum [0-9a-f]{8}/);
  assert.match(stdout, /series {7}6, \d+ symbols/);
  assert.equal(stdout.match(/ entries, \d+ KiB$/gm)?.length, 6);
  assert.equal((await lokits(["compact", "inspect", "--store", bucket, "no/such"])).code, 1);
});

test("compact stats counts lines, streams and values by tenant and day", {
  skip: withoutShared,
}, async () => {
  const store = join(BUCKETS, "multi-tenant-compacted");
  const { stdout, code } = await lokits(["compact", "stats", "--store", store, "-o", "jsonl"]);
  assert.equal(code, 0);
  const rows = jsonLines(stdout);
  const tenants = rows.filter(({ kind }) => kind === "tenant");
  assert.deepEqual(
    tenants.map(({ tenant, lines, streams, chunks }) => [tenant, lines, streams, chunks]),
    [
      ["team-a", 2400, 12, 12],
      ["team-b", 2400, 12, 12],
    ],
  );
  assert.equal(rows.filter(({ kind }) => kind === "table").length, 4);
  const text = await lokits([
    "compact",
    "stats",
    "--store",
    store,
    "--tenant",
    "team-b",
    "--top",
    "1",
  ]);
  assert.match(text.stdout, /^team-b {2}436\.2 kB {3}2400 {6}12 {7}12 /m);
  assert.match(text.stdout, /… 6 labels more/);
});

test("compact migrate: the same lines in another encoding, schema and tenant", {
  skip: withoutShared,
}, async () => {
  await inFolder(async (folder) => {
    const [zstd, resume] = [join(folder, "zstd"), join(folder, "state.json")];
    const bucket = join(BUCKETS, "v11-snappy");
    const run = await lokits([
      ...["compact", "migrate", "--store", bucket, "--to", zstd],
      ...[
        "--schema",
        "v13",
        "--chunk-encoding",
        "zstd",
        "--tenant",
        "fake=new",
        "--resume",
        resume,
      ],
    ]);
    assert.deepEqual([run.stderr, run.code], ["", 0]);
    assert.match(run.stdout, /900 lines in, 900 lines out/);
    await assert.rejects(stat(resume));
    await assertCorpus("v11-snappy", zstd, ["new"]);
    for (const inside of [zstd, join(zstd, "deeper"), join(folder, "link")]) {
      await symlink(zstd, join(folder, "link")).catch(() => undefined);
      const refused = await lokits(["compact", "migrate", "--store", zstd, "--to", inside]);
      assert.match(refused.stderr, /--to file:\S+ is the bucket file:\S+ itself, or lies in it/);
      assert.equal(refused.code, 2);
    }
    const [chunk] = await filesIn(join(zstd, "new"));
    assert.match((await lokits(["compact", "inspect", chunk!])).stdout, /format {7}4, zstd/);
    const lossy = await lokits([
      ...["compact", "migrate", "--store", join(BUCKETS, "v13-none"), "--to", join(folder, "b")],
      ...["--schema", "v12"],
    ]);
    assert.equal(lossy.code, 1);
    assert.match(lossy.stderr, /structured metadata, which only schema v13 keeps/);
  });
});

test("compact's tools refuse what makes no sense with exit code 2, and each has a help of its own", async () => {
  const given: [string[], RegExp][] = [
    [["verfy", "--store", "."], /there is no tool "verfy", want one of inspect, verify, /],
    [
      ["verify", "--store", ".", "extra", "words"],
      /^lokits compact verify: "extra" is one word too/,
    ],
    [["verify"], /--store or --config.file is wanted/],
    [["stats", "--store", ".", "--top", "-3"], /^lokits compact stats: [^\n]+\n$/],
    [
      ["migrate", "--store", ".", "--to", "x", "--from", "2023-10-02", "--to", "2023-10-01"],
      /--from 2023-10-02 is not before --to 2023-10-01/,
    ],
    [["verify", "--store", ".", "--sample", "0"], /--sample is "0", want a part such as 1%/],
    [["inspect"], /a key or a file is wanted/],
    [["migrate", "--store", "."], /one bucket to write is wanted/],
    [
      ["migrate", "--store", ".", "--to", "x", "--tenant", "=b"],
      /--tenant is "=b", want ID or ID=NEW/,
    ],
  ];
  for (const [args, message] of given) {
    const { stderr, code } = await lokits(["compact", ...args]);
    assert.equal(code, 2, args.join(" "));
    assert.match(stderr, message);
  }
  for (const tool of ["inspect", "verify", "rebuild", "migrate", "stats"]) {
    const { stdout, code } = await lokits(["compact", tool, "--help"]);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`lokits compact ${tool} `));
  }
});

test("what is no bucket passes for none, and nothing is made there", async () => {
  await inFolder(async (cwd) => {
    await mkdir(join(cwd, "empty"));
    await writeFile(join(cwd, "file"), "x");
    const commands = [
      ["compact", "verify"],
      ["compact", "rebuild"],
      ["compact", "stats"],
      ["compact", "migrate", "--to", "target"],
      ["compact"],
      ["query", "{a=~'.+'}"],
      ["labels"],
    ];
    const places: [string, RegExp][] = [
      ["nope", /file:\/\/\S+\/nope: no such folder\n/],
      ["file", /\/file: is a file, not a bucket's folder\n/],
      ["empty", /\/empty: holds no index and no chunks\n/],
    ];
    const runs = commands.flatMap((command) =>
      places.map(async ([place, message]) => {
        const { stderr, code } = await lokits([...command, "--store", place], { cwd });
        assert.equal(code, 1, [...command, place].join(" "));
        assert.match(stderr, message);
      }),
    );
    await Promise.all(runs);
    const written = ["ingest", "--store", "file", "--label", "a=b"];
    assert.match((await lokits(written, { cwd, stdin: "x\n" })).stderr, /is a file, not/);
    assert.deepEqual((await readdir(cwd, { recursive: true })).sort(), ["empty", "file"]);
  });
});

test("a tenant that the bucket has not is named", { skip: withoutShared }, async () => {
  await inFolder(async (cwd) => {
    const store = ["--store", join(BUCKETS, "v12-zstd"), "--tenant", "nosuch"];
    for (const tool of [["stats"], ["rebuild"], ["migrate", "--to", "target"]]) {
      const { stderr, code } = await lokits(["compact", ...tool, ...store], { cwd });
      assert.equal(code, 1);
      assert.match(stderr, /the bucket has no nosuch/);
    }
    assert.deepEqual(await readdir(cwd), []);
  });
});

test("a configuration with two stores has both of them verified, counted and mended", {
  skip: withoutShared,
}, async () => {
  await inFolder(async (cwd) => {
    for (const store of ["old", "new"])
      await cp(join(BUCKETS, "multi-tenant"), join(cwd, store), { recursive: true });
    const period = (from: string, store: string) =>
      `    - {from: ${from}, store: tsdb, object_store: ${store}, schema: v12, index: {prefix: loki_index_, period: 24h}}\n`;
    await writeFile(
      join(cwd, "config.yaml"),
      `storage_config:
  filesystem: {directory: ${cwd}/old}
  named_stores: {filesystem: {later: {directory: ${cwd}/new}}}
schema_config:
  configs:
${period("2020-01-01", "filesystem")}${period("2023-10-30", "later")}`,
    );
    const f = async (...args: string[]) =>
      await lokits(["compact", ...args, "--config.file", "config.yaml"], { cwd });
    const [verified, counted] = await Promise.all([f("verify", "-o", "jsonl"), f("stats")]);
    assert.deepEqual([verified.stderr, verified.code, counted.code], ["", 0, 0]);
    const kinds = jsonLines(verified.stdout).map(({ kind, sound }) => [kind, sound]);
    assert.deepEqual(kinds, [
      ["store", undefined],
      ["report", true],
      ["store", undefined],
      ["report", true],
    ]);
    assert.match(
      counted.stdout,
      /^store file:\S+\/old\ntenant [\s\S]*^store file:\S+\/new\ntenant /m,
    );
    assert.equal((await f("verify", "--resume", "state")).code, 2);
    for (const store of ["old", "new"]) await rm(join(cwd, store, "index"), { recursive: true });
    const rebuilt = await f("rebuild");
    assert.deepEqual([rebuilt.stderr, rebuilt.code], ["", 0]);
    assert.deepEqual((await readdir(join(cwd, "old/index"))).sort(), [
      "loki_index_19658",
      "loki_index_19659",
    ]);
    assert.deepEqual((await readdir(join(cwd, "new/index"))).sort(), [
      "loki_index_19660",
      "loki_index_19661",
    ]);
  });
});
