/**
 * What looking for patterns costs a push: lines of three kinds through the pattern store alone, in time of
 * the processor: `bun scripts/bench-patterns.ts [lines]`.
 */
import { utf8 } from "../core/bytes/text.ts";
import { labelsOf } from "../core/labels/labels.ts";
import type { Block } from "../core/model/block.ts";
import { SINGLE_TENANT } from "../core/model/tenant.ts";
import { DEFAULT_PATTERNS, PatternStore } from "../core/patterns/pattern-store.ts";
import { SimClock } from "../core/sim/clock.ts";

const START = 1_700_000_000_000_000_000n;
const LINES = Number(process.argv[2] ?? 400_000);
const AT_ONCE = 1000;

const number = (low: number, high: number) => low + Math.floor(Math.random() * (high - low));
const one = (...words: readonly string[]) => words[number(0, words.length)]!;

const KINDS: Readonly<Record<string, () => string>> = {
  logfmt: () =>
    `level=${one("info", "warn", "error")} ts=2023-10-28T06:00:${number(10, 59)}Z caller=main.go:${number(1, 900)} msg="request ${one("served", "refused", "queued")}" user=${one("ann", "bob", "eve")} took=${number(1, 900)}ms status=${number(200, 504)}`,
  json: () =>
    `{"level":"${one("info", "error")}","ts":${number(1, 1e9)},"http":{"method":"${one("GET", "POST")}","path":"/api/v1/${one("cart", "users", "orders")}/${number(1, 9999)}","status":${number(200, 504)}},"took":0.${number(1, 999)}}`,
  access: () =>
    `10.0.${number(0, 255)}.${number(0, 255)} - - [28/Oct/2023:06:${number(10, 59)}:${number(10, 59)} +0000] "${one("GET", "POST")} /api/v1/${one("cart", "users")}/${number(1, 9999)} HTTP/1.1" ${number(200, 504)} ${number(1, 99999)} "-" "${one("curl/8.4.0", "kube-probe/1.27", "Go-http-client/2.0")}" 0.${number(1, 999)}`,
  "words at random": () =>
    Array.from({ length: 10 }, () =>
      number(0, 36 ** 6)
        .toString(36)
        .replace(/\d/g, "q"),
    ).join(" "),
};

for (const [kind, line] of Object.entries(KINDS)) {
  const blocks: Block[] = [];
  for (let done = 0; done < LINES; done += AT_ONCE) {
    blocks.push(blockOf(Array.from({ length: AT_ONCE }, line), START + BigInt(done) * 1_000_000n));
  }
  const bytes = blocks.reduce((sum, { text }) => sum + text.length, 0);
  const store = new PatternStore(DEFAULT_PATTERNS, new SimClock(START));
  const stream = { labels: labelsOf({ app: "x" }), fingerprint: 1n };
  const started = process.cpuUsage();
  for (const block of blocks) store.observe(SINGLE_TENANT, stream, block, undefined);
  const { user, system } = process.cpuUsage(started);
  const ms = (user + system) / 1000;
  const found = await store.patterns(SINGLE_TENANT, {
    ...{ matchers: [], startMs: 0, endMs: 2e12, stepMs: 3_600_000 },
  });
  console.log(
    `${kind.padEnd(16)} ${((1e6 * ms) / LINES).toFixed(0).padStart(6)} ns a line, ` +
      `${(bytes / ms / 1000).toFixed(0)} MB/s, ${found.length} patterns, ${(store.bytes / 1024).toFixed(0)} KiB`,
  );
  for (const { pattern } of found.slice(0, 3)) console.log(`    ${pattern.slice(0, 150)}`);
}

function blockOf(lines: readonly string[], time: bigint): Block {
  const texts = lines.map((text) => utf8(text));
  const ends = new Uint32Array(texts.length);
  texts.reduce((end, { length }, row) => (ends[row] = end + length), 0);
  return {
    rows: lines.length,
    times: new BigInt64Array(lines.length).fill(time),
    text: utf8(lines.join("")),
    starts: ends.map((end, row) => end - texts[row]!.length),
    ends,
  };
}
