/** `index/shards`: into how many pieces a query may be cut so that each weighs as much as asked (spec http-api §4.7). */
import { parseByteSize } from "../golang/bytes-size.ts";
import { parseLogQuery } from "../logql/syntax/parse.ts";
import { BadRequest } from "../model/errors.ts";
import type { IndexStats } from "../ports/query-service.ts";
import { type AskContext, ask } from "./asking.ts";
import { bounds } from "./params.ts";
import { JSON_TYPE, jsonResponse } from "./responses.ts";
import { type Call, type Route, route } from "./router.ts";
import { warningHeaders } from "./warnings.ts";

/** Loki's default of `tsdb_max_bytes_per_shard`. */
const BYTES_DEFAULT = 600 * 2 ** 20;
/** More pieces than this nobody could run. */
const SHARDS_MAX = 1 << 16;
const FINGERPRINTS = 2n ** 64n;

export function shardsRoutes(context: AskContext): Route[] {
  async function shards(call: Call): Promise<Response> {
    const asking = await ask(context, call);
    const { form, tenants, now } = asking;
    const { matchers } = parseLogQuery(form.get("query"));
    const target = targetBytes(form.get("targetBytesPerShard"));
    const request = { ...bounds(form, now), matchers };
    const { found, warnings } = await asking.warned((warn, signal) =>
      context.query.indexStats(tenants, { ...request, warn }, signal),
    );
    const list = cut(found, target).map(jsonShard);
    const text = `{"shards":[${list.join(",")}]}\n`;
    return jsonResponse(text, JSON_TYPE.data, 200, warningHeaders(warnings));
  }

  const frontend = { newline: false };
  return [route(["GET", "POST"], "/loki/api/v1/index/shards", shards, frontend)];
}

export interface Shard {
  /** First and last fingerprint. */
  readonly min: bigint;
  readonly max: bigint;
  readonly stats: IndexStats;
}

/**
 * Equal ranges of fingerprints, a power of two of them: fingerprints are hashes, so equal ranges hold
 * about equal parts of everything.
 */
export function cut(stats: IndexStats, targetBytes: number): Shard[] {
  let count = 1;
  while (count < SHARDS_MAX && stats.bytes / count > targetBytes) count *= 2;
  const width = FINGERPRINTS / BigInt(count);
  const part = (total: number) => Math.ceil(total / count);
  const share = {
    streams: part(stats.streams),
    chunks: part(stats.chunks),
    bytes: part(stats.bytes),
    entries: part(stats.entries),
  };
  return Array.from({ length: count }, (_, index) => {
    const min = BigInt(index) * width;
    return { min, max: min + width - 1n, stats: share };
  });
}

function targetBytes(text: string): number {
  const bytes = text === "" ? BYTES_DEFAULT : parseByteSize(text);
  if (bytes === undefined || bytes <= 0) {
    throw new BadRequest(
      `targetBytesPerShard must be a positive size, got ${JSON.stringify(text)}`,
    );
  }
  return bytes;
}

function jsonShard({ min, max, stats }: Shard): string {
  const { streams, chunks, bytes, entries } = stats;
  const json = JSON.stringify({ streams, chunks, bytes, entries });
  return `{"bounds":{"min":${min},"max":${max}},"stats":${json}}`;
}
