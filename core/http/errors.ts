/**
 * Errors as answers: the kind gives the status, the text is for the user. Of what is not the user's
 * doing the answer tells only what cannot hold a secret; the rest is for the log.
 */
import { maskParameters } from "../config/mask.ts";
import { BadRequest, Bug, Corrupt, LimitExceeded, Unavailable } from "../model/errors.ts";
import type { Level } from "../ports/journal.ts";
import { sizedResponse } from "./measured.ts";

/** Status of nginx, and of Loki, for a client that went away. */
const CLIENT_CLOSED = 499;

export interface Answer {
  readonly status: number;
  readonly text: string;
  /** How loudly it is logged; undefined for what is only the user's mistake. */
  readonly level?: Level;
}

/**
 * What failed behind the query frontend. The answer is that of the cause, but for the newline at its
 * end (spec logql-parse-errors §1).
 */
export class BehindFrontend extends Error {
  override readonly name = "BehindFrontend";

  constructor(cause: unknown) {
    super("failed behind the query frontend", { cause });
  }
}

export function answerOf(error: unknown): Answer {
  if (error instanceof BehindFrontend) {
    const { cause } = error;
    const answer = answerOf(cause);
    if (cause instanceof LimitExceeded && cause.atFrontend) return answer;
    return { ...answer, text: `${answer.text}\n` };
  }
  if (error instanceof BadRequest) return { status: error.status, text: error.message };
  if (isNamed(error, "TimeoutError")) {
    return {
      status: 504,
      text: "Request timed out, decrease the duration of the request or add more label matchers (prefer exact match over regex match) to reduce the amount of data processed.",
    };
  }
  if (isNamed(error, "AbortError")) {
    return { status: CLIENT_CLOSED, text: "The request was cancelled by the client." };
  }
  if (error instanceof Unavailable) {
    return { status: 503, text: redact(error.message), level: "warn" };
  }
  if (error instanceof Corrupt) return { status: 500, text: redact(error.message), level: "error" };
  if (error instanceof Bug) {
    return { status: 500, text: `internal error: ${error.message}`, level: "error" };
  }
  return { status: 500, text: "internal error, see the log of this server", level: "error" };
}

/** A plain text answer, the text as it is. */
export function textResponse(status: number, text: string): Response {
  return sizedResponse(text, {
    status,
    headers: {
      "Content-Type": "text/plain; charset=utf-8",
      "X-Content-Type-Options": "nosniff",
    },
  });
}

/** Names under which URLs and messages of stores carry what nobody else may see. */
const SECRETS =
  /((?:signature|credential|security-token|secret[\w-]*|password|passwd|access[_-]?key[\w-]*)["']?\s*[=:]\s*["']?)[^\s&"',;]+/gi;

/** Takes passwords, keys and signatures out of a text that came from elsewhere, such as a URL of a store. */
export function redact(text: string): string {
  return maskParameters(text)
    .replace(/(\/\/)[^/\s@]*@/g, "$1***@")
    .replace(SECRETS, "$1***")
    .replace(/\b(Bearer|Basic)\s+\S+/g, "$1 ***");
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}
