/** What `query` does that logcli does not, from outside: against files, a server and the server's bucket. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { inFolder, lokits, pushLines, startServer } from "./testing/process.ts";

const LINES = ["one", "two", "three ERROR", "four", "five", "six", "seven ERROR", "eight"];

async function out(args: readonly string[], cwd: string): Promise<string[]> {
  const { stdout, stderr, code } = await lokits(["query", ...args], { cwd });
  assert.equal(code, 0, stderr);
  return stdout.split("\n").slice(0, -1);
}

test("query -C, --explain and the stages of our own: files, a server and its bucket agree", async () => {
  await inFolder(async (cwd) => {
    await Bun.write(join(cwd, "a.log"), LINES.map((line) => `${line}\n`).join(""));
    const server = await startServer([], { cwd });
    const start = BigInt(Date.now()) * 1_000_000n - 60_000_000_000n;
    const rows = LINES.map((line, index) => [start + BigInt(index), line] as [bigint, string]);
    await pushLines(server.url, { filename: "a.log" }, rows);
    const memory = ["--addr", server.url];
    await check("files", ["a.log"]);
    await check("server", memory);

    // More lines than pages and limits of a server hold: --limit 0 is one stream.
    const many = Array.from({ length: 12_000 }, (_, index) => `line ${index}`);
    for (let at = 0; at < many.length; at += 4000) {
      await pushLines(
        server.url,
        { filename: "many" },
        many
          .slice(at, at + 4000)
          .map((line, index) => [start + BigInt(at + index), line] as [bigint, string]),
      );
    }
    const all = ['{filename="many"}', "--forward", "-o", "raw", "--limit"];
    assert.deepEqual(await out([...all, "0", ...memory], cwd), many);
    assert.deepEqual(await out([...all, "2500", ...memory], cwd), many.slice(0, 2500));

    const chunks = join(cwd, "lokits-data/chunks");
    await fetch(`${server.url}/flush`, { method: "POST" });
    for (let tries = 0; tries < 100 && !existsSync(join(chunks, "index")); tries++)
      await Bun.sleep(50);
    assert.equal(await server.stop(), 0);
    await check("bucket", ["--store", `file://${chunks}`]);

    async function check(place: string, where: readonly string[]): Promise<void> {
      const raw = (query: string, ...more: string[]) =>
        out([`{filename="a.log"} ${query}`, ...where, "-o", "raw", "--forward", ...more], cwd);
      assert.deepEqual(
        await raw('|= "ERROR"', "-C", "1"),
        ["two", "three ERROR", "four", "--", "six", "seven ERROR", "eight"],
        place,
      );
      assert.deepEqual(
        await raw('|= "ERROR"', "-B", "1", "--limit", "1"),
        ["two", "three ERROR"],
        place,
      );
      assert.deepEqual(
        await raw('|= "ERROR"', "-A", "2"),
        ["three ERROR", "four", "five", "--", "seven ERROR", "eight"],
        place,
      );
      const parsed = '| regexp "(?P<first>^.)(?P<rest>.*)"';
      assert.deepEqual(
        await raw(`${parsed} | distinct first | sort by first desc`),
        ["two", "six", "one", "four", "eight"],
        place,
      );
      assert.deepEqual(await raw("| last 2"), ["seven ERROR", "eight"], place);
      const counted = await out(
        [
          `count_distinct(sum by (first) (count_over_time({filename="a.log"} ${parsed} [1h])))`,
          ...where,
          ...["--now", String(Date.now() * 1_000_000 + 1e9), "-o", "jsonl"],
        ],
        cwd,
      );
      assert.equal((JSON.parse(counted[0]!) as { value: [number, string] }).value[1], "5", place);

      const query = '{filename="a.log"} |= "ERROR"';
      const plan = await out([query, ...where, "--explain", "--limit", "30"], cwd);
      assert.deepEqual(plan.slice(0, 2), ["30 lines backward", '  |= "ERROR"'], place);
      assert.match(plan.at(-1)!, /would read 1 streams, 1 chunks, /, place);
      const analyzed = await out([query, ...where, "--analyze"], cwd);
      assert.match(analyzed.at(-2)!, /8 lines in time, 2 after \|= "ERROR"/, place);
      assert.match(analyzed.at(-1)!, /^gave 2 lines in /, place);
      const [json] = await out([query, ...where, "--explain", "-o", "jsonl"], cwd);
      assert.deepEqual(Object.keys(JSON.parse(json!) as object), ["plan", "estimates"], place);
    }
  });
});

test("query --format prints a query laid out, or why it is none", async () => {
  const { stdout, code } = await lokits(["query", "--format", 'sum(rate({a="b"}|="c"[1m]))']);
  assert.deepEqual([stdout, code], ['sum(rate({a="b"} |= "c"[1m]))\n', 0]);
  const bad = await lokits(["query", "--format", "sum("]);
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /parse error at line 1, col 5: /);
});

test("JSON lines say which line matched", async () => {
  const run = await lokits(["query", '|= "b"', "--stdin", "--forward", "-C", "1", "-o", "jsonl"], {
    stdin: "a\nb\nc\n",
  });
  const lines = run.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { line: string; group: number; match: boolean });
  assert.deepEqual(
    lines.map(({ line, group, match }) => [line, group, match]),
    [
      ["a", 1, false],
      ["b", 1, true],
      ["c", 1, false],
    ],
  );
  const found = await lokits(["query", '|= "x"', "--stdin", "-C", "1", "--fail-on-match"], {
    stdin: "a\n",
  });
  assert.equal(found.code, 0);
});

test("a Loki that knows no streams is asked page by page", async () => {
  const lines = Array.from({ length: 2300 }, (_, index) => [String(1000 + index), `line ${index}`]);
  const asked: string[] = [];
  const server = Bun.serve({
    port: 0,
    fetch(request) {
      const params = new URL(request.url).searchParams;
      const [limit, start] = [Number(params.get("limit")), Number(params.get("start"))];
      asked.push(`${params.get("stream") ?? "page"} ${limit}`);
      if (limit <= 0) return new Response("limit must be a positive value", { status: 400 });
      const values = lines.filter(([time]) => Number(time) >= start).slice(0, limit);
      const result = [{ stream: { a: "b" }, values }];
      return Response.json({ status: "success", data: { resultType: "streams", result } });
    },
  });
  try {
    const base = ["query", '{a="b"}', "--addr", server.url.href, "--forward", "-o", "raw"];
    const times = ["--from", "0", "--to", "2000000000"];
    const run = await lokits([...base, ...times, "--limit", "0"]);
    assert.equal(run.stdout.trimEnd().split("\n").length, 2300, run.stderr);
    assert.deepEqual(asked, ["true 0", "page 1000", "page 1000", "page 1000"]);
    const around = await lokits([...base, ...times, "-C", "1"]);
    assert.equal(around.code, 1);
    assert.match(around.stderr, /the server cannot do this: it has no streams of lines/);
  } finally {
    await server.stop(true);
  }
});
