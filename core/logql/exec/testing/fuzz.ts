/**
 * Puts texts to parser, printer and engine. A text is answered or refused: any other error is a crash,
 * and so is a query that changes when it is printed and read again.
 */
import { portableSearch } from "../../../bytes/search.ts";
import { labelsOf } from "../../../labels/labels.ts";
import { compileMatcher, matchesAll } from "../../../labels/matcher.ts";
import type { StreamBlock } from "../../../model/block.ts";
import { BadRequest } from "../../../model/errors.ts";
import { DEFAULT_LIMITS } from "../../../model/limits.ts";
import { newScanStats } from "../../../model/stats.ts";
import { Random } from "../../../sim/random.ts";
import type { QueryParams } from "../../plan/params.ts";
import { blockOf, streamOf } from "../../stages/testing/blocks.ts";
import type { Expr } from "../../syntax/ast.ts";
import { lex } from "../../syntax/lexer.ts";
import { parseQuery } from "../../syntax/parse.ts";
import { prettyExpr } from "../../syntax/pretty.ts";
import { printExpr } from "../../syntax/print.ts";
import { IDENTIFIER } from "../../syntax/tokens.ts";
import { evaluate } from "../engine.ts";
import type { Scanner } from "../scanner.ts";
import { fuzzText } from "./fuzz-text.ts";

/** What became of one input. */
export interface FuzzOutcome {
  readonly text: string;
  readonly kind: "answered" | "refused while parsed" | "refused while run" | "crashed";
  readonly error?: unknown;
}

/** Input `index` of the run of a seed. */
export async function fuzzOne(seed: number, index: number): Promise<FuzzOutcome> {
  const text = fuzzText(seed, index);
  let parsed = false;
  try {
    const expr = parseQuery(text, { approxTopk: true });
    parsed = true;
    if (!hasOddName(text)) checkPrinting(expr);
    await evaluate(expr, paramsOf(new Random(seed + index)), {
      scanner: SCANNER,
      search: portableSearch,
      clock: CLOCK,
      stats: newScanStats(),
    });
    return { text, kind: "answered" };
  } catch (error) {
    if (!(error instanceof BadRequest)) return { text, kind: "crashed", error };
    return { text, kind: parsed ? "refused while run" : "refused while parsed" };
  }
}

/** Loki takes any stray character for a name; `| logfmt !` prints as `| logfmt !="!"`, which is no query. */
function hasOddName(text: string): boolean {
  const { tokens } = lex(text, { approxTopk: true });
  return tokens.some((token) => token.kind === IDENTIFIER && !/^[\p{L}_]/u.test(token.text));
}

/** A tree survives printing, plain and pretty. */
function checkPrinting(expr: Expr): void {
  const printed = printExpr(expr);
  for (const text of [printed, prettyExpr(expr)]) {
    let again: string;
    try {
      again = printExpr(parseQuery(text, { approxTopk: true }));
    } catch (cause) {
      throw new Error(`printed as ${text}, which is refused`, { cause });
    }
    if (again !== printed) throw new Error(`printed as ${printed}, then as ${again}`);
  }
}

const EPOCH = 1_700_002_800_000_000_000n;
const CLOCK = { now: () => EPOCH, nowMs: () => 0, ticksMs: () => 0, sleep: async () => {} };
const LIMITS = {
  ...DEFAULT_LIMITS,
  maxQuerySeries: 100,
  maxQueryMemoryBytes: 1 << 20,
  enableMultiVariantQueries: true,
};

function paramsOf(random: Random): QueryParams {
  const second = 1_000_000_000n;
  const start = EPOCH + BigInt(random.int(-5, 30)) * second;
  const steps = random.chance(0.02) ? 11_000 : random.int(0, 12);
  const step = random.pick([1_000_000n, second, 7n * second, 3600n * second]);
  const instant = random.chance(0.4);
  return {
    start,
    end: instant ? start : start + BigInt(steps) * step,
    step,
    interval: random.pick([0n, 0n, second]),
    limit: random.pick([1, 3, 100]),
    direction: random.pick(["forward", "backward"]),
    instant,
    limits: LIMITS,
  };
}

/** Lines of all sorts: what parsers like and what they do not. */
const LINES: readonly (string | Uint8Array)[] = [
  'a=1 b="x y" level=error msg="it broke" dur=1.5s size=2KB ip=10.1.2.3 n=7',
  'a=2 b= level=info dur=oops size=-1 n=0x1F =x "q',
  '{"a":{"b":[1,{"b":2}],"c":null},"level":"warn","msg":"\\ud83d","n":1e400,"dur":"90ms"}',
  '{"_entry":"n=1 a=\\"2\\"","app":"z","trace":"9"}',
  '{"a":"Inf","n":"NaN","size":"1,5 MiB"} rest',
  '{"a":1',
  "",
  " \t",
  "\u001b[31merror\u001b[0m 10.1.2.3 ::1 fe80::1",
  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
  "é😀 \u2028 \0 x",
  Uint8Array.of(0xff, 0xfe, 0x61, 0x3d, 0x31, 0x20, 0xc3, 0x28),
  "[1,2,[3]]",
  "x".repeat(3000),
  "k=v n=1 ".repeat(300),
];

const BLOCKS: readonly StreamBlock[] = ["x", "y"].flatMap((app, stream) =>
  [0, 1].map((part) => ({
    stream: streamOf({ app, n: `${stream}`, level: "stream" }),
    block: blockOf(
      LINES.map((line, index) => ({
        line,
        time: EPOCH + BigInt(part * 2 * LINES.length + index * 2 + stream) * 500_000_000n,
        metadata: index % 4 === 0 ? labelsOf({ trace: `t${index}`, a: "9" }) : [],
      })),
    ),
  })),
);

const SCANNER: Scanner = {
  async *scan({ matchers, direction }) {
    const compiled = matchers.map(compileMatcher);
    const wanted = BLOCKS.filter(({ stream }) => matchesAll(compiled, stream.labels));
    const order = direction === "forward" ? 1 : -1;
    const edge = ({ block }: StreamBlock) => block.times[order > 0 ? 0 : block.rows - 1]!;
    yield* wanted.sort((a, b) => order * Number(edge(a) - edge(b)));
  },
};
