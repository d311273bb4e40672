/** Downloads in parts: shared/spec/logcli.md §5. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { type Asked, fakeLoki, streamsJson } from "./testing/fake-loki.ts";
import { inFolder, lokits } from "./testing/process.ts";

const T0 = 1_795_416_945_000_000_000n; // 2026-11-23T06:55:45Z
const TEN_MINUTES = 600_000_000_000n;
const RANGE = ["--from", String(T0), "--to", String(T0 + 12n * TEN_MINUTES)];
const PARTS = ["--parallel-max-workers", "3", "--parallel-duration", "30m", "-o", "raw"];
const NAMES = ["065545_20261123T072545", "072545_20261123T075545", "075545_20261123T082545"];

/** A line every ten minutes for two hours, from a server without streams. */
function lines({ params }: Asked): Response {
  if (params.has("stream")) return new Response("limit must be a positive value", { status: 400 });
  const [start, end] = [BigInt(params.get("start")!), BigInt(params.get("end")!)];
  const all = Array.from({ length: 12 }, (_, index): [bigint, string] => {
    return [T0 + BigInt(index) * TEN_MINUTES, `line ${index}`];
  });
  const found = all.filter(([time]) => time >= start && time < end);
  return streamsJson([
    { a: "b" },
    ...(params.get("direction") === "FORWARD" ? found : found.reverse()),
  ]);
}

const FORWARD = Array.from({ length: 12 }, (_, index) => `line ${index}`);

test("a wide range comes in parts, in order, and what is there is not asked for again", async () => {
  await fakeLoki(lines, async (addr, asked) => {
    await inFolder(async (cwd) => {
      const query = ["query", '{a="b"}', ...addr, ...RANGE, ...PARTS];
      const run = async (...flags: string[]) => {
        (asked as Asked[]).length = 0;
        const { code, stdout, stderr } = await lokits([...query, ...flags], { cwd });
        assert.equal(code, 0, stderr);
        return { printed: stdout.trimEnd().split("\n"), stderr };
      };
      assert.deepEqual((await run()).printed, FORWARD.toReversed());
      assert.deepEqual(readdirSync(cwd), []);
      const parts = ["--forward", "--part-path-prefix", "out"];
      assert.deepEqual((await run(...parts)).printed, [""]);
      assert.deepEqual(
        readdirSync(cwd).sort().slice(0, 3),
        NAMES.map((name) => `out_20261123T${name}.part`),
      );
      // Nothing is printed unless it is to be merged, and nothing removed that is to be kept.
      assert.deepEqual((await run(...parts, "--keep-parts")).printed, [""]);
      const kept = await run(...parts, "--merge-parts", "--keep-parts");
      assert.deepEqual([kept.printed, readdirSync(cwd).length, asked.length], [FORWARD, 4, 0]);
      await run(...parts, "--overwrite-completed-parts");
      assert.equal(asked.filter(({ params }) => !params.has("stream")).length, 4);
      const merged = await run(...parts, "--merge-parts");
      assert.deepEqual([merged.printed, readdirSync(cwd), asked.length], [FORWARD, [], 0]);
      assert.equal(merged.stderr.match(/Skip range: .*: already downloaded/g)?.length, 4);
    });
  });
});

test("--since is cut from its end: no part of a moment's length", async () => {
  await fakeLoki(
    () => streamsJson(),
    async (addr) => {
      await inFolder(async (cwd) => {
        const flags = ["--since", "2h", "--part-path-prefix", "out", "-q"];
        await lokits(["query", '{a="b"}', ...addr, ...PARTS, ...flags], { cwd });
        assert.equal(readdirSync(cwd).length, 4);
      });
    },
  );
});

test("what cannot be in parts, and what is wrong with them, is said", async () => {
  await fakeLoki(
    (asked) =>
      asked.params.get("query")!.startsWith("{")
        ? lines(asked)
        : Response.json({ data: { resultType: "matrix", result: [] } }),
    async (addr) => {
      await inFolder(async (cwd) => {
        const f = async (...flags: string[]) =>
          await lokits([...flags, ...addr, ...RANGE], { cwd });
        const lost = await f("query", '{a="b"}', ...PARTS, "-q", "--part-path-prefix", "no/such/x");
        assert.match(
          lost.stderr,
          /^lokits query: part no\/such\/x_\S+\.part cannot be written: ENOENT: no such file or directory\n$/,
        );
        assert.deepEqual([lost.code, lost.stdout], [1, ""]);
        const none = await f(
          "query",
          '{a="b"}',
          "--parallel-max-workers",
          "0",
          "--limit",
          "1",
          "-oraw",
        );
        assert.match(
          none.stderr,
          /parallel-max-workers must be greater than 0, defaulting to 1\.\n/,
        );
        assert.deepEqual([none.code, none.stdout], [0, "line 11\n"]);
        const alone = await f("query", '{a="b"}', "--part-path-prefix", "x", "--limit", "1");
        assert.match(alone.stderr, /no parts are written: .* of 2 or more\n/);
        assert.equal((await f("query", 'rate({a="b"}[1m])', ...PARTS, "-q")).stdout, "[]");
      });
    },
  );
});

test("a run that was stopped leaves its whole parts and no files in the temporary folder", async () => {
  await fakeLoki(
    async (asked) => {
      // The last two parts never come.
      if (BigInt(asked.params.get("start")!) >= T0 + 6n * TEN_MINUTES) await Bun.sleep(60_000);
      return lines(asked);
    },
    async (addr) => {
      await inFolder(async (cwd) => {
        const launch = resolve(import.meta.dirname, "launch.mjs");
        const query = [launch, "query", '{a="b"}', ...addr, ...RANGE, ...PARTS, "--forward"];
        const stopped = async (ready: () => boolean, ...flags: string[]) => {
          const child = spawn("node", [...query, ...flags], {
            ...{ cwd, env: { ...process.env, TMPDIR: cwd }, stdio: "ignore" },
          });
          while (!ready()) await Bun.sleep(20);
          child.kill("SIGINT");
          return await new Promise((done) => child.once("exit", done));
        };
        const parts = () => readdirSync(cwd, { recursive: true }).map(String);
        const whole = () => parts().filter((name) => name.endsWith(".part")).length === 2;
        assert.equal(await stopped(whole, "--part-path-prefix", join(cwd, "own")), 130);
        assert.equal(whole(), true);
        for (const name of parts()) await Bun.file(join(cwd, name)).delete();
        const begun = () => parts().some((name) => name.endsWith(".part.tmp"));
        assert.deepEqual([await stopped(begun), parts()], [130, []]);
      });
    },
  );
});
