/**
 * logcli's commands, flags and forms of output (shared/spec/logcli.md). The examples marked (obs) there
 * were printed by logcli 2.9.1 and stand here as they are.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { SHARED, withoutShared } from "./testing/corpus.ts";
import { inFolder, lokits } from "./testing/process.ts";

const T0 = 1_795_416_945_000_000_000n; // 2026-11-23T06:55:45Z
const WINDOW = ["--from", "2026-11-23T06:50:00Z", "--to", "2026-11-23T07:00:00Z"];

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly params: URLSearchParams;
  readonly headers: Headers;
}

/** A server that gives one answer and keeps what it was asked. */
async function given<T>(
  answer: unknown,
  run: (addr: string[], asked: Asked[]) => Promise<T>,
): Promise<T> {
  const asked: Asked[] = [];
  const server = Bun.serve({
    port: 0,
    fetch: (request) => {
      const { pathname: path, searchParams: params } = new URL(request.url);
      asked.push({ method: request.method, path, params, headers: request.headers });
      return answer === undefined ? new Response(null, { status: 204 }) : Response.json(answer);
    },
  });
  try {
    return await run(["--addr", server.url.href.replace(/\/$/, "")], asked);
  } finally {
    await server.stop(true);
  }
}

function streams(...list: [Record<string, string>, ...[bigint, string][]][]) {
  const result = list.map(([stream, ...values]) => {
    return { stream, values: values.map(([time, line]) => [String(time), line]) };
  });
  return { status: "success", data: { resultType: "streams", result } };
}

test("lines: common labels once, the others padded; raw; JSON lines with all of them", async () => {
  const answer = streams(
    [{ a: "b", c: "d" }, [T0 + 1n, "hello x=2 "]],
    [{ a: "b", c: "longer" }, [T0, "other"]],
  );
  await given(answer, async (addr, asked) => {
    const query = ["query", '{a="b"}', ...addr, ...WINDOW];
    const plain = await lokits([...query, "-z", "UTC", "--limit", "2"]);
    assert.equal(
      plain.stdout,
      '2026-11-23T06:55:45Z {c="d"}      hello x=2\n2026-11-23T06:55:45Z {c="longer"} other\n',
    );
    assert.match(plain.stderr, /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d http:\/\/\S+query_range\?\S+$/m);
    assert.match(plain.stderr, /Common labels: \{a="b"\}$/m);
    const { params } = asked[0]!;
    assert.deepEqual(
      ["query", "direction", "limit", "start", "end"].map((name) => params.get(name)),
      ['{a="b"}', "BACKWARD", "2", "1795416600000000000", "1795417200000000000"],
    );
    assert.equal((await lokits([...query, "-q", "--limit", "2"])).stderr, "");
    const raw = await lokits([...query, "-o", "raw", "--limit", "2"]);
    assert.equal(raw.stdout, "hello x=2 \nother\n");
    const json = await lokits([...query, "-ojsonl", "--limit", "1"]);
    assert.equal(
      json.stdout,
      '{"labels":{"a":"b","c":"d"},"line":"hello x=2 ","timestamp":"2026-11-23T06:55:45.000000001Z"}\n',
    );
    const bare = await lokits([...query, "-q", "--no-labels", "--limit", "2", "-z", "UTC"]);
    assert.equal(bare.stdout, "2026-11-23T06:55:45Z hello x=2\n2026-11-23T06:55:45Z other\n");
    const some = await lokits([
      ...query,
      "-q",
      "--include-label",
      "a",
      "--limit",
      "2",
      "-z",
      "UTC",
    ]);
    assert.match(some.stdout, /^2026-11-23T06:55:45Z \{a="b"\} hello x=2\n/);
    const less = await lokits([
      ...query,
      "-q",
      "--exclude-label=c",
      "--labels-length=4",
      "--limit=2",
    ]);
    assert.match(less.stdout, / \{\} {3}hello x=2\n/);
    const exact = ["--output-timestamp-format", "rfc3339nano", "-z", "UTC", "--limit", "1"];
    assert.match((await lokits([...query, ...exact])).stdout, /^2026-11-23T06:55:45.000000001Z /);
  });
});

test("standard input: what logcli 2.9.1 printed", async () => {
  const run = await lokits(["query", '|= "x"', "--stdin"], { stdin: "l1\nl2 x=2\n" });
  assert.match(run.stdout, /^\S+Z \{\} l2 x=2\n$/);
  assert.match(run.stderr, /Common labels: \{source="logcli"\}$/m);
  const other = await lokits(["--stdin", "-q", "query", '{app="any"} |= "x"'], {
    stdin: "l2 x=2\n",
  });
  assert.match(other.stdout, /^\S+Z \{\} l2 x=2\n$/);
});

test("standard input is printed whole, and what its lines share is said once", async () => {
  const stdin = Array.from({ length: 2500 }, (_, index) => `line ${index}\n`).join("");
  const [all, some] = await Promise.all([
    lokits(["query", '|= "line"', "--stdin", "--forward"], { stdin }),
    lokits(["query", '|= "line"', "--stdin", "--limit", "7", "-o", "raw"], { stdin }),
  ]);
  assert.equal(all.stdout.replaceAll(/^\S+ \{\} /gm, ""), stdin);
  assert.equal(all.stderr.match(/Common labels: \{source="logcli"\}\n/g)?.length, 1);
  assert.equal(some.stdout.split("\n").length, 8);
});

test("numbers are indented JSON without a newline at the end", async () => {
  const result = [{ metric: { a: "b" }, values: [[1795416960, "1"]] }];
  await given({ status: "success", data: { resultType: "matrix", result } }, async (addr) => {
    const { stdout } = await lokits(["query", 'rate({a="b"}[1m])', ...addr, ...WINDOW, "-q"]);
    assert.equal(stdout, JSON.stringify(result, null, 2));
  });
  const vector = [{ metric: {}, value: [1795416960.5, "+Inf"] }];
  await given(
    { status: "success", data: { resultType: "vector", result: vector } },
    async (addr, asked) => {
      const now = ["--now", "2026-11-23T06:55:45Z"];
      const { stdout } = await lokits([
        "instant-query",
        'rate({a="b"}[1m])',
        ...addr,
        ...now,
        "-q",
      ]);
      assert.equal(stdout, JSON.stringify(vector, null, 2));
      assert.equal(asked[0]!.path, "/loki/api/v1/query");
      assert.equal(asked[0]!.params.get("time"), String(T0));
    },
  );
});

test("--stats prints what the answer says of the work, by logcli's names", async () => {
  const chunk = { headChunkBytes: 0, decompressedBytes: 1234, postFilterLines: 7 };
  const store = {
    totalChunksRef: 3,
    totalChunksDownloaded: 2,
    chunksDownloadTime: 1_500_000,
    chunk,
  };
  const stats = {
    summary: { bytesProcessedPerSecond: 2_000_000, totalLinesProcessed: 9, execTime: 0.0025 },
    querier: { store },
    ingester: { totalReached: 1, store },
    cache: { chunk: { requests: 4 } },
  };
  const answer = { status: "success", data: { resultType: "streams", result: [], stats } };
  await given(answer, async (addr) => {
    const { stderr } = await lokits(["query", '{a="b"}', ...addr, "-q", "--stats"]);
    const said = new Map(
      stderr.split("\n").map((line) => line.split(/\s*\t\s*/) as [string, string]),
    );
    const expected = {
      "Ingester.TotalReached": "1",
      "Querier.TotalChunksRef": "3",
      "Querier.ChunksDownloadTime": "1.5ms",
      "Querier.DecompressedBytes": "1.2 kB",
      "Querier.PostFilterLInes": "7",
      "Cache.Chunk.Requests": "4",
      "Summary.BytesProcessedPerSecond": "2.0 MB",
      "Summary.TotalLinesProcessed": "9",
      "Summary.ExecTime": "2.5ms",
    };
    for (const [key, value] of Object.entries(expected)) assert.equal(said.get(key), value, key);
  });
  const own = await lokits(["query", '|= "x"', "--stdin", "-q", "--stats"], { stdin: "x\ny\n" });
  assert.match(own.stderr, /^Summary.TotalLinesProcessed\s+2$/m);
});

test("labels, series, stats, volume and detected-fields ask and print as logcli does", async () => {
  await given({ status: "success", data: ["a", "c"] }, async (addr, asked) => {
    assert.equal((await lokits([...addr, "-q", "labels", ...WINDOW])).stdout, "a\nc\n");
    assert.equal(
      (await lokits(["labels", "c", ...addr, "-o", "jsonl"])).stdout.split("\n")[0],
      '{"label":"c","value":"a"}',
    );
    assert.deepEqual(
      asked.map(({ path }) => path),
      ["/loki/api/v1/labels", "/loki/api/v1/label/c/values"],
    );
    assert.equal(asked[0]!.params.get("start"), "1795416600000000000");
  });
  await given({ status: "success" }, async (addr) => {
    assert.equal((await lokits(["labels", ...addr])).stdout, "");
  });
  const sets = [{ a: "b", c: "d" }, { c: "e" }, { c: "e", b: 'q"' }];
  await given({ status: "success", data: sets }, async (addr, asked) => {
    const { stdout } = await lokits(["series", '{c=~".+"}', ...addr]);
    assert.equal(stdout, '{a="b", c="d"}\n{c="e"}\n{b="q\\"", c="e"}\n');
    assert.equal(asked[0]!.params.get("match"), '{c=~".+"}');
    const analyzed = await lokits(["series", "{}", "--analyze-labels", ...addr]);
    assert.equal(
      analyzed.stdout,
      `Total Streams:  3
Unique Labels:  3

Label Name  Unique Values  Found In Streams
c           2              3
a           1              1
b           1              1
`,
    );
  });
  await given({ streams: 2, chunks: 3, bytes: 1_234_567, entries: 40 }, async (addr) => {
    const { stdout } = await lokits(["stats", '{a="b"}', ...addr]);
    assert.equal(stdout, "{\n  bytes: 1.2MB\n  chunks: 3\n  streams: 2\n  entries: 40\n}\n");
  });
  const result = [{ metric: { a: "b" }, value: [1795416960, "77"] }];
  await given(
    { status: "success", data: { resultType: "vector", result } },
    async (addr, asked) => {
      const flags = ["--targetLabels", "a", "--targetLabels", "c", "--aggregateByLabels"];
      const { stdout } = await lokits(["volume", '{a="b"}', ...flags, ...addr]);
      assert.equal(stdout, JSON.stringify(result, null, 2));
      const { params } = asked[0]!;
      assert.deepEqual(
        ["targetLabels", "aggregateBy", "limit"].map((name) => params.get(name)),
        ["a,c", "labels", "30"],
      );
      await lokits(["volume_range", '{a="b"}', ...addr]);
      assert.equal(asked[1]!.params.get("step"), "3600");
    },
  );
  const fields = [
    { label: "status", type: "int", cardinality: 3 },
    { label: "level", type: "string", cardinality: 2 },
  ];
  await given({ fields, limit: 100 }, async (addr) => {
    const { stdout } = await lokits(["detected-fields", '{a="b"}', ...addr]);
    assert.equal(
      stdout,
      "label: level\t\ttype: string\t\tcardinality: 2\nlabel: status\t\ttype: int\t\tcardinality: 3\n",
    );
  });
});

test("delete creates, lists and cancels", async () => {
  await given(undefined, async (addr, asked) => {
    const made = await lokits(["delete", "create", '{a="b"}', ...WINDOW, ...addr]);
    assert.equal(made.stdout, "Delete request created successfully\n");
    const { method, params } = asked[0]!;
    assert.deepEqual(
      [method, params.get("start"), params.get("end")],
      ["POST", "1795416600", "1795417200"],
    );
    const cancelled = await lokits(["delete", "cancel", "--request-id", "79eefd34", ...addr]);
    assert.equal(cancelled.stdout, "Delete request 79eefd34 cancelled successfully\n");
    assert.equal(asked[1]!.method, "DELETE");
    assert.equal((await lokits(["delete", "cancel", ...addr])).code, 2);
    assert.equal((await lokits(["delete", "drop", ...addr])).code, 2);
  });
  const request = {
    request_id: "79eefd34",
    start_time: 1700000000,
    end_time: 1700003600,
    query: '{a="b"}',
    status: "received",
  };
  await given([request], async (addr) => {
    assert.equal(
      (await lokits(["delete", "list", ...addr])).stdout,
      `Found 1 delete requests:
Request ID: 79eefd34
Query: {a="b"}
Start Time: 2023-11-14T22:13:20Z
End Time: 2023-11-14T23:13:20Z
Status: received
---
`,
    );
  });
});

test("a refusal ends in logcli's words, and what is for every command is taken by every command", async () => {
  const server = Bun.serve({ port: 0, fetch: () => new Response("parse error", { status: 400 }) });
  try {
    const addr = ["--addr", server.url.href.replace(/\/$/, "")];
    const run = await lokits(["query", "{a", ...addr, "-q"]);
    assert.equal(run.code, 1);
    assert.match(
      run.stderr,
      /Error response from server: parse error \(400\) attempts remaining: 0\n/,
    );
    assert.match(run.stderr, /run out of attempts while querying the server\n$/);
  } finally {
    await server.stop(true);
  }
  await given({ status: "success", data: ["a"] }, async (addr) => {
    const flags = ["--stats", "-z", "UTC", "--compress", "--cpuprofile", "x", "--log.level=error"];
    assert.equal((await lokits([...flags, ...addr, "labels"])).stdout, "a\n");
    assert.equal((await lokits(["labels", ...flags, ...addr])).stdout, "a\n");
    assert.equal((await lokits(["labels", "--stdin", ...addr])).code, 2);
  });
  const empty = [{ metric: { pod: "" }, value: [1795416960, "77"] }];
  await given(
    { status: "success", data: { resultType: "vector", result: empty } },
    async (addr) => {
      const flags = ["--targetLabels", "pod", "--aggregateByLabels", "-q"];
      const { stdout } = await lokits(["volume", '{a="b"}', ...flags, ...addr]);
      assert.equal(stdout, JSON.stringify(empty, null, 2));
    },
  );
});

test("headers: tenant, tags, tokens from files, a header of another name", async () => {
  await inFolder(async (cwd) => {
    await Bun.write(join(cwd, "token"), "s3cret\n");
    await given({ status: "success" }, async (addr, asked) => {
      const flags = ["--org-id", "t1", "--query-tags", "Source=ci", "--header", "X-Own: yes"];
      const auth = ["--bearer-token-file", "token", "--auth-header", "X-Auth"];
      const run = await lokits(["labels", ...flags, ...auth, ...addr], { cwd });
      assert.equal(run.code, 0, run.stderr);
      const { headers } = asked[0]!;
      assert.deepEqual(
        ["x-scope-orgid", "x-query-tags", "x-own", "x-auth", "authorization"].map((name) =>
          headers.get(name),
        ),
        ["t1", "Source=ci", "yes", "Bearer s3cret", null],
      );
      assert.ok(!run.stderr.includes("s3cret"));
    });
    const both = await lokits([
      "labels",
      "--username",
      "a",
      "--password",
      "b",
      "--bearer-token",
      "c",
    ]);
    assert.equal(both.code, 2);
    assert.match(both.stderr, /at most one of HTTP basic auth/);
  });
});

test("a bucket answers labels, series, stats and volume without a server", {
  skip: withoutShared,
}, async () => {
  const store = ["--store", `file://${join(SHARED, "golden/buckets/v13-zstd")}`];
  const names = (await lokits(["labels", ...store])).stdout.trimEnd().split("\n");
  assert.ok(names.includes("app"), names.join());
  const apps = (await lokits(["labels", "app", ...store])).stdout.trimEnd().split("\n");
  const series = (await lokits(["series", "{}", ...store, "-o", "jsonl"])).stdout
    .trimEnd()
    .split("\n");
  assert.deepEqual([...new Set(series.map((line) => JSON.parse(line).app as string))].sort(), apps);
  const { entries } = JSON.parse(
    (await lokits(["stats", '{app=~".+"}', ...store, "-o", "jsonl"])).stdout,
  ) as { entries: number };
  assert.equal(entries, 900);
  const volume = await lokits(["volume", '{app=~".+"}', ...store, "-o", "jsonl", "--limit", "100"]);
  assert.equal(volume.stdout.trimEnd().split("\n").length, apps.length, volume.stderr);
});

test("fmt, completion and man come from the definitions", async () => {
  const formatted = await lokits(["fmt"], { stdin: '{a="b"}|="c"\n' });
  assert.equal(formatted.stdout, '{a="b"} |= "c"\n');
  const bad = await lokits(["fmt"], { stdin: "{a=" });
  assert.deepEqual([bad.code, /unable to format logql: parse error/.test(bad.stderr)], [1, true]);
  const bash = await lokits(["completion", "bash"]);
  assert.equal(spawnSync("bash", ["-n"], { input: bash.stdout }).status, 0);
  const complete = `${bash.stdout}\nCOMP_WORDS=(lokits query --inc); COMP_CWORD=2; _lokits; echo "\${COMPREPLY[@]}"`;
  const offered = spawnSync("bash", ["-c", complete]).stdout.toString();
  assert.equal(offered, "--include-label --include-common-labels\n");
  assert.match((await lokits(["completion", "fish"])).stdout, /complete -c lokits .*-l since/);
  assert.match((await lokits(["completion", "zsh"])).stdout, /^#compdef lokits/);
  assert.equal((await lokits(["completion", "csh"])).code, 2);
  assert.equal((await lokits(["--completion-script-bash"])).stdout, bash.stdout);
  assert.match((await lokits(["man"])).stdout, /^\.TH LOKITS 1/);
});
