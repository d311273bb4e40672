/** Responses of JSON in Loki's content types. */
import { sizedResponse } from "./measured.ts";
import type { Headers } from "./warnings.ts";

export const JSON_TYPE = {
  /** Streams, labels, series, statistics of the index. */
  data: "application/json; charset=UTF-8",
  metric: "application/json",
  /** `format_query`, and lines of an instant query. */
  handler: "application/json; charset=utf-8",
} as const;

export function jsonResponse(
  text: string,
  type: (typeof JSON_TYPE)[keyof typeof JSON_TYPE],
  status = 200,
  headers: Headers = {},
): Response {
  return sizedResponse(text, { status, headers: { "Content-Type": type, ...headers } });
}

/** A response of pieces. A short answer goes as one, with its length; a longer one as they are made. */
export function pieceResponse(
  pieces: Iterator<string>,
  type: string,
  added: Headers = {},
): Response {
  const headers = { "Content-Type": type, ...added };
  const first = pieces.next();
  if (first.done) return sizedResponse("", { headers });
  const second = pieces.next();
  if (second.done) return sizedResponse(first.value, { headers });
  const encoder = new TextEncoder();
  const ready = [first.value, second.value];
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = ready.shift() ?? take(pieces);
      if (piece === undefined) controller.close();
      else controller.enqueue(encoder.encode(piece));
    },
  });
  return new Response(body, { headers });
}

function take(pieces: Iterator<string>): string | undefined {
  const next = pieces.next();
  return next.done ? undefined : next.value;
}
