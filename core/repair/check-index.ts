/** Holds one index file against its name, its checksums and the place that it lies in. */
import { toHex } from "../bytes/text.ts";
import { openIndexFile } from "../index/open.ts";
import type { IndexReader } from "../index/reader.ts";
import { GZIP_SUFFIX, parseFileName } from "../index/table.ts";
import { proveLayout } from "../index/whole.ts";
import { Corrupt } from "../model/errors.ts";
import { DAY_MS } from "../model/schema.ts";
import type { Codecs } from "../ports/codecs.ts";
import type { Finding, FindingKind } from "./finding.ts";
import { type IndexPlace, seriesOf, type TenantSeries } from "./index-walk.ts";

/**
 * How gzip streams of index files begin: flags, time, level, system. The first is Loki's, in which the
 * time is Go's zero cut to 32 bits, and ours; the others are Go without a time, and zlib.
 */
const GZIP_HEADERS = ["1f8b080000096e8800ff", "1f8b08000000000000ff", "1f8b0800000000000003"];

/**
 * What is wrong with the file. Its series are handed over as far as they can be read, also when other
 * parts of the file are damaged.
 */
export async function checkIndex(
  place: IndexPlace,
  stored: Uint8Array,
  codecs: Codecs,
  onSeries: (series: TenantSeries) => void,
): Promise<Finding[]> {
  const { key } = place;
  const findings: Finding[] = [];
  const found = (kind: FindingKind, what: string) => findings.push({ kind, key, what });
  if (stored.length === 0) {
    found("truncated", "index file is empty");
    return findings;
  }
  try {
    const reader = await openIndexFile(key, stored, codecs);
    const stray = readSeries(reader, place, onSeries);
    if (stray > 0) found("damaged", `${stray} chunks lie outside of the table's day`);
    reader.prove();
    proveLayout(reader.bytes);
    const other = differenceOf(reader, place);
    if (other !== undefined) found("damaged", other);
  } catch (error) {
    if (!(error instanceof Corrupt)) throw error;
    found("damaged", damageOf(error));
  }
  // The checksum of a gzip stream covers what is in it and not its header.
  if (findings.length === 0 && key.endsWith(GZIP_SUFFIX) && !hasKnownHeader(stored)) {
    found("unusual", "the gzip header is not one that Loki writes; the content is whole");
  }
  return findings;
}

/** The chunks that have no moment in the table's day. */
function readSeries(
  reader: IndexReader,
  place: IndexPlace,
  onSeries: (series: TenantSeries) => void,
): number {
  const startMs = place.day * DAY_MS;
  let stray = 0;
  for (const series of seriesOf(reader, place)) {
    for (const { fromMs, throughMs } of series.chunks) {
      if (throughMs < startMs || fromMs >= startMs + DAY_MS) stray++;
    }
    onSeries(series);
  }
  return stray;
}

function differenceOf(reader: IndexReader, { file }: IndexPlace): string | undefined {
  const name = parseFileName(file);
  if (name?.kind !== "compacted") return undefined;
  const { fromMs, throughMs, checksum } = reader;
  if (name.checksum !== checksum) {
    return `checksum is ${checksum.toString(16)}, the name says ${name.checksum.toString(16)}`;
  }
  if (name.fromMs === fromMs && name.throughMs === throughMs) return undefined;
  return `bounds are ${fromMs} to ${throughMs}, the name says ${name.fromMs} to ${name.throughMs}`;
}

function hasKnownHeader(stored: Uint8Array): boolean {
  return GZIP_HEADERS.includes(toHex(stored.subarray(0, GZIP_HEADERS[0]!.length / 2)));
}

/** Without the key, which the finding has. */
function damageOf(error: Corrupt): string {
  return error.cause instanceof Corrupt ? error.cause.message : error.message;
}
