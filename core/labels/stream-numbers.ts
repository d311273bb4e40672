/**
 * Numbers for the streams of several sources, in the order in which they are first seen: what is the same
 * stream has the same number. Found by fingerprint, since a text for each of a hundred thousand label sets
 * takes longer than all else that is done with them; labels then tell those apart that share one.
 */
import type { StreamId } from "../model/block.ts";
import type { Labels } from "../model/labels.ts";
import { labelsKey, sameLabels } from "./labels.ts";

/** Up to here a fingerprint may be one that a collision was mapped to, in one source and not in another. */
const MAPPED_MAX = 2 ** 20;
/** Slots for each stream: with more of them free, fewer streams that are not meant are looked at. */
const SLOTS_PER_STREAM = 2;
const LOW_LANE = 2 ** 32;

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

/**
 * A table with open addressing; a slot has a stream's number and one more, where 0 is free, and the hash it was
 * found by. Undefined when there is a fingerprint that may be mapped and none is wanted. Streams lie far apart in memory, so that each is looked
 * at once.
 */
function numbersByKey(lists: Lists, { mapped }: { mapped: boolean }): Uint32Array[] | undefined {
  const size = lists.reduce((sum, list) => sum + list.length, 0);
  const slots = new Uint32Array(2 * 2 ** Math.ceil(Math.log2(SLOTS_PER_STREAM * size + 1)));
  const mask = slots.length - 1;
  const known: StreamId[] = [];
  const standing: Labels[] = [];
  const all: Uint32Array[] = [];
  for (const list of lists) {
    const numbers = new Uint32Array(list.length);
    for (let index = 0; index < list.length; index++) {
      const stream = list[index]!;
      const rounded = Number(stream.fingerprint);
      if (rounded <= MAPPED_MAX && !mapped) return undefined;
      const hash = hashOf(rounded);
      const own = stream.same ?? stream.labels;
      let slot = (2 * hash) & mask;
      let held = slots[slot]!;
      for (; held !== 0; held = slots[slot]!) {
        const isLike = slots[slot + 1] === hash;
        // Fast path: they were found equal before.
        if (isLike && (standing[held - 1] === own || isSame(known[held - 1]!, stream))) break;
        slot = (slot + 2) & mask;
      }
      if (held === 0) {
        standing.push(own);
        slots[slot] = held = known.push(stream);
        slots[slot + 1] = hash;
      }
      numbers[index] = held - 1;
    }
    all.push(numbers);
  }
  return all;
}

/** The high lane of a fingerprint; of a small one, which has nothing there, all of it. */
function hashOf(rounded: number): number {
  return (rounded < LOW_LANE ? rounded : rounded / LOW_LANE) >>> 0;
}

/**
 * What is found equal is kept with the stream: sources give the same object for a stream each time, and to look
 * at every label of a hundred thousand streams is most of what joining them would cost. Label sets are
 * kept and no streams, which would keep what they hold.
 */
function isSame(a: StreamId, b: StreamId): boolean {
  if (a === b) return true;
  if (a.fingerprint !== b.fingerprint || !sameLabels(a.labels, b.labels)) return false;
  b.same = a.same ?? a.labels;
  return true;
}
