/**
 * Until when a stream is kept: of the rules whose matchers all match the one with the highest priority,
 * of equal ones the shortest; without any the period of the tenant (spec tsdb-index §13). A period of 0
 * or less keeps for ever.
 */
import { type CompiledMatcher, compileMatcher, matchesAll } from "../labels/matcher.ts";
import type { Labels } from "../model/labels.ts";
import type { Limits, RetentionRule } from "../model/limits.ts";

/** What limits say about keeping. Also what is remembered of the rules that were applied last. */
export interface RetentionRules {
  readonly periodMs: number;
  readonly streams: readonly RetentionRule[];
}

/** A chunk goes when its last moment is before that of its stream. */
export interface Cutoffs {
  /** Unix milliseconds; -Infinity for a stream that is kept for ever. */
  of(labels: Labels): number;
  /** The latest of all streams: what is not before it is nobody's to look at. */
  readonly latestMs: number;
}

export const KEEP_ALL: Cutoffs = { of: () => -Infinity, latestMs: -Infinity };

export function rulesOf(limits: Limits): RetentionRules {
  return { periodMs: limits.retentionPeriodMs, streams: limits.retentionStream };
}

export function cutoffsOf(rules: RetentionRules, nowMs: number): Cutoffs {
  const cutoff = (periodMs: number) => (periodMs > 0 ? nowMs - periodMs : -Infinity);
  const compiled = rules.streams
    .toSorted((a, b) => b.priority - a.priority || a.periodMs - b.periodMs)
    .map(({ selector, periodMs }): Rule => {
      return { matchers: selector.map(compileMatcher), cutoffMs: cutoff(periodMs) };
    });
  const restMs = cutoff(rules.periodMs);
  return {
    of: (labels) =>
      compiled.find(({ matchers }) => matchesAll(matchers, labels))?.cutoffMs ?? restMs,
    latestMs: compiled.reduce((latest, { cutoffMs }) => Math.max(latest, cutoffMs), restMs),
  };
}

interface Rule {
  readonly matchers: readonly CompiledMatcher[];
  readonly cutoffMs: number;
}

/** What both let go. */
export function bothOf(a: Cutoffs, b: Cutoffs): Cutoffs {
  return {
    of: (labels) => Math.min(a.of(labels), b.of(labels)),
    latestMs: Math.min(a.latestMs, b.latestMs),
  };
}

/** What lets go whatever is before a moment, and else as the other does. */
export function atLeast(cutoffs: Cutoffs, momentMs: number): Cutoffs {
  if (momentMs === -Infinity) return cutoffs;
  return {
    of: (labels) => Math.max(cutoffs.of(labels), momentMs),
    latestMs: Math.max(cutoffs.latestMs, momentMs),
  };
}

/**
 * Whether lines that the old rules keep may be let go by the new ones. Says yes when in doubt: rules
 * that overlap are not solved against each other, the numbers of what would go are (expire.ts).
 */
export function shrinks(old: RetentionRules, now: RetentionRules): boolean {
  const length = (periodMs: number) => (periodMs > 0 ? periodMs : Infinity);
  const longest = [old.periodMs, ...old.streams.map(({ periodMs }) => periodMs)]
    .map(length)
    .reduce((a, b) => Math.max(a, b));
  const shortest = [now.periodMs, ...now.streams.map(({ periodMs }) => periodMs)]
    .map(length)
    .reduce((a, b) => Math.min(a, b));
  // Fast path: nothing is kept for a shorter time than anything was before.
  if (shortest >= longest) return false;
  if (length(now.periodMs) < length(old.periodMs)) return true;
  const known = new Map(old.streams.map((rule) => [textOf(rule), rule]));
  const left = new Set(known.keys());
  for (const rule of now.streams) {
    const before = known.get(textOf(rule));
    left.delete(textOf(rule));
    // A rule that is new takes streams from others, which kept them for as long as the longest.
    if (length(rule.periodMs) < (before === undefined ? longest : length(before.periodMs)))
      return true;
  }
  // What a rule that is gone kept falls to others, which keep it for as long as the shortest.
  return [...left].some((text) => length(known.get(text)!.periodMs) > shortest);
}

function textOf({ selector, priority }: RetentionRule): string {
  return JSON.stringify([priority, selector.map(({ name, op, value }) => [name, op, value])]);
}
