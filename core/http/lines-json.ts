/**
 * Lines as JSON lines, `{"labels":{…},"line":"…","timestamp":"…"}`, made when the client has room for
 * them. What cannot be a status any more, since lines have been sent, is an object without a line at the
 * end: `{"error":"…"}`, `{"warnings":[…]}`, `{"cursor":"…"}`.
 */
import { printNanos } from "../model/time.ts";
import type { LineEntry, LinesAnswer } from "../ports/query-service.ts";
import { answerOf, BehindFrontend } from "./errors.ts";
import { jsonLabels, jsonText } from "./json-text.ts";
import { refuseWarnings, warningsMember } from "./warnings.ts";

export const LINES_TYPE = "application/x-ndjson";

export interface LinesOptions {
  /** Say where each label came from. */
  readonly categorize: boolean;
  /** End with a cursor when there are more lines. */
  readonly cursor: boolean;
  /** End with an error as soon as an object could not be read. */
  readonly strict?: boolean;
  /** Ends the work when the client goes away. */
  readonly leave: () => void;
}

/** Waits for the first lines: a query that fails before it has any is refused like every other. */
export async function linesResponse(answer: LinesAnswer, options: LinesOptions): Promise<Response> {
  const batches = answer.batches[Symbol.asyncIterator]();
  let first: IteratorResult<readonly LineEntry[]>;
  try {
    first = await batches.next();
    if (options.strict) refuseWarnings(answer.scan.warnings);
  } catch (error) {
    await batches.return?.();
    throw new BehindFrontend(error);
  }
  const text = textOf(restOf(first, batches), answer, options);
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await text.next();
        if (next.done === true) controller.close();
        else controller.enqueue(encoder.encode(next.value));
      },
      async cancel() {
        options.leave();
        await text.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { "Content-Type": LINES_TYPE } });
}

async function* restOf(
  first: IteratorResult<readonly LineEntry[]>,
  batches: AsyncIterator<readonly LineEntry[]>,
): AsyncGenerator<readonly LineEntry[]> {
  try {
    for (let next = first; next.done !== true; next = await batches.next()) yield next.value;
  } finally {
    await batches.return?.();
  }
}

/** Each text ends with a line's end. */
async function* textOf(
  batches: AsyncGenerator<readonly LineEntry[]>,
  answer: LinesAnswer,
  { categorize, cursor, strict = false }: LinesOptions,
): AsyncGenerator<string> {
  const labelTexts = new WeakMap<object, string>();
  const labelsIn = ({ labels }: LineEntry) => {
    let text = labelTexts.get(labels);
    if (text === undefined) {
      text = `"labels":${jsonLabels(labels.labels)}`;
      if (categorize) {
        text += `,"structuredMetadata":${jsonLabels(labels.metadata)}`;
        text += `,"parsed":${jsonLabels(labels.parsed)}`;
      }
      labelTexts.set(labels, text);
    }
    return text;
  };
  try {
    for await (const batch of batches) {
      if (strict) refuseWarnings(answer.scan.warnings);
      if (batch.length > 0) yield batch.map((entry) => encode(entry, labelsIn(entry))).join("");
    }
    if (strict) refuseWarnings(answer.scan.warnings);
  } catch (error) {
    yield `{"error":${jsonText(answerOf(error).text)}}\n`;
    return;
  }
  const { warnings } = answer.scan;
  if (warnings.length > 0) yield `{${warningsMember(warnings)}}\n`;
  const next = cursor ? answer.cursor() : undefined;
  if (next !== undefined) yield `{"cursor":${jsonText(next)}}\n`;
}

function encode({ time, line, group, match }: LineEntry, labels: string): string {
  const around = group === undefined ? "" : `,"group":${group},"match":${match === true}`;
  return `{${labels},"line":${jsonText(line)},"timestamp":"${printNanos(time)}"${around}}\n`;
}
