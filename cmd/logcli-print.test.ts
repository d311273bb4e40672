/** Where answers go and how they look there: terminals and colours, closed pipes, full disks, what is said beside. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, openSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { fakeLoki, streamsJson } from "./testing/fake-loki.ts";
import { lokits } from "./testing/process.ts";
import { without } from "./testing/program.ts";

const T0 = 1_795_416_945_000_000_000n; // 2026-11-23T06:55:45Z
const WINDOW = ["--from", "2026-11-23T06:50:00Z", "--to", "2026-11-23T07:00:00Z"];
const LAUNCH = resolve(import.meta.dirname, "launch.mjs");

/** FNV-1 of 32 bits, as it is defined. */
function fnv1(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text))
    hash = (Math.imul(hash, 0x01000193) ^ byte) >>> 0;
  return hash;
}

/** What a command prints to a terminal, colours and all. */
async function onTerminal(args: string[], env: Record<string, string> = {}): Promise<string> {
  const line = ["node", LAUNCH, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  const { NO_COLOR: _, ...outer } = process.env;
  const child = spawn("script", ["-qec", line.join(" "), "/dev/null"], {
    ...{ env: { ...outer, ...env }, stdio: ["ignore", "pipe", "inherit"] },
  });
  let text = "";
  child.stdout!.on("data", (bytes: Buffer) => {
    text += bytes.toString();
  });
  await once(child, "close");
  return text.replaceAll("\r\n", "\n");
}

test("colours are for terminals without NO_COLOR, and by labels when asked", {
  skip: without("script"),
}, async () => {
  const [one, two] = [{ c: "one" }, { c: "two" }];
  await fakeLoki(
    () => streamsJson([one, [T0 + 1n, "x"]], [two, [T0, "y"]]),
    async (addr) => {
      const query = ["query", "{}", ...addr, ...WINDOW, "-z", "UTC", "-q", "--limit", "2"];
      const stamp = "2026-11-23T06:55:45Z";
      const text = (paintedOne: string, paintedTwo: string) =>
        `\x1b[34m${stamp}\x1b[0m ${paintedOne} x\n\x1b[34m${stamp}\x1b[0m ${paintedTwo} y\n`;
      const paint = (code: number, label: string) => `\x1b[${code}m${label}\x1b[0m`;
      const [a, b] = ['{c="one"}', '{c="two"}'];
      assert.equal(await onTerminal(query), text(paint(31, a), paint(31, b)));
      // hi-cyan, cyan, hi-green, green, hi-magenta, magenta, hi-yellow, yellow, hi-red, red.
      const codes = [96, 36, 92, 32, 95, 35, 93, 33, 91, 31];
      const own = (label: string) => paint(codes[fnv1(label) % 10]!, label);
      assert.equal(await onTerminal([...query, "--colored-output"]), text(own(a), own(b)));
      const plain = `${stamp} ${a} x\n${stamp} ${b} y\n`;
      assert.equal(await onTerminal([...query, "--colored-output"], { NO_COLOR: "1" }), plain);
      const { NO_COLOR: outer } = process.env;
      delete process.env["NO_COLOR"];
      assert.equal((await lokits([...query, "--colored-output"])).stdout, plain);
      if (outer !== undefined) process.env["NO_COLOR"] = outer;
    },
  );
});

test("default lines lose the white space of Go's TrimSpace, and no other", async () => {
  await fakeLoki(
    () => streamsJson([{ a: "b" }, [T0, "\u0085\u3000\t\ufeffline\u200b \n\u0085"]]),
    async (addr) => {
      const query = ["query", "{}", ...addr, ...WINDOW, "-z", "UTC", "-q", "--no-labels"];
      assert.equal((await lokits(query)).stdout, "2026-11-23T06:55:45Z \ufeffline\u200b\n");
    },
  );
});

test("which labels were left out is said once, and not to those who want quiet", async () => {
  await fakeLoki(
    () => streamsJson([{ a: "b", c: "d" }, [T0, "x"]]),
    async (addr) => {
      const query = ["query", "{}", ...addr, ...WINDOW];
      const two = await lokits([...query, "--exclude-label=a", "--exclude-label=z"]);
      assert.match(two.stderr, /\n\S+ \S+ Common labels: .*\n\S+ \S+ Ignoring labels key: a,z\n$/);
      const only = await lokits([...query, "--include-label", "c"]);
      assert.match(only.stderr, /\n\S+ \S+ Print only labels key: c\n$/);
      assert.equal((await lokits([...query, "--include-label", "c", "-q"])).stderr, "");
    },
  );
});

/** Commands that print in one piece, in many, and without a server. */
const COMMANDS: readonly (readonly [string[], unknown])[] = [
  [["labels"], { data: Array.from({ length: 50_000 }, (_, index) => `label_${index}`) }],
  [["volume", "{}"], { data: { resultType: "vector", result: [{ metric: {}, value: [1, "2"] }] } }],
  [["query", "rate({}[1m])"], { data: { resultType: "matrix", result: [] } }],
  [["man"], undefined],
];

test("a reader that has gone ends a command quietly; a full disk is an error", async () => {
  const each = COMMANDS.map(async ([line, answer]) => {
    await fakeLoki(
      () => Response.json(answer ?? {}),
      async (addr) => {
        const args = [LAUNCH, ...line, ...(answer === undefined ? [] : [...addr, "-q"])];
        const gone = spawn("node", args, { stdio: ["ignore", "pipe", "pipe"] });
        gone.stdout.destroy();
        let said = "";
        gone.stderr.on("data", (bytes: Buffer) => {
          said += bytes.toString();
        });
        const [code] = await once(gone, "close");
        assert.deepEqual([code, said], [0, ""], line.join(" "));
        if (!existsSync("/dev/full")) return;
        const full = spawn("node", args, { stdio: ["ignore", openSync("/dev/full", "w"), "pipe"] });
        full.stderr!.on("data", (bytes: Buffer) => {
          said += bytes.toString();
        });
        const [status] = await once(full, "close");
        const expected = /^lokits [a-z -]+: stdout cannot be written: ENOSPC: [^\n]*\n$/;
        assert.deepEqual([status, expected.test(said)], [1, true], `${line.join(" ")}: ${said}`);
      },
    );
  });
  await Promise.all(each);
});

test("labels without a value are printed as the server sent them", async () => {
  // `logfmt x="y"` gives an empty label to lines without it (spec logql §8.4), and answers have it.
  await fakeLoki(
    () => streamsJson([{ a: "b", x: "" }, [T0 + 1n, "one"]], [{ a: "b" }, [T0, "two"]]),
    async (addr) => {
      const query = ["query", "{}", ...addr, ...WINDOW, "-z", "UTC", "--limit", "2"];
      const { stdout } = await lokits([...query, "-qojsonl"]);
      const sets = stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).labels);
      assert.deepEqual(sets, [{ a: "b", x: "" }, { a: "b" }]);
      const forPeople = await lokits(query);
      assert.match(forPeople.stderr, /Common labels: \{a="b"\}\n/);
      assert.match(forPeople.stdout, /Z \{x=""\} one\n.*Z \{\} +two\n$/);
    },
  );
});

test("--output jsonl has an object a line for every command that answers", async () => {
  const f = async (line: string[], answer: unknown, expected: string) =>
    await fakeLoki(
      () => (answer === undefined ? new Response(null, { status: 204 }) : Response.json(answer)),
      async (addr) => {
        const run = await lokits([...line, ...addr, "-qojsonl"], { stdin: '{a="b"}|="c"' });
        assert.deepEqual([run.stdout, run.stderr, run.code], [`${expected}\n`, "", 0], line.join());
      },
    );
  // Loki has a scalar's time in milliseconds, and that of all else in seconds.
  const scalar = { data: { resultType: "scalar", result: [1795416945000, "3"] } };
  await Promise.all([
    f(["labels"], { data: ["a"] }, '{"label":"a"}'),
    f(["series", "{}"], { data: [{ a: "b" }] }, '{"a":"b"}'),
    f(
      ["series", "{}", "--analyze-labels"],
      { data: [{ a: "b" }] },
      '{"label":"a","values":1,"streams":1}',
    ),
    f(
      ["stats", "{}"],
      { bytes: 1, chunks: 2, streams: 3, entries: 4 },
      '{"bytes":1,"chunks":2,"streams":3,"entries":4}',
    ),
    f(["instant-query", "3"], scalar, '{"timestamp":1795416945,"value":"3"}'),
    f(["fmt"], {}, '{"query":"{a=\\"b\\"} |= \\"c\\""}'),
    f(["delete", "create", "{}"], undefined, '{"query":"{}","status":"created"}'),
    f(
      ["delete", "cancel", "--request-id", "x"],
      undefined,
      '{"request_id":"x","status":"cancelled"}',
    ),
  ]);
});
