/**
 * Several tenants asked as one (`a|b` in the header): each keeps its streams apart under the label
 * `__tenant_id__`, which selectors may use to choose among them (spec http-api §1.1).
 */
import { compareText } from "../bytes/text.ts";
import { byName, labelValue } from "../labels/labels.ts";
import { compileMatcher } from "../labels/matcher.ts";
import type { StreamId } from "../model/block.ts";
import type { Limits } from "../model/limits.ts";
import type { Matcher } from "../model/matcher.ts";
import type { Tenant } from "../model/tenant.ts";
import type { LogSource, Select, StreamSpans, StreamVolume } from "../ports/log-source.ts";

const TENANT_ID = "__tenant_id__";
/** What a label of that name is called that a tenant's own streams have. */
const ORIGINAL = "original___tenant_id__";

/** What one tenant has in a source, whoever is asked for. */
export class TenantSource implements LogSource {
  readonly #source: LogSource;
  readonly #tenant: Tenant;

  constructor(source: LogSource, tenant: Tenant) {
    this.#source = source;
    this.#tenant = tenant;
  }

  async streams(select: Select): Promise<StreamSpans[]> {
    const own = this.#own(select);
    if (own === undefined) return [];
    return (await this.#source.streams(own)).map(({ stream, spans }) => ({
      stream: this.#named(stream),
      spans,
    }));
  }

  async labelNames(select: Select): Promise<string[]> {
    const own = this.#own(select);
    if (own === undefined) return [TENANT_ID];
    const names = (await this.#source.labelNames(own)).map((name) =>
      name === TENANT_ID ? ORIGINAL : name,
    );
    return [...names, TENANT_ID].sort(compareText);
  }

  async labelValues(select: Select, name: string): Promise<string[]> {
    const own = this.#own(select);
    if (own === undefined) return [];
    if (name === TENANT_ID) return [this.#tenant];
    return await this.#source.labelValues(own, name === ORIGINAL ? TENANT_ID : name);
  }

  async series(select: Select): Promise<StreamId[]> {
    const own = this.#own(select);
    if (own === undefined) return [];
    return (await this.#source.series(own)).map((stream) => this.#named(stream));
  }

  async volume(select: Select): Promise<StreamVolume[]> {
    const own = this.#own(select);
    if (own === undefined) return [];
    return (await this.#source.volume(own)).map((volume) => ({
      ...volume,
      stream: this.#named(volume.stream),
    }));
  }

  /** The question as this tenant is asked it; undefined when it is about others. */
  #own(select: Select): Select | undefined {
    const matchers: Matcher[] = [];
    for (const matcher of select.matchers) {
      if (matcher.name === ORIGINAL) matchers.push({ ...matcher, name: TENANT_ID });
      else if (matcher.name !== TENANT_ID) matchers.push(matcher);
      else if (!compileMatcher(matcher).test(this.#tenant)) return undefined;
    }
    return { ...select, tenant: this.#tenant, matchers };
  }

  #named({ labels, fingerprint }: StreamId): StreamId {
    const own = labelValue(labels, TENANT_ID);
    const rest = own === "" ? labels : labels.filter(([name]) => name !== TENANT_ID);
    const original = own === "" ? [] : [[ORIGINAL, own] as const];
    const named = [...rest, ...original, [TENANT_ID, this.#tenant] as const].sort(byName);
    return { labels: named, fingerprint };
  }
}

/** What all of several tenants allow: of two limits the smaller, and none only where nobody has one. */
export function strictest(all: readonly Limits[]): Limits {
  const [first, ...others] = all;
  return others.reduce(stricter, first!);
}

function stricter(a: Limits, b: Limits): Limits {
  const limits: Record<string, unknown> = { ...a };
  for (const [name, value] of Object.entries(b)) {
    const own = limits[name];
    if (typeof own === "number") limits[name] = smaller(own, value as number);
    else if (typeof own === "boolean") limits[name] = own && (value as boolean);
  }
  return {
    ...(limits as unknown as Limits),
    minimumLabelsNumber: Math.max(a.minimumLabelsNumber, b.minimumLabelsNumber),
    requiredLabels: [...new Set([...a.requiredLabels, ...b.requiredLabels])],
    blockedQueries: [...a.blockedQueries, ...b.blockedQueries],
    shardAggregations: a.shardAggregations.filter((name) => b.shardAggregations.includes(name)),
  };
}

/** 0 is no limit. */
function smaller(a: number, b: number): number {
  if (a <= 0 || b <= 0) return Math.max(a, b);
  return Math.min(a, b);
}
