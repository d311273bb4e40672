/**
 * Asks what was asked of Loki 2.9.1 and 3.7.6 (../shared/golden, compared by its own rules), over the
 * same lines in blocks of 500 rows. Requests that need no execution, such as labels, are left out.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Answer,
  ASKED_AT,
  comparison,
  jsonOf,
  type Recorded,
  readCorpus,
  recordedGroups,
  skip,
} from "../../../fixtures/logql/recorded.ts";
import { portableSearch } from "../../bytes/search.ts";
import { BadRequest } from "../../model/errors.ts";
import { DEFAULT_LIMITS, type Limits } from "../../model/limits.ts";
import { newScanStats } from "../../model/stats.ts";
import { parseQuery } from "../syntax/parse.ts";
import { evaluate } from "./engine.ts";
import { instantParams, rangeParams } from "./testing/http-params.ts";
import { MemoryScanner } from "./testing/memory-scanner.ts";

const CLOCK = { now: () => ASKED_AT, nowMs: () => 0, ticksMs: () => 0, sleep: async () => {} };

for (const [file, withMetadata] of [
  ["answers.json", false],
  ["answers-3x.json", true],
] as const) {
  for (const [group, requests] of recordedGroups(file)) {
    test(`${file}: the queries of ${group} give Loki's answers`, {
      skip,
      timeout: 60_000,
    }, async () => {
      const same = await comparison();
      const scanner = scannerOf(withMetadata);
      const failed: string[] = [];
      for (const request of requests) {
        const difference = same(request, await answer(request, scanner));
        if (difference !== null) {
          failed.push(`${request.id} ${request.params["query"]}\n   ${difference}`);
        }
      }
      const passed = requests.length - failed.length;
      assert.equal(failed.length, 0, `${passed}/${requests.length}\n${failed.join("\n")}`);
    });
  }
}

const scanners = new Map<boolean, MemoryScanner>();

function scannerOf(withMetadata: boolean): MemoryScanner {
  const known = scanners.get(withMetadata);
  if (known !== undefined) return known;
  const scanner = new MemoryScanner(readCorpus(withMetadata), 500);
  scanners.set(withMetadata, scanner);
  return scanner;
}

async function answer(request: Recorded, scanner: MemoryScanner): Promise<Answer> {
  const limits: Limits = { ...DEFAULT_LIMITS, maxQueryLengthMs: 0 };
  try {
    const instant = request.path.endsWith("/query");
    const params = (instant ? instantParams : rangeParams)(request.params, ASKED_AT, limits);
    // The frontend checks the steps of log queries, too, and before it looks at the query.
    if (!instant && (params.end - params.start) / params.step > 11_000n) {
      throw new BadRequest(
        "exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter",
      );
    }
    const expr = parseQuery(request.params["query"] ?? "");
    if (expr.kind === "log" && params.limit > limits.maxEntriesLimitPerQuery) {
      throw new BadRequest(
        `max entries limit per query exceeded, limit > max_entries_limit (${params.limit} > ${limits.maxEntriesLimitPerQuery})`,
      );
    }
    const result = await evaluate(expr, params, {
      scanner,
      search: portableSearch,
      clock: CLOCK,
      stats: newScanStats(),
    });
    return { status: 200, body: { status: "success", data: jsonOf(result) } };
  } catch (error) {
    if (!(error instanceof BadRequest)) return { status: 500, body: String(error) };
    return { status: error.status, body: error.message };
  }
}
