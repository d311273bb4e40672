/** What logcli's commands ask a server: the requests of shared/spec/logcli.md §2 and §4, and how often. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Asked, fakeLoki, streamsJson } from "./testing/fake-loki.ts";
import { lokits } from "./testing/process.ts";

const T0 = 1_795_416_945_000_000_000n; // 2026-11-23T06:55:45Z
const WINDOW = ["--from", "2026-11-23T06:50:00Z", "--to", "2026-11-23T07:00:00Z"];
const BOUNDS = { start: "1795416600000000000", end: "1795417200000000000" };

const vector = () =>
  Response.json({ status: "success", data: { resultType: "vector", result: [] } });

test("each command asks with logcli's parameters, in Go's order", async () => {
  const matrix = { status: "success", data: { resultType: "matrix", result: [] } };
  await fakeLoki(
    ({ path, params }) => {
      if (path.endsWith("query_range") && !params.get("query")!.startsWith("{"))
        return Response.json(matrix);
      if (path.endsWith("query_range")) return streamsJson();
      if (path.endsWith("index/stats"))
        return Response.json({ bytes: 0, chunks: 0, streams: 0, entries: 0 });
      return path.endsWith("query") || path.includes("index") ? vector() : Response.json({});
    },
    async (addr, asked) => {
      const f = async (line: string[], path: string, params: Record<string, string>) => {
        const from = asked.length;
        const run = await lokits([...line, ...addr, "-q"]);
        assert.equal(run.code, 0, run.stderr);
        const [only, ...more] = asked.slice(from) as Asked[];
        assert.deepEqual(
          [only!.method, only!.path, more.length],
          ["GET", `/loki/api/v1/${path}`, 0],
        );
        const sorted = Object.fromEntries(Object.entries(params).sort());
        assert.equal(only!.search, `?${new URLSearchParams(sorted)}`);
      };
      const selector = '{a="b"}';
      const lines = { direction: "BACKWARD", limit: "30", query: selector, ...BOUNDS };
      await f(["query", selector, ...WINDOW], "query_range", lines);
      await f(
        [
          "query",
          selector,
          ...WINDOW,
          "--forward",
          "--step",
          "1m30s",
          "--interval",
          "500ms",
          "--limit",
          "5000",
        ],
        "query_range",
        { ...lines, direction: "FORWARD", step: "90", interval: "0.5", limit: "1000" },
      );
      const rate = 'rate({a="b"}[1m])';
      await f(["query", rate, ...WINDOW, "--step=30s"], "query_range", {
        ...{ ...lines, query: rate, step: "30" },
      });
      await f(["instant-query", rate, "--now", "2026-11-23T06:55:45Z", "--limit", "7"], "query", {
        ...{ direction: "BACKWARD", limit: "7", query: rate, time: String(T0) },
      });
      await f(["instant-query", selector, "--now", String(T0)], "query", {
        ...{ direction: "BACKWARD", limit: "30", query: selector, time: String(T0) },
      });
      await f(["labels", ...WINDOW], "labels", BOUNDS);
      await f(["labels", "ä/b", ...WINDOW], "label/%C3%A4%2Fb/values", BOUNDS);
      await f(["series", selector, ...WINDOW], "series", { match: selector, ...BOUNDS });
      await f(["stats", selector, ...WINDOW], "index/stats", { query: selector, ...BOUNDS });
      await f(["volume", selector, ...WINDOW], "index/volume", {
        ...{ limit: "30", query: selector, ...BOUNDS },
      });
      await f(["volume_range", selector, ...WINDOW], "index/volume_range", {
        ...{ limit: "30", query: selector, step: "3600", ...BOUNDS },
      });
      await f(["detected-fields", selector, "f", ...WINDOW], "detected_field/f/values", {
        ...{ limit: "100", line_limit: "1000", query: selector, step: "10", ...BOUNDS },
      });
    },
  );
});

/** Lines 0 … of which so many share each time, as pages of a server. */
function paged(count: number, perTime: number) {
  const times = Array.from(
    { length: count },
    (_, index) => T0 + BigInt(Math.floor(index / perTime)),
  );
  return ({ params }: Asked): Response => {
    const [start, end] = [BigInt(params.get("start")!), BigInt(params.get("end")!)];
    const found = times
      .map((time, index): [bigint, string] => [time, `line ${index}`])
      .filter(([time]) => time >= start && time < end);
    if (params.get("direction") === "BACKWARD") found.reverse();
    return streamsJson([{ a: "b" }, ...found.slice(0, Number(params.get("limit")))]);
  };
}

test("pages go on at the last time, and lines of one time on both sides come once", async () => {
  await fakeLoki(paged(20, 3), async (addr, asked) => {
    for (const direction of [[], ["--forward"]]) {
      const flags = ["--batch", "5", "--limit", "13", "-o", "raw", ...direction];
      const run = await lokits(["query", '{a="b"}', ...addr, ...WINDOW, ...flags]);
      const expected = Array.from({ length: 13 }, (_, at) => (direction.length > 0 ? at : 19 - at));
      assert.deepEqual(
        run.stdout.trimEnd().split("\n"),
        expected.map((each) => `line ${each}`),
      );
      assert.equal(
        run.stderr.match(/query_range\?/g)?.length,
        asked.length,
        "every request is told",
      );
      // Never more than a batch, and of the last page no more than is missing.
      assert.ok(asked.every(({ params }) => Number(params.get("limit")) <= 5));
      (asked as Asked[]).length = 0;
    }
  });
});

test("a batch of lines that all share a time ends in logcli's words, after what was found", async () => {
  await fakeLoki(paged(9, 9), async (addr, asked) => {
    const query = ["query", '{a="b"}', ...addr, ...WINDOW, "-q", "-o", "raw"];
    const stuck = await lokits([...query, "--batch", "4", "--limit", "7"]);
    assert.deepEqual([stuck.code, asked.length], [1, 1]);
    assert.equal(stuck.stdout, "line 8\nline 7\nline 6\nline 5\n");
    assert.match(
      stuck.stderr,
      /Invalid batch size 4, the next query will have 4 overlapping entries \(.*\)\. Please increase your batch size to at least 5 to account for overlapping entryes/,
    );
    assert.equal((await lokits([...query, "--batch", "4", "--limit", "4"])).code, 0);
  });
});

test("errors end what is printed, and what came before them is printed", async () => {
  const pages = paged(10, 1);
  await fakeLoki(
    (asked) =>
      asked.params.get("end") === BOUNDS.end ? pages(asked) : new Response("gone", { status: 400 }),
    async (addr) => {
      for (const mode of ["default", "raw", "jsonl"]) {
        const flags = ["--batch", "4", "--limit", "9", "-q", "-o", mode];
        const run = await lokits(["query", '{a="b"}', ...addr, ...WINDOW, ...flags]);
        assert.deepEqual([run.code, run.stdout.split("\n").length], [1, 5], mode);
        assert.match(
          run.stderr,
          /Error response from server: gone \(400\) attempts remaining: 0\n/,
        );
      }
    },
  );
});

test("what a server knows and we do not it may answer with numbers, or with pages of lines", async () => {
  const series = [{ metric: { a: "b" }, values: [[1795416945, "1"]] }];
  const matrix = { status: "success", data: { resultType: "matrix", result: series } };
  await fakeLoki(
    () => Response.json(matrix),
    async (addr, asked) => {
      const run = await lokits(["query", 'new_rate({a="b"}[1m])', ...addr, ...WINDOW, "-q"]);
      assert.deepEqual(
        [run.stdout, asked.length],
        [JSON.stringify(series, null, 2), 1],
        run.stderr,
      );
    },
  );
  await fakeLoki(paged(9, 1), async (addr, asked) => {
    const flags = ["-q", "-o", "raw", "--batch", "4", "--limit", "6"];
    const run = await lokits(["query", '{a="b"} | new_stage', ...addr, ...WINDOW, ...flags]);
    const expected = [8, 7, 6, 5, 4, 3].map((index) => `line ${index}\n`).join("");
    assert.deepEqual([run.stdout, asked.length], [expected, 2], run.stderr);
  });
});
