/**
 * Numbers for the streams of several sources, in the order in which they are first seen: what is the same
 * stream has the same number. What was met in a question before is known: neither a text for each of a hundred
 * thousand label sets is made nor a table of them, which would take longer than all else that is done with them.
 */
import type { StreamId } from "../model/block.ts";
import type { Labels } from "../model/labels.ts";
import { isMapped, KnownStreams } from "./known-streams.ts";
import { KnownValues } from "./known-values.ts";
import { labelsKey } from "./labels.ts";

/** One for all, since a stream keeps one number. */
const KNOWN = new KnownStreams();

/** The names whose values are remembered: those that were asked for last. */
const NAMES_MAX = 4;
const values = new Map<string, KnownValues>();
let valuesGeneration = KNOWN.generation;

type Lists = readonly (readonly StreamId[])[];

/** Numbers by labels alone, whatever the fingerprints: for sources that know nothing of one another. */
export function numbersByLabels(lists: Lists): Uint32Array[] {
  return numbersByKey(lists, { mapped: false }) ?? numbersByText(lists);
}

/** Numbers by labels and fingerprint: for sources in which the fingerprint is part of where a stream's chunks lie. */
export function numbersByPlace(lists: Lists): Uint32Array[] {
  return numbersByKey(lists, { mapped: true })!;
}

/** Each stream once, in the order in which they are first seen. */
export function distinctStreams(lists: Lists): StreamId[] {
  const streams: StreamId[] = [];
  numbersByLabels(lists).forEach((numbers, at) => {
    const list = lists[at]!;
    for (let index = 0; index < list.length; index++) {
      if (numbers[index] === streams.length) streams.push(list[index]!);
    }
  });
  return streams;
}

/** The value that each stream has of a label, as a place in `sets`, where it is a label set; -1 without one. */
export function numbersByValue(
  list: readonly { readonly stream: StreamId }[],
  name: string,
): { numbers: Int32Array; sets: readonly Labels[] } {
  KNOWN.prepare(list.length);
  const known = valuesOf(name);
  known.prepare(KNOWN.count + list.length);
  const numbers = new Int32Array(list.length);
  for (let index = 0; index < numbers.length; index++) {
    const { stream } = list[index]!;
    // What a mapped fingerprint may be shared by is looked up by its text: it keeps no number anyway.
    numbers[index] =
      !stream.known && isMapped(stream)
        ? known.find(stream.labels)
        : known.numberOf(KNOWN.numberOf(stream), stream.labels);
  }
  return { numbers, sets: known.sets };
}

function valuesOf(name: string): KnownValues {
  if (valuesGeneration !== KNOWN.generation) values.clear();
  valuesGeneration = KNOWN.generation;
  const known = values.get(name) ?? new KnownValues(name);
  values.delete(name);
  values.set(name, known);
  for (const oldest of values.keys()) {
    if (values.size <= NAMES_MAX) break;
    values.delete(oldest);
  }
  return known;
}

function numbersByText(lists: Lists): Uint32Array[] {
  const known = new Map<string, number>();
  return lists.map((list) =>
    Uint32Array.from(list, ({ labels }) => {
      const key = labelsKey(labels);
      let number = known.get(key);
      if (number === undefined) known.set(key, (number = known.size));
      return number;
    }),
  );
}

/** Undefined when there is a fingerprint that may be mapped and none is wanted. */
function numbersByKey(lists: Lists, { mapped }: { mapped: boolean }): Uint32Array[] | undefined {
  const size = lists.reduce((sum, list) => sum + list.length, 0);
  KNOWN.prepare(size);
  /** By known number: the number here and one more, 0 for what was not seen yet. */
  const seen = new Uint32Array(KNOWN.count + size);
  const all: Uint32Array[] = [];
  let count = 0;
  for (const list of lists) {
    const numbers = new Uint32Array(list.length);
    for (let index = 0; index < list.length; index++) {
      const stream = list[index]!;
      const known = KNOWN.numberOf(stream);
      if (!mapped && !stream.known && isMapped(stream)) return undefined;
      if (seen[known] === 0) seen[known] = ++count;
      numbers[index] = seen[known]! - 1;
    }
    all.push(numbers);
  }
  return all;
}
