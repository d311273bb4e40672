/** Makes the benchmark load of shared/tools/README.md: snappy-protobuf push bodies in one file, and the raw lines beside it. */

import { once } from "node:events";
import { createWriteStream, existsSync, renameSync } from "node:fs";
import { resolve } from "node:path";
import { ProtoWriter } from "../core/bytes/proto.ts";
import { snappyEncodeBlock } from "../core/compress/snappy.ts";
import { labelsOf, printLabels } from "../core/labels/labels.ts";

export interface LoadOptions {
  readonly seed: number;
  readonly lines: number;
  readonly pods: number;
  /** Seconds. */
  readonly span: number;
}

interface CorpusEntry {
  readonly labels: Record<string, string>;
  readonly ts: string;
  readonly line: string;
}

const BODY_BYTES = 1 << 20;

/** Writes `<path>` and `<path>.raw` unless they are there. Gives the raw bytes of the lines. */
export async function makeLoad(path: string, options: LoadOptions): Promise<void> {
  if (existsSync(path) && existsSync(`${path}.raw`)) return;
  const tools = resolve(import.meta.dirname, "../../shared/tools/corpus.mjs");
  const { corpus } = (await import(tools)) as {
    corpus: (options: LoadOptions) => Iterable<CorpusEntry>;
  };
  const pack = createWriteStream(`${path}.part`);
  const raw = createWriteStream(`${path}.raw`);
  let batch: CorpusEntry[] = [];
  let bytes = 0;
  const flush = async () => {
    if (batch.length === 0) return;
    const body = snappyEncodeBlock(pushBody(batch));
    const size = Buffer.alloc(4);
    size.writeUInt32LE(body.length);
    raw.write(batch.map(({ line }) => `${line.replaceAll("\n", " ")}\n`).join(""));
    if (!pack.write(Buffer.concat([size, body]))) await once(pack, "drain");
    batch = [];
    bytes = 0;
  };
  for (const entry of corpus(options)) {
    batch.push(entry);
    bytes += Buffer.byteLength(entry.line);
    if (bytes > BODY_BYTES) await flush();
  }
  await flush();
  pack.end();
  raw.end();
  await Promise.all([once(pack, "finish"), once(raw, "finish")]);
  renameSync(`${path}.part`, path);
}

function pushBody(entries: readonly CorpusEntry[]): Uint8Array {
  const streams = new Map<string, ProtoWriter>();
  for (const { labels, ts, line } of entries) {
    const text = printLabels(labelsOf(labels));
    let stream = streams.get(text);
    if (stream === undefined) streams.set(text, (stream = new ProtoWriter().string(1, text)));
    const time = BigInt(ts);
    const stamp = new ProtoWriter().int64(1, time / 1_000_000_000n).int64(2, time % 1_000_000_000n);
    stream.message(2, new ProtoWriter().message(1, stamp).string(2, line));
  }
  const body = new ProtoWriter();
  for (const stream of streams.values()) body.message(1, stream);
  return body.take();
}
