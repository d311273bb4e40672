/**
 * The rules of retention that were applied last, in the bucket: so that a shorter period in a
 * configuration does not delete on its own what the bucket's owner thought safe. A bucket without a
 * record takes the rules as they are, as Loki does.
 */
import { fromUtf8, utf8 } from "../bytes/text.ts";
import { printMatchers } from "../labels/matcher.ts";
import { Corrupt } from "../model/errors.ts";
import type { RetentionRule } from "../model/limits.ts";
import type { MatchOp } from "../model/matcher.ts";
import type { Tenant } from "../model/tenant.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { type RetentionRules, shrinks } from "./cutoffs.ts";
import { RULES } from "./places.ts";

export interface AppliedRules {
  /** By tenant, of those that had lines in the bucket. */
  readonly tenants: ReadonlyMap<Tenant, RetentionRules>;
  /** `retention_size`, bytes; 0 for none. */
  readonly sizeBytes: number;
}

/** Undefined when no rules were ever applied. Throws Corrupt. */
export async function readRules(store: ObjectStore): Promise<AppliedRules | undefined> {
  const bytes = await store.get(RULES);
  if (bytes === undefined) return undefined;
  try {
    const { tenants, sizeBytes } = JSON.parse(fromUtf8(bytes)) as Written;
    const known = Object.entries(tenants).map(([tenant, rules]) => [tenant as Tenant, read(rules)]);
    return { tenants: new Map(known as [Tenant, RetentionRules][]), sizeBytes: Number(sizeBytes) };
  } catch (error) {
    throw new Corrupt(`${RULES} is no record of rules`, { cause: error });
  }
}

export async function writeRules(store: ObjectStore, applied: AppliedRules): Promise<void> {
  const tenants = Object.fromEntries(applied.tenants);
  const text = JSON.stringify({ tenants, sizeBytes: applied.sizeBytes }, undefined, 1);
  await store.put(RULES, utf8(`${text}\n`));
}

export function sameRules(a: AppliedRules, b: AppliedRules): boolean {
  const text = ({ tenants, sizeBytes }: AppliedRules) =>
    JSON.stringify([sizeBytes, [...tenants].sort(([x], [y]) => (x < y ? -1 : 1))]);
  return text(a) === text(b);
}

/** What would be kept for a shorter time than before, one sentence each; none when nothing is. */
export function shrinkages(old: AppliedRules, now: AppliedRules): string[] {
  const found: string[] = [];
  for (const [tenant, rules] of now.tenants) {
    const before = old.tenants.get(tenant);
    if (before === undefined || !shrinks(before, rules)) continue;
    found.push(`tenant ${tenant}: ${printRules(before)} becomes ${printRules(rules)}`);
  }
  const size = (bytes: number) => (bytes > 0 ? bytes : Infinity);
  if (size(now.sizeBytes) < size(old.sizeBytes)) {
    const print = (bytes: number) => (bytes > 0 ? `${bytes} bytes` : "no limit");
    found.push(`retention_size: ${print(old.sizeBytes)} becomes ${print(now.sizeBytes)}`);
  }
  return found;
}

function printRules({ periodMs, streams }: RetentionRules): string {
  const rules = streams.map((rule) => `${printMatchers(rule.selector)} ${period(rule.periodMs)}`);
  return [period(periodMs), ...rules].join(", ");
}

function period(ms: number): string {
  return ms > 0 ? `${ms / 3_600_000}h` : "for ever";
}

interface Written {
  readonly tenants: Readonly<Record<string, unknown>>;
  readonly sizeBytes: unknown;
}

function read(written: unknown): RetentionRules {
  const { periodMs, streams } = written as { periodMs: unknown; streams: unknown[] };
  return { periodMs: Number(periodMs), streams: streams.map(readRule) };
}

function readRule(written: unknown): RetentionRule {
  const { selector, priority, periodMs } = written as Record<string, unknown>;
  const matchers = (selector as Record<string, unknown>[]).map(({ name, op, value }) => ({
    ...{ name: String(name), op: op as MatchOp, value: String(value) },
  }));
  return { selector: matchers, priority: Number(priority), periodMs: Number(periodMs) };
}
