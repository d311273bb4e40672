/** `--stats`: the statistics of an answer as logcli prints them (spec logcli §3), slips of its own included. */
import { printSpacedByteSize } from "../core/golang/bytes-size.ts";
import { printGoDuration } from "../core/golang/duration.ts";

/** The `stats` of Loki's JSON. */
export interface WireStats {
  readonly summary: Numbers;
  readonly querier: { readonly store: WireStore };
  readonly ingester: Numbers & { readonly store: WireStore };
  readonly cache: Readonly<Record<string, Numbers | undefined>>;
}

type Numbers = Readonly<Record<string, number>>;

interface WireStore {
  readonly totalChunksRef: number;
  readonly totalChunksDownloaded: number;
  readonly chunksDownloadTime: number;
  readonly chunk: Numbers;
}

/** Lines `key<tab>value`, keys padded to one width. */
export function printStats({ summary, querier, ingester, cache }: WireStats): string[] {
  const rows: [string, string][] = [
    ["Ingester.TotalReached", count(ingester["totalReached"])],
    ["Ingester.TotalChunksMatched", count(ingester["totalChunksMatched"])],
    ["Ingester.TotalBatches", count(ingester["totalBatches"])],
    ["Ingester.TotalLinesSent", count(ingester["totalLinesSent"])],
    ...storeRows("Ingester", ingester.store),
    ...storeRows("Querier", querier.store),
  ];
  const caches = [
    ["Chunk", "chunk"],
    ["Index", "index"],
    ["StatsResult", "statsResult"],
    ["Result", "result"],
  ] as const;
  for (const [title, name] of caches) rows.push(...cacheRows(title, cache[name] ?? {}));
  rows.push(
    ["Summary.BytesProcessedPerSecond", bytes(summary["bytesProcessedPerSecond"])],
    ["Summary.LinesProcessedPerSecond", count(summary["linesProcessedPerSecond"])],
    ["Summary.TotalBytesProcessed", bytes(summary["totalBytesProcessed"])],
    ["Summary.TotalLinesProcessed", count(summary["totalLinesProcessed"])],
    ["Summary.PostFilterLines", count(summary["totalPostFilterLines"])],
    ["Summary.ExecTime", seconds(summary["execTime"])],
    ["Summary.QueueTime", seconds(summary["queueTime"])],
  );
  const width = Math.max(...rows.map(([key]) => key.length));
  return rows.map(([key, value]) => `${key.padEnd(width)} \t ${value}`);
}

function storeRows(title: string, store: WireStore): [string, string][] {
  const { chunk } = store;
  return [
    [`${title}.TotalChunksRef`, count(store.totalChunksRef)],
    [`${title}.TotalChunksDownloaded`, count(store.totalChunksDownloaded)],
    [`${title}.ChunksDownloadTime`, duration(store.chunksDownloadTime)],
    [`${title}.HeadChunkBytes`, bytes(chunk["headChunkBytes"])],
    [`${title}.HeadChunkLines`, count(chunk["headChunkLines"])],
    [`${title}.DecompressedBytes`, bytes(chunk["decompressedBytes"])],
    [`${title}.DecompressedLines`, count(chunk["decompressedLines"])],
    [`${title}.PostFilterLInes`, count(chunk["postFilterLines"])],
    [`${title}.CompressedBytes`, bytes(chunk["compressedBytes"])],
    [`${title}.TotalDuplicates`, count(chunk["totalDuplicates"])],
  ];
}

function cacheRows(title: string, cache: Numbers): [string, string][] {
  const time = title === "StatsResult" ? "Result" : title;
  return [
    [`Cache.${title}.Requests`, count(cache["requests"])],
    [`Cache.${title}.EntriesRequested`, count(cache["entriesRequested"])],
    [`Cache.${title}.EntriesFound`, count(cache["entriesFound"])],
    [`Cache.${title}.EntriesStored`, count(cache["entriesStored"])],
    [`Cache.${title}.BytesSent`, bytes(cache["bytesSent"])],
    [`Cache.${title}.BytesReceived`, bytes(cache["bytesReceived"])],
    [`Cache.${time}.DownloadTime`, duration(cache["downloadTime"])],
  ];
}

function count(value = 0): string {
  return String(value);
}

function seconds(value = 0): string {
  return duration(value * 1e9);
}

function duration(ns = 0): string {
  return printGoDuration(BigInt(Math.round(ns)));
}

function bytes(value = 0): string {
  return printSpacedByteSize(value);
}
