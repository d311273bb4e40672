/** The `stats` of an answer, with all keys and in the order of Loki 2.9.1 (spec query-evaluation §9.1). */
import { formatFloat } from "../golang/float.ts";
import type { QueryStats } from "../ports/query-service.ts";
import { warningsMember } from "./warnings.ts";

const CACHE =
  '{"entriesFound":0,"entriesRequested":0,"entriesStored":0,"bytesReceived":0,"bytesSent":0,"requests":0,"downloadTime":0}';
const CACHES = `{"chunk":${CACHE},"index":${CACHE},"result":${CACHE},"statsResult":${CACHE}}`;

/**
 * `entries`: lines, samples of a matrix, or elements of a vector in the answer. Warnings are no key of
 * Loki's: they are after all others, and only where there are any.
 */
export function jsonStats(
  stats: QueryStats,
  entries: number,
  warnings: readonly string[] = [],
): string {
  const { scan } = stats;
  const bytes = scan.headBytes + scan.decompressedBytes;
  const lines = scan.headLines + scan.decompressedLines;
  const execSeconds = stats.execMs / 1000;
  const perSecond = (total: number) => (execSeconds > 0 ? Math.trunc(total / execSeconds) : 0);
  const summary = object({
    bytesProcessedPerSecond: perSecond(bytes),
    linesProcessedPerSecond: perSecond(lines),
    totalBytesProcessed: bytes,
    totalLinesProcessed: lines,
    execTime: execSeconds,
    queueTime: stats.queueMs / 1000,
    subqueries: stats.subqueries,
    totalEntriesReturned: entries,
    splits: stats.splits,
    shards: stats.shards,
    totalPostFilterLines: scan.postFilterLines,
    totalStructuredMetadataBytesProcessed: scan.decompressedMetadataBytes,
  });
  const querier = store({
    chunksRef: scan.chunksRef,
    chunksDownloaded: scan.chunksDownloaded,
    downloadNs: Math.round(scan.chunksDownloadMs * 1e6),
    decompressedBytes: scan.decompressedBytes,
    decompressedLines: scan.decompressedLines,
    compressedBytes: scan.compressedBytes,
    duplicates: scan.duplicates,
    postFilterLines: scan.postFilterLines,
    metadataBytes: scan.decompressedMetadataBytes,
  });
  const ingester = object({
    totalReached: scan.ingesterChunks > 0 ? 1 : 0,
    totalChunksMatched: scan.ingesterChunks,
    totalBatches: 0,
    totalLinesSent: 0,
  });
  const head = store({ headBytes: scan.headBytes, headLines: scan.headLines });
  return (
    `{"summary":${summary},"querier":{"store":${querier}},` +
    `"ingester":${ingester.slice(0, -1)},"store":${head}},"cache":${CACHES}${warnings.length === 0 ? "" : `,${warningsMember(warnings)}`}}`
  );
}

interface StoreStats {
  readonly chunksRef?: number;
  readonly chunksDownloaded?: number;
  readonly downloadNs?: number;
  readonly headBytes?: number;
  readonly headLines?: number;
  readonly decompressedBytes?: number;
  readonly decompressedLines?: number;
  readonly compressedBytes?: number;
  readonly duplicates?: number;
  readonly postFilterLines?: number;
  readonly metadataBytes?: number;
}

function store(stats: StoreStats): string {
  const chunk = object({
    headChunkBytes: stats.headBytes ?? 0,
    headChunkLines: stats.headLines ?? 0,
    decompressedBytes: stats.decompressedBytes ?? 0,
    decompressedLines: stats.decompressedLines ?? 0,
    compressedBytes: stats.compressedBytes ?? 0,
    totalDuplicates: stats.duplicates ?? 0,
    postFilterLines: stats.postFilterLines ?? 0,
    headChunkStructuredMetadataBytes: 0,
    decompressedStructuredMetadataBytes: stats.metadataBytes ?? 0,
  });
  const rest = object({
    totalChunksRef: stats.chunksRef ?? 0,
    totalChunksDownloaded: stats.chunksDownloaded ?? 0,
    chunksDownloadTime: stats.downloadNs ?? 0,
  });
  return `${rest.slice(0, -1)},"chunk":${chunk}}`;
}

function object(numbers: Readonly<Record<string, number>>): string {
  const members = Object.entries(numbers).map(([name, value]) => `"${name}":${formatFloat(value)}`);
  return `{${members.join(",")}}`;
}
