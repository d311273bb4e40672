/** Lines of a lokits server as one stream, however many: what Loki's API has no way to ask for. */
import { parseRfc3339 } from "../core/golang/rfc3339.ts";
import type { Labels } from "../core/model/labels.ts";
import { type Client, withParams } from "./client.ts";
import type { OutputEntry } from "./output.ts";
import { remark } from "./remarks.ts";
import { labelsAsSent } from "./wire-result.ts";

const PATH = "/loki/api/v1/query_range";

/** An object of the stream: a line, or what there is to say at its end. */
interface Wire {
  readonly labels?: Record<string, string>;
  readonly line?: string;
  readonly timestamp?: string;
  readonly group?: number;
  readonly match?: boolean;
  readonly error?: string;
  readonly warnings?: readonly string[];
}

/** Opens the stream; throws with the server's words when it refuses, undefined when it has no streams. */
export async function openStream(
  client: Client,
  params: URLSearchParams,
  quiet: boolean,
): Promise<Response | undefined> {
  const path = withParams(PATH, new URLSearchParams([...params, ["stream", "true"]]));
  const response = await client.send(path, {});
  const isLines = response.headers.get("content-type")?.startsWith("application/x-ndjson") === true;
  if (isLines) {
    if (!quiet) remark(client.base + path);
    return response;
  }
  await response.body?.cancel();
  return undefined;
}

/** Warnings are added to the list as they come. */
export async function* streamedLines(
  response: Response,
  warnings: string[],
): AsyncGenerator<readonly OutputEntry[]> {
  const sets = new Map<string, Labels>();
  for await (const lines of linesOf(response.body!)) {
    const entries: OutputEntry[] = [];
    for (const text of lines) {
      const wire = JSON.parse(text) as Wire;
      if (wire.line !== undefined) entries.push(entryOf(wire, sets));
      warnings.push(...(wire.warnings ?? []));
      if (wire.error === undefined) continue;
      if (entries.length > 0) yield entries;
      throw new Error(`the server ended the answer: ${wire.error.trim()}`);
    }
    if (entries.length > 0) yield entries;
  }
}

function entryOf(
  { labels = {}, line = "", timestamp = "", group, match }: Wire,
  sets: Map<string, Labels>,
): OutputEntry {
  const key = JSON.stringify(labels);
  let set = sets.get(key);
  if (set === undefined) {
    if (sets.size > 10_000) sets.clear();
    set = labelsAsSent(labels);
    sets.set(key, set);
  }
  const time = parseRfc3339(timestamp);
  if (time === undefined) throw new Error(`the server gave a line of the time "${timestamp}"`);
  const around = group === undefined ? {} : { group, match: match === true };
  return { time, labels: set, line, ...around };
}

/** Whole lines of a text that comes in pieces. */
async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of body as unknown as AsyncIterable<Uint8Array>) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
    rest = lines.pop()!;
    if (lines.length > 0) yield lines;
  }
  if (rest !== "") throw new Error("the server's answer ends in the middle of a line");
}
