/**
 * The log of a Loki ingester's index head (spec tsdb-index §9.3): which chunks it had flushed and not
 * yet built an index file for. Read when lokits takes a Loki's place; nobody here writes it.
 */
import { ByteCursor } from "../bytes/cursor.ts";
import { fingerprint } from "../labels/fingerprint.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import { BadRequest, Corrupt } from "../model/errors.ts";
import { type Label, type Labels, METRIC_NAME } from "../model/labels.ts";
import { literalTenant, type Tenant } from "../model/tenant.ts";
import { readSegment } from "../wal/segment.ts";

/** First byte of a record. */
const SERIES = 0;
const CHUNKS = 1;
const SERIES_WITH_FINGERPRINT = 2;
/** What Prometheus calls a record of series, inside Loki's. */
const PROMETHEUS_SERIES = 1;

export interface LoggedChunk {
  readonly tenant: Tenant;
  readonly labels: Labels;
  readonly fingerprint: bigint;
  readonly ref: ChunkRef;
}

type Series = Omit<LoggedChunk, "ref">;

export class HeadLog {
  readonly chunks: LoggedChunk[] = [];
  /** What could not be read. */
  readonly damage: string[] = [];
  readonly #series = new Map<string, Series>();
  readonly #known = new Set<string>();

  /** Segments of one log come in their order. */
  async read(name: string, segment: Uint8Array): Promise<void> {
    const tell = (offset: number, what: string) =>
      void this.damage.push(`${name} at ${offset}: ${what}`);
    await readSegment(segment, {
      record: ({ bytes, offset }) => {
        try {
          this.#take(new ByteCursor(bytes));
        } catch (error) {
          if (!(error instanceof Corrupt) && !(error instanceof BadRequest)) throw error;
          tell(offset, error.message);
        }
      },
      damage: ({ offset, what }) => tell(offset, what),
    });
  }

  #take(cursor: ByteCursor): void {
    const type = cursor.u8();
    const tenant = literalTenant(cursor.string());
    if (type === CHUNKS) this.#takeChunks(tenant, cursor);
    else if (type === SERIES || type === SERIES_WITH_FINGERPRINT)
      this.#takeSeries(tenant, type, cursor);
    else throw new Corrupt(`unknown record type: ${type}`);
  }

  #takeSeries(tenant: Tenant, type: number, cursor: ByteCursor): void {
    const logged = type === SERIES_WITH_FINGERPRINT ? cursor.u64() : undefined;
    const inner = cursor.u8();
    if (inner !== PROMETHEUS_SERIES) throw new Corrupt(`series record holds type ${inner}`);
    while (cursor.left > 0) {
      const ref = cursor.u64();
      const labels = readLabels(cursor);
      const known = { tenant, labels, fingerprint: logged ?? fingerprint(labels) };
      this.#series.set(`${tenant} ${ref}`, known);
    }
  }

  #takeChunks(tenant: Tenant, cursor: ByteCursor): void {
    const series = this.#series.get(`${tenant} ${cursor.u64()}`);
    if (series === undefined) throw new Corrupt("chunks of a series that was not introduced");
    const count = cursor.uvarint();
    for (let index = 0; index < count; index++) {
      const [fromMs, throughMs] = [Number(cursor.i64()), Number(cursor.i64())];
      const [checksum, kb, entries] = [cursor.u32(), cursor.u32(), cursor.u32()];
      const ref = { fromMs, throughMs, checksum, kb, entries };
      const key = `${tenant} ${series.fingerprint} ${fromMs} ${throughMs} ${checksum}`;
      if (this.#known.has(key)) continue;
      this.#known.add(key);
      this.chunks.push({ ...series, ref });
    }
  }
}

/** As index files have them. */
function readLabels(cursor: ByteCursor): Labels {
  const labels: Label[] = [];
  const count = cursor.uvarint();
  for (let index = 0; index < count; index++) {
    const label: Label = [cursor.string(), cursor.string()];
    if (label[0] !== METRIC_NAME) labels.push(label);
  }
  return labels;
}
