/** Several sources as one: what each knows of names, values, series and volumes, put together. */
import { uniteTexts } from "../index/texts.ts";
import { distinctStreams, numbersByLabels } from "../labels/stream-numbers.ts";
import type { StreamId } from "../model/block.ts";
import type { LogSource, Select, StreamSpans, StreamVolume } from "../ports/log-source.ts";

export class JoinedSource implements LogSource {
  readonly sources: readonly LogSource[];

  constructor(sources: readonly LogSource[]) {
    this.sources = sources;
  }

  async streams(select: Select): Promise<StreamSpans[]> {
    const answers: StreamSpans[] = [];
    for (const source of this.sources) answers.push(...(await source.streams(select)));
    return answers;
  }

  labelNames(select: Select): Promise<string[]> {
    return this.#union((source) => source.labelNames(select));
  }

  labelValues(select: Select, name: string): Promise<string[]> {
    return this.#union((source) => source.labelValues(select, name));
  }

  async series(select: Select): Promise<StreamId[]> {
    const answers: StreamId[][] = [];
    for (const source of this.sources) {
      const found = await source.series(select);
      if (found.length > 0) answers.push(found);
    }
    // Fast path: what only one of them knows is there once.
    if (answers.length <= 1) return answers[0] ?? [];
    return distinctStreams(answers);
  }

  async volume(select: Select): Promise<StreamVolume[]> {
    const answers: StreamVolume[][] = [];
    for (const source of this.sources) {
      const found = await source.volume(select);
      if (found.length > 0) answers.push(found);
    }
    if (answers.length <= 1) return answers[0] ?? [];
    const streams = answers.map((found) => found.map(({ stream }) => stream));
    const sums: StreamVolume[] = [];
    numbersByLabels(streams).forEach((numbers, at) => {
      const found = answers[at]!;
      for (let index = 0; index < found.length; index++) {
        const number = numbers[index]!;
        const volume = found[index]!;
        sums[number] = number === sums.length ? volume : add(sums[number]!, volume);
      }
    });
    return sums;
  }

  async #union(ask: (source: LogSource) => Promise<string[]>): Promise<string[]> {
    const answers: string[][] = [];
    for (const source of this.sources) answers.push(await ask(source));
    return uniteTexts(answers);
  }
}

function add(a: StreamVolume, b: StreamVolume): StreamVolume {
  return {
    stream: a.stream,
    chunks: a.chunks + b.chunks,
    entries: a.entries + b.entries,
    bytes: a.bytes + b.bytes,
  };
}
