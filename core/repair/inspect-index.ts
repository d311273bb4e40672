/** What one index file says: bounds, tenants, cardinality of its labels, and the weight of its chunks. */
import { openIndexFile } from "../index/open.ts";
import type { SeriesRefs } from "../index/reader.ts";
import { TENANT_LABEL } from "../index/table.ts";
import { Corrupt } from "../model/errors.ts";
import type { Codecs } from "../ports/codecs.ts";

export interface IndexReport {
  readonly key: string;
  readonly size: number;
  /** Everything from here on is missing when the file does not open. */
  readonly uncompressedSize?: number;
  readonly version?: number;
  /** That of the table of contents, which the names of compacted files carry. */
  readonly checksum?: number;
  readonly fromMs?: number;
  readonly throughMs?: number;
  readonly series?: number;
  readonly symbols?: number;
  /** None in a file of one tenant. */
  readonly tenants?: readonly string[];
  readonly labels?: readonly { readonly name: string; readonly values: number }[];
  readonly chunks?: number;
  readonly entries?: number;
  readonly bytes?: number;
  readonly problems: readonly string[];
}

/** With `onSeries` the series are handed over in the order of the file. */
export async function inspectIndex(
  key: string,
  stored: Uint8Array,
  codecs: Codecs,
  onSeries?: (series: SeriesRefs) => Promise<void> | void,
): Promise<IndexReport> {
  const about = { key, size: stored.length };
  try {
    const reader = await openIndexFile(key, stored, codecs);
    const { version, checksum, fromMs, throughMs, bytes, symbolCount: symbols } = reader;
    const head = { uncompressedSize: bytes.length, version, checksum, fromMs, throughMs, symbols };
    const sum = { chunks: 0, entries: 0, kb: 0 };
    let problem: string | undefined;
    try {
      reader.prove();
      for (const series of reader.wholeSeries()) {
        sum.chunks += series.chunks.length;
        for (const { entries, kb } of series.chunks) {
          sum.entries += entries;
          sum.kb += kb;
        }
        await onSeries?.(series);
      }
    } catch (error) {
      problem = damageOf(error);
    }
    const names = reader.labelNames().filter((name) => name !== TENANT_LABEL);
    return {
      ...about,
      ...head,
      series: reader.seriesCount(),
      tenants: reader.labelValues(TENANT_LABEL),
      labels: names.map((name) => ({ name, values: reader.labelValues(name).length })),
      chunks: sum.chunks,
      entries: sum.entries,
      bytes: sum.kb * 1024,
      problems: problem === undefined ? [] : [problem],
    };
  } catch (error) {
    return { ...about, problems: [damageOf(error)] };
  }
}

function damageOf(error: unknown): string {
  if (error instanceof Corrupt) return error.message;
  throw error;
}
