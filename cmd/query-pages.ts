/** Lines of a server page by page, as logcli asks for them (spec logcli §4). */
import { compareLabels, printLabels } from "../core/labels/labels.ts";
import type { Client } from "./client.ts";
import type { OutputEntry } from "./output.ts";
import type { WireStats } from "./query-stats.ts";
import type { Question, Remarks } from "./question.ts";
import { remark } from "./remarks.ts";
import { resultOf } from "./wire-result.ts";

export type Bounded = Question & { readonly start: bigint; readonly end: bigint };

export interface Paging {
  readonly heard: Heard;
  readonly quiet: boolean;
  /** The first page, where it was asked for already. */
  readonly first?: unknown;
}

/** What answers say beside their data. */
export class Heard implements Remarks {
  readonly warnings: string[] = [];
  readonly #stats: WireStats[] = [];

  take(body: unknown): void {
    const { warnings = [], data } = body as { warnings?: string[]; data?: { stats?: WireStats } };
    this.warnings.push(...warnings);
    if (data?.stats !== undefined) this.#stats.push(data.stats);
  }

  stats(): readonly WireStats[] {
    return this.#stats;
  }
}

/**
 * Page after page. The next one begins at the time of the last line, since more lines may share it;
 * those that were printed already are left out.
 */
export async function* pages(
  client: Client,
  question: Bounded,
  { heard, quiet, first }: Paging,
): AsyncGenerator<OutputEntry[]> {
  let known = first;
  const forward = question.direction === "forward";
  let { start, end } = question;
  let left = question.limit;
  let edge = new Set<string>();
  let overlap = 0;
  while (left > 0) {
    const size = Math.min(question.batch, left + overlap);
    if (overlap >= size) throw overlapping(question.batch, overlap);
    const body = known ?? (await page(client, { ...question, start, end }, { size, quiet }));
    known = undefined;
    const all = entriesOf(body, forward);
    heard.take(body);
    const fresh = all.filter((entry) => !edge.has(keyOf(entry))).slice(0, left);
    if (fresh.length > 0) yield fresh;
    left -= fresh.length;
    if (all.length < size) return;
    if (fresh.length === 0) throw overlapping(question.batch, all.length);
    const last = all.at(-1)!.time;
    if (forward) start = last;
    else end = last + 1n;
    const again = all.filter(({ time }) => time === last);
    overlap = again.length;
    edge = new Set(again.map(keyOf));
  }
}

/** The answer of one request; of a server that knows more of the language than we do perhaps numbers. */
export async function page(
  client: Client,
  question: Bounded,
  { size = Math.min(question.batch, question.limit), quiet }: { size?: number; quiet: boolean },
): Promise<unknown> {
  const params = linesParams(question);
  params.set("limit", String(size));
  return await get(client, "/loki/api/v1/query_range", params, quiet);
}

/** logcli's words, slip included; what to do besides is ours. */
function overlapping(batch: number, lines: number): Error {
  return new Error(
    `Invalid batch size ${batch}, the next query will have ${lines} overlapping entries (lines of one time, which no page can be set between). ` +
      `Please increase your batch size to at least ${lines + 1} to account for overlapping entryes, or take all lines with --limit 0`,
  );
}

export function entriesOf(body: unknown, forward: boolean): OutputEntry[] {
  const result = resultOf(body);
  if (result.kind !== "streams")
    throw new Error(`the server answered with a ${result.kind} where lines were asked for`);
  const entries = result.streams.flatMap(({ labels, entries: list }) =>
    list.map((entry) => ({ labels, ...entry })),
  );
  const sign = forward ? 1 : -1;
  return entries.sort((a, b) =>
    a.time === b.time ? compareLabels(a.labels, b.labels) : a.time < b.time ? -sign : sign,
  );
}

function keyOf({ time, line, labels }: OutputEntry): string {
  return `${time} ${printLabels(labels)} ${line}`;
}
export function linesParams({
  text,
  direction,
  start,
  end,
  interval,
  step,
}: Bounded): URLSearchParams {
  return new URLSearchParams({
    query: text,
    direction: direction.toUpperCase(),
    start: String(start),
    end: String(end),
    ...seconds({ interval, step }),
  });
}

/** Durations that were given, as seconds. */
export function seconds(
  durations: Readonly<Record<string, bigint | undefined>>,
): Record<string, string> {
  const given = Object.entries(durations).filter(([, ns]) => ns !== undefined && ns > 0n);
  return Object.fromEntries(given.map(([name, ns]) => [name, String(Number(ns) / 1e9)]));
}

/** Asks, and unless it is to be quiet says what, as logcli does. */
export async function get(
  client: Client,
  path: string,
  params: URLSearchParams,
  quiet: boolean,
): Promise<unknown> {
  if (!quiet) remark(client.url(path, params));
  return await client.get(path, params);
}
