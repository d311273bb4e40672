/**
 * A source of lines seen through the delete requests: what they take is not there any more, whether
 * or not the compactor has been at it. Spans that go whole are not opened. Label names, series and
 * volumes are the index's, which forgets when the compactor does.
 */
import type { StreamId } from "../model/block.ts";
import type { Tenant } from "../model/tenant.ts";
import type {
  BlockHandle,
  LogSource,
  Select,
  Span,
  StreamSpans,
  StreamVolume,
} from "../ports/log-source.ts";
import type { DeleteFilter, StreamDeletes } from "./filter.ts";

/** The filter of a tenant; undefined when nothing of its is to go. */
export interface DeleteFilters {
  of(tenant: Tenant): Promise<DeleteFilter | undefined>;
}

export class FilteredSource implements LogSource {
  readonly #source: LogSource;
  readonly #filters: DeleteFilters;

  constructor(source: LogSource, filters: DeleteFilters) {
    this.#source = source;
    this.#filters = filters;
  }

  async streams(select: Select): Promise<StreamSpans[]> {
    const filter = await this.#filters.of(select.tenant);
    const found = await this.#source.streams(select);
    if (filter === undefined) return found;
    return found.flatMap(({ stream, spans }) => {
      const deletes = filter.of(stream.labels, select.from, select.through - 1n);
      if (deletes === undefined) return [{ stream, spans }];
      const view = new View(deletes, select);
      const left = spans.flatMap((span) => view.span(span) ?? []);
      return left.length === 0 ? [] : [{ stream, spans: left }];
    });
  }

  labelNames(select: Select): Promise<string[]> {
    return this.#source.labelNames(select);
  }

  labelValues(select: Select, name: string): Promise<string[]> {
    return this.#source.labelValues(select, name);
  }

  series(select: Select): Promise<StreamId[]> {
    return this.#source.series(select);
  }

  volume(select: Select): Promise<StreamVolume[]> {
    return this.#source.volume(select);
  }
}

interface Bounds {
  readonly minTime: bigint;
  readonly maxTime: bigint;
}

/** What is left of a stream in the time that is asked for. */
class View {
  readonly #deletes: StreamDeletes;
  readonly #from: bigint;
  readonly #last: bigint;

  constructor(deletes: StreamDeletes, { from, through }: Select) {
    this.#deletes = deletes;
    this.#from = from;
    this.#last = through - 1n;
  }

  /** Undefined when nothing is left of it. */
  span(span: Span): Span | undefined {
    const effect = this.#effectOn(span);
    if (effect === "all") return undefined;
    if (effect === "none") return span;
    const { minTime, maxTime, bytes } = span;
    const open = async () => (await span.open()).flatMap((handle) => this.#handle(handle) ?? []);
    return { minTime, maxTime, bytes, open };
  }

  #handle(handle: BlockHandle): BlockHandle | undefined {
    const effect = this.#effectOn(handle);
    if (effect === "all") return undefined;
    if (effect === "none") return handle;
    const { minTime, maxTime, rows, bytes } = handle;
    const read = () => {
      const block = handle.read();
      return block instanceof Promise
        ? block.then((own) => this.#deletes.apply(own))
        : this.#deletes.apply(block);
    };
    return { minTime, maxTime, rows, bytes, read };
  }

  /** What is outside of the time asked for is not shown, so it does not matter. */
  #effectOn({ minTime, maxTime }: Bounds): "all" | "some" | "none" {
    const from = minTime > this.#from ? minTime : this.#from;
    const last = maxTime < this.#last ? maxTime : this.#last;
    if (from > last || !this.#deletes.touches(from, last)) return "none";
    return this.#deletes.takesAll(from, last) === undefined ? "some" : "all";
  }
}
