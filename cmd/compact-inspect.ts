/** `lokits compact inspect`: one chunk or one index file, of a bucket or in a local file. */
import { readFile } from "node:fs/promises";
import { type ArgsDef, defineCommand } from "citty";
import { fromUtf8 } from "../core/bytes/text.ts";
import type { SeriesRefs } from "../core/index/reader.ts";
import { printLabels, toObject } from "../core/labels/labels.ts";
import type { Block } from "../core/model/block.ts";
import type { Labels } from "../core/model/labels.ts";
import { nsOf, printNanos } from "../core/model/time.ts";
import { SILENT } from "../core/ports/journal.ts";
import { namesOf } from "../core/repair/chunk-name.ts";
import { type ChunkReport, inspectChunk } from "../core/repair/inspect-chunk.ts";
import { type IndexReport, inspectIndex } from "../core/repair/inspect-index.ts";
import { afterWord, BUCKET_ARGS, bucketOf, bytesText, hex32, hex64 } from "./compact-tools.ts";
import { type Flags, parseFlags, UsageError } from "./flags.ts";
import { Output } from "./output.ts";
import { textTable } from "./text-table.ts";
import { runtime } from "./wire/runtime.ts";

const args: ArgsDef = {
  keys: {
    type: "positional",
    description: "Keys of objects; paths of files when there is no --store",
    required: false,
  },
  key: { type: "string", description: "A key, may be repeated", valueHint: "KEY" },
  ...BUCKET_ARGS,
  lines: { type: "boolean", description: "Print the lines of chunks too" },
  series: { type: "boolean", description: "List the series of index files too" },
};

export const command = defineCommand({
  meta: {
    name: "compact inspect",
    description: `Show chunks and index files: blocks, sizes, encodings, times, labels, checksums

Examples:
  lokits compact inspect --store file:///srv/loki index/index_19658/fake/1795418191-compactor-….tsdb.gz
  lokits compact inspect --store s3://logs fake/c3a8d9abf646ef12/18bcfe56800:18bcfe56be8:bfe03d54 --lines
  lokits compact inspect /tmp/copied.tsdb.gz --series`,
  },
  args,
  run: ({ rawArgs }) => inspect(afterWord(rawArgs)),
});

async function inspect(rawArgs: readonly string[]): Promise<number> {
  const flags = parseFlags(rawArgs, { args, repeatable: ["key"] });
  const keys = [...flags.list("key"), ...flags.positionals];
  if (keys.length === 0) throw new UsageError("a key or a file is wanted");
  const read = await readerOf(flags);
  const printer = new Printer(flags);
  let failed = false;
  for (const key of keys) {
    const found = await read(key);
    if (found === undefined) {
      console.error(`lokits compact inspect: ${key}: no such object`);
      failed = true;
    } else if (await printer.print(found.name, found.bytes)) {
      failed = true;
    }
  }
  await printer.output.flush();
  return failed ? 1 : 0;
}

type Read = (key: string) => Promise<{ name: string; bytes: Uint8Array } | undefined>;

async function readerOf(flags: Flags): Promise<Read> {
  if (flags.text("store") === undefined && flags.text("config.file") === undefined) {
    return async (path) => ({ name: path, bytes: new Uint8Array(await readFile(path)) });
  }
  const { objects } = await bucketOf(flags, SILENT);
  return async (key) => {
    for (const name of [key, ...namesOf(key)]) {
      const bytes = await objects.get(name);
      if (bytes !== undefined) return { name: key, bytes };
    }
    return undefined;
  };
}

/** Prints reports; whether anything was wrong is the answer. */
class Printer {
  readonly output = new Output();
  readonly #json: boolean;
  readonly #lines: boolean;
  readonly #series: boolean;

  constructor(flags: Flags) {
    this.#json = flags.text("output") === "jsonl";
    this.#lines = flags.on("lines");
    this.#series = flags.on("series");
  }

  async print(name: string, bytes: Uint8Array): Promise<boolean> {
    return isIndex(name, bytes) ? await this.#index(name, bytes) : await this.#chunk(name, bytes);
  }

  async #chunk(name: string, bytes: Uint8Array): Promise<boolean> {
    const report = await inspectChunk(name, bytes, runtime.codecs);
    if (this.#json) await this.output.line(JSON.stringify(chunkJson(report)));
    else for (const line of chunkText(report)) await this.output.line(line);
    if (this.#lines) {
      await inspectChunk(name, bytes, runtime.codecs, async (block) => {
        for (const line of blockLines(block, this.#json)) await this.output.line(line);
      });
    }
    return report.problems.length > 0;
  }

  async #index(name: string, bytes: Uint8Array): Promise<boolean> {
    const report = await inspectIndex(name, bytes, runtime.codecs);
    if (this.#json) await this.output.line(JSON.stringify(indexJson(report)));
    else for (const line of indexText(report)) await this.output.line(line);
    if (this.#series) {
      await inspectIndex(name, bytes, runtime.codecs, async (series) => {
        for (const line of seriesLines(series, this.#json)) await this.output.line(line);
      });
    }
    return report.problems.length > 0;
  }
}

const GZIP_MAGIC = [0x1f, 0x8b];
const INDEX_MAGIC = [0xba, 0xaa, 0xd7, 0x00];

/** By its name, or when that says nothing by its first bytes. A chunk begins with a length below 2^24. */
function isIndex(name: string, bytes: Uint8Array): boolean {
  const starts = (magic: readonly number[]) => magic.every((byte, at) => bytes[at] === byte);
  return /\.tsdb(\.gz)?$/.test(name) || starts(GZIP_MAGIC) || starts(INDEX_MAGIC);
}

function chunkJson(report: ChunkReport): object {
  const { fingerprint, labels, fromMs, throughMs, checksum, blocks, problems, ...rest } = report;
  return {
    kind: "chunk",
    ...rest,
    checksum: hex32(checksum),
    ...(fingerprint !== undefined && { fingerprint: hex64(fingerprint) }),
    ...(labels && { labels: toObject(labels) }),
    ...bounds(fromMs, throughMs),
    entries: blocks.reduce((sum, { entries }) => sum + entries, 0),
    blocks: blocks.map(({ minTime, maxTime, ...block }) => {
      return { ...block, from: printNanos(minTime), through: printNanos(maxTime) };
    }),
    problems,
  };
}

function* chunkText(report: ChunkReport): Generator<string> {
  const { key, labels, fingerprint, symbols, blocks } = report;
  const entries = blocks.reduce((sum, block) => sum + block.entries, 0);
  const text = blocks.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0);
  yield `chunk        ${key}`;
  if (report.tenant !== undefined) yield `tenant       ${report.tenant}`;
  if (labels !== undefined) yield `stream       ${printLabels(labels)}`;
  if (fingerprint !== undefined) yield `fingerprint  ${hex64(fingerprint)}`;
  yield* boundsText(report.fromMs, report.throughMs);
  if (report.format !== undefined) yield `format       ${report.format}, ${report.encoding}`;
  yield `size         ${report.size} bytes, checksum ${hex32(report.checksum)}`;
  yield `content      ${entries} entries, ${text} bytes, ${blocks.length} blocks`;
  if (symbols !== undefined)
    yield `symbols      ${symbols.count}, ${symbols.bytes} bytes, ${symbols.size} compressed`;
  const rows = blocks.map((block, index) => [
    String(index),
    String(block.offset),
    String(block.entries),
    String(block.size),
    String(block.uncompressedSize),
    printNanos(block.minTime),
    printNanos(block.maxTime),
    block.problem ?? "ok",
  ]);
  const titles = [" block", " offset", " entries", " size", " content", "from", "through", "state"];
  if (rows.length > 0) yield* textTable(titles, rows);
  for (const problem of report.problems) yield `DAMAGED      ${problem}`;
}

function* blockLines({ rows, times, text, starts, ends, metadata }: Block, json: boolean) {
  for (let row = 0; row < rows; row++) {
    const line = fromUtf8(text, starts[row]!, ends[row]!);
    const own: Labels = metadata === undefined ? [] : metadataOf(metadata, row);
    const timestamp = printNanos(times[row]!);
    if (json)
      yield JSON.stringify({ timestamp, line, ...(own.length > 0 && { metadata: toObject(own) }) });
    else yield `${timestamp} ${own.length > 0 ? `${printLabels(own)} ` : ""}${line}`;
  }
}

function metadataOf(
  { symbols, firsts, pairs }: NonNullable<Block["metadata"]>,
  row: number,
): [string, string][] {
  const own: [string, string][] = [];
  for (let pair = firsts[row]!; pair < firsts[row + 1]!; pair++) {
    own.push([symbols[pairs[2 * pair]!] ?? "", symbols[pairs[2 * pair + 1]!] ?? ""]);
  }
  return own;
}

function indexJson({ checksum, fromMs, throughMs, problems, ...rest }: IndexReport): object {
  return {
    kind: "index",
    ...rest,
    ...(checksum !== undefined && { checksum: hex32(checksum) }),
    ...bounds(fromMs, throughMs),
    problems,
  };
}

function* indexText(report: IndexReport): Generator<string> {
  const { key, size, version, tenants = [], labels = [] } = report;
  yield `index file   ${key}`;
  if (version !== undefined) {
    yield `version      ${version}, checksum ${hex32(report.checksum!)}`;
    yield* boundsText(report.fromMs, report.throughMs);
    yield `size         ${size} bytes, ${report.uncompressedSize} decompressed`;
    yield `tenants      ${tenants.length > 0 ? tenants.join(", ") : "one, whose folder it lies in"}`;
    yield `series       ${report.series}, ${report.symbols} symbols`;
    yield `chunks       ${report.chunks}, ${report.entries} entries, ${bytesText(report.bytes!)}`;
  }
  const rows = labels.map(({ name, values }) => [name, String(values)]);
  if (rows.length > 0) yield* textTable(["label", " values"], rows);
  for (const problem of report.problems) yield `DAMAGED      ${problem}`;
}

function* seriesLines({ labels, fingerprint, chunks }: SeriesRefs, json: boolean) {
  if (json) {
    const listed = chunks.map(({ fromMs, throughMs, checksum, ...ref }) => {
      return { ...bounds(fromMs, throughMs), checksum: hex32(checksum), ...ref };
    });
    yield JSON.stringify({
      series: toObject(labels),
      fingerprint: hex64(fingerprint),
      chunks: listed,
    });
    return;
  }
  yield `${hex64(fingerprint)} ${printLabels(labels)}`;
  for (const { fromMs, throughMs, checksum, kb, entries } of chunks) {
    yield `  ${timeText(fromMs)} ${timeText(throughMs)} ${hex32(checksum)} ${entries} entries, ${kb} KiB`;
  }
}

function bounds(fromMs: number | undefined, throughMs: number | undefined): object {
  if (fromMs === undefined || throughMs === undefined) return {};
  return { from: timeText(fromMs), through: timeText(throughMs) };
}

function* boundsText(fromMs: number | undefined, throughMs: number | undefined) {
  if (fromMs === undefined || throughMs === undefined) return;
  yield `time         ${timeText(fromMs)} to ${timeText(throughMs)}`;
}

function timeText(ms: number): string {
  return printNanos(nsOf(ms));
}
