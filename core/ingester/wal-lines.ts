/** The lines of a WAL record by record, each once: what a person wants to see of it. Memory holds a counter a stream. */

import { fromUtf8 } from "../bytes/text.ts";
import { ChunkBuilder } from "../chunk/builder.ts";
import { labelsOf } from "../labels/labels.ts";
import type { Block } from "../model/block.ts";
import type { Label, Labels } from "../model/labels.ts";
import { type Codecs, ENCODINGS } from "../ports/codecs.ts";
import type { CheckpointChunk } from "../wal/checkpoint-record.ts";
import type { WalRecord } from "../wal/record.ts";

export interface WalLine {
  readonly tenant: string;
  /** Stream labels and structured metadata together, as a query shows them. */
  readonly labels: Labels;
  readonly time: bigint;
  readonly line: string;
}

interface Known {
  readonly labels: Labels;
  counter: number;
  /** Whether a series record named it; a checkpoint may have known it before. */
  readonly introduced: boolean;
}

export class WalLines {
  readonly #codecs: Codecs;
  readonly #streams = new Map<string, Known>();

  constructor(codecs: Codecs) {
    this.#codecs = codecs;
  }

  async *of(record: WalRecord): AsyncGenerator<WalLine> {
    const { tenant } = record;
    if (record.kind === "series") {
      for (const { ref, labels } of record.series) this.#introduce(`${tenant} ${ref}`, labels);
    } else if (record.kind === "checkpoint") {
      const counter = Number(record.entryCt);
      this.#streams.set(`${tenant} ${record.fingerprint}`, {
        labels: record.labels,
        counter,
        introduced: false,
      });
      for (const chunk of record.chunks) yield* this.#chunkLines(tenant, record.labels, chunk);
    } else {
      for (const { ref, counter, rows } of record.groups) {
        const stream = this.#streams.get(`${tenant} ${ref}`);
        if (stream !== undefined && counter > 0 && counter <= stream.counter) continue;
        if (stream !== undefined) stream.counter = counter;
        yield* linesOf(tenant, stream?.labels ?? [], rows);
      }
    }
  }

  /** A stream that is introduced a second time had left memory: what follows is new, whatever its counter. */
  #introduce(key: string, labels: Labels): void {
    const known = this.#streams.get(key);
    const counter = known === undefined || known.introduced ? 0 : known.counter;
    this.#streams.set(key, { labels, counter, introduced: true });
  }

  async *#chunkLines(
    tenant: string,
    labels: Labels,
    { data, head }: CheckpointChunk,
  ): AsyncGenerator<WalLine> {
    // Nothing is written, so encoding and sizes do not matter.
    const options = {
      encoding: ENCODINGS.none,
      blockSize: 1 << 18,
      targetSize: 0,
      codecs: this.#codecs,
    };
    const builder = ChunkBuilder.fromCheckpoint({ data, head }, options);
    for (const handle of builder.handles()) yield* linesOf(tenant, labels, await handle.read());
  }
}

function* linesOf(tenant: string, labels: Labels, rows: Block): Generator<WalLine> {
  for (let row = 0; row < rows.rows; row++) {
    yield {
      tenant,
      labels: withMetadata(labels, rows, row),
      time: rows.times[row]!,
      line: fromUtf8(rows.text, rows.starts[row]!, rows.ends[row]!),
    };
  }
}

function withMetadata(labels: Labels, { metadata }: Block, row: number): Labels {
  if (metadata === undefined || metadata.firsts[row] === metadata.firsts[row + 1]) return labels;
  const { symbols, firsts, pairs } = metadata;
  const own: Label[] = [];
  for (let pair = firsts[row]!; pair < firsts[row + 1]!; pair++) {
    own.push([symbols[pairs[2 * pair]!] ?? "", symbols[pairs[2 * pair + 1]!] ?? ""]);
  }
  return labelsOf([...labels, ...own]);
}
