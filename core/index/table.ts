/**
 * Where index files lie and what they are called. A table holds a day; its files are common to all
 * tenants, as ingesters upload them, or of one tenant, as the compactor leaves them. Which of the two
 * a file is, its place says and not its name.
 */
import { compareText } from "../bytes/text.ts";
import { type CompiledMatcher, compileMatcher } from "../labels/matcher.ts";
import type { Labels } from "../model/labels.ts";
import { DAY_MS, periodAt, type Schema, type SchemaPeriod } from "../model/schema.ts";

/** In common files every series has its tenant as a label; its fingerprint is that without it. */
export const TENANT_LABEL = "__loki_tenant__";

/** The folder beside the tables where delete requests are kept. */
export const DELETE_REQUESTS = "delete_requests";

const SUFFIX = ".tsdb";
/** Ends the names of compressed files. */
export const GZIP_SUFFIX = ".gz";

export interface Table {
  /** `index_19658` */
  readonly name: string;
  /** Days since 1970 for tables of a day. */
  readonly number: number;
  readonly period: SchemaPeriod;
  /** First and last moment, Unix milliseconds, both inclusive. */
  readonly fromMs: number;
  readonly throughMs: number;
}

/** The tables of [fromMs, throughMs], both inclusive, oldest first. A chunk is indexed in every table that it touches. */
export function tablesFor(schema: Schema, fromMs: number, throughMs: number): Table[] {
  return schema.flatMap((period, index) => {
    const nextMs = schema[index + 1]?.fromMs ?? Infinity;
    const first = Math.floor(Math.max(fromMs, period.fromMs) / period.tableMs);
    const final = Math.floor(Math.min(throughMs, nextMs - 1) / period.tableMs);
    const count = Math.max(0, final - first + 1);
    return Array.from({ length: count }, (_, at) => tableOf(period, first + at));
  });
}

/** The table of this name, undefined when the schema has no tsdb period whose table it could be. */
export function tableNamed(schema: Schema, name: string): Table | undefined {
  const number = tableNumber(name);
  if (number === undefined) return undefined;
  const period = periodAt(schema, number * DAY_MS);
  if (period?.store !== "tsdb" || `${period.indexPrefix}${number}` !== name) return undefined;
  return tableOf(period, number);
}

/** The number at the end of a table's name, its last five characters; undefined when they are no number. */
export function tableNumber(name: string): number | undefined {
  const digits = /\d{5}$/.exec(name);
  return digits === null ? undefined : Number(digits[0]);
}

function tableOf(period: SchemaPeriod, number: number): Table {
  const fromMs = number * period.tableMs;
  return {
    name: `${period.indexPrefix}${number}`,
    number,
    period,
    fromMs,
    throughMs: fromMs + period.tableMs - 1,
  };
}

/** What the name of an index file says. */
export type IndexFileName =
  | {
      readonly kind: "ingester";
      readonly timeMs: number;
      readonly node: string;
    }
  | {
      readonly kind: "compacted";
      readonly timeMs: number;
      readonly fromMs: number;
      readonly throughMs: number;
      readonly checksum: number;
    };

/** `1795417988-vm-1795417988073092358.tsdb`, of a file that an ingester began at that second. */
export function ingesterFileName(unixSeconds: number, node: string): string {
  return `${unixSeconds}-${node}${SUFFIX}`;
}

/** `1795418191-compactor-1698462000000-1698721092001-f3e81cc0.tsdb` */
export function compactedFileName(
  unixSeconds: number,
  file: { readonly fromMs: number; readonly throughMs: number; readonly checksum: number },
): string {
  const { fromMs, throughMs, checksum } = file;
  return `${unixSeconds}-compactor-${fromMs}-${throughMs}-${checksum.toString(16)}${SUFFIX}`;
}

/** Reads a file name, with or without `.gz`; undefined when it is no index file's. */
export function parseFileName(name: string): IndexFileName | undefined {
  const plain = name.endsWith(GZIP_SUFFIX) ? name.slice(0, -GZIP_SUFFIX.length) : name;
  if (!plain.endsWith(SUFFIX)) return undefined;
  const stem = plain.slice(0, -SUFFIX.length);
  const compacted = /^(\d{1,19})-compactor-(\d{1,16})-(\d{1,16})-([0-9a-f]{1,8})$/.exec(stem);
  if (compacted !== null) {
    return {
      kind: "compacted",
      timeMs: stampMs(compacted[1]!),
      fromMs: Number(compacted[2]),
      throughMs: Number(compacted[3]),
      checksum: Number.parseInt(compacted[4]!, 16),
    };
  }
  const ingester = /^(\d{1,19})-(.*)$/s.exec(stem);
  if (ingester === null) return undefined;
  return { kind: "ingester", timeMs: stampMs(ingester[1]!), node: ingester[2]! };
}

/** Up to ten digits are seconds (Loki 2.9.1), more are nanoseconds (3.x). */
function stampMs(digits: string): number {
  return digits.length <= 10 ? Number(digits) * 1000 : Math.floor(Number(digits) / 1e6);
}

/** `index/index_19658/` */
export function tablePrefix(prefix: string, table: string): string {
  return `${prefix}${table}/`;
}

/** `index/index_19658/file.tsdb.gz`, or `index/index_19658/tenant/file.tsdb.gz` for a file of one tenant. */
export function indexKey(prefix: string, table: string, file: string, tenant?: string): string {
  const folder = tenant === undefined ? "" : `${tenant}/`;
  return `${tablePrefix(prefix, table)}${folder}${file}${GZIP_SUFFIX}`;
}

/** The parts of a key below `prefix`, undefined when it has too few or too many. */
export function parseIndexKey(
  prefix: string,
  key: string,
): { table: string; tenant: string | undefined; file: string } | undefined {
  if (!key.startsWith(prefix)) return undefined;
  const parts = key.slice(prefix.length).split("/");
  if (parts.length < 2 || parts.length > 3 || parts.includes("")) return undefined;
  const [table, middle, last] = parts as [string, string, string?];
  return last === undefined
    ? { table, tenant: undefined, file: middle }
    : { table, tenant: middle, file: last };
}

/** Labels as a common file has them. */
export function withTenant(labels: Labels, tenant: string): Labels {
  const at = labels.findIndex(([name]) => compareText(name, TENANT_LABEL) > 0);
  return labels.toSpliced(at < 0 ? labels.length : at, 0, [TENANT_LABEL, tenant]);
}

/** Labels as the tenant knows them. */
export function withoutTenant(labels: Labels): Labels {
  return labels.filter(([name]) => name !== TENANT_LABEL);
}

/** What a question to a common file has to ask besides its own matchers. */
export function tenantMatcher(tenant: string): CompiledMatcher {
  return compileMatcher({ name: TENANT_LABEL, op: "=", value: tenant });
}
