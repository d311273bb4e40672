/** Several sources as one: what each knows of names, values, series and volumes, put together. */
import { uniteTexts } from "../index/texts.ts";
import { labelsKey } from "../labels/labels.ts";
import type { Labels } from "../model/labels.ts";
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

  async series(select: Select): Promise<Labels[]> {
    const answers: Labels[][] = [];
    for (const source of this.sources) {
      const found = await source.series(select);
      if (found.length > 0) answers.push(found);
    }
    // Fast path: what only one of them knows is there once.
    if (answers.length <= 1) return answers[0] ?? [];
    const known = new Map<string, Labels>();
    for (const found of answers) for (const labels of found) known.set(labelsKey(labels), labels);
    return [...known.values()];
  }

  async volume(select: Select): Promise<StreamVolume[]> {
    const answers: StreamVolume[][] = [];
    for (const source of this.sources) {
      const found = await source.volume(select);
      if (found.length > 0) answers.push(found);
    }
    if (answers.length <= 1) return answers[0] ?? [];
    const known = new Map<string, StreamVolume>();
    for (const found of answers) {
      for (const volume of found) {
        const key = labelsKey(volume.stream.labels);
        const before = known.get(key);
        known.set(key, before === undefined ? volume : add(before, volume));
      }
    }
    return [...known.values()];
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
