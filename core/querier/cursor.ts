/**
 * A place in the lines of a log query, as a token that a client hands back: the time of the last line
 * that it has and how many lines of that moment. Lines have one order, so that is enough to go on.
 */
import { utf8 } from "../bytes/text.ts";
import { xxhash64 } from "../bytes/xxhash64.ts";
import { BadRequest } from "../model/errors.ts";
import type { Direction } from "../ports/query-service.ts";

export interface Position {
  /** Unix nanoseconds of the last line. */
  readonly time: bigint;
  /** Lines of that moment that have been given. */
  readonly count: number;
}

/** What a token belongs to: it makes no sense elsewhere. */
export interface CursorOf {
  readonly query: string;
  readonly direction: Direction;
}

const LENGTH_MAX = 128;
const FORM = /^1 ([fb]) (-?\d{1,19}) (\d{1,15}) ([0-9a-f]{16})$/;

export function printCursor({ time, count }: Position, { query, direction }: CursorOf): string {
  const text = `1 ${direction[0]} ${time} ${count} ${hashOf(query)}`;
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** Throws BadRequest for a text that is no token, and for that of another query. */
export function parseCursor(token: string, { query, direction }: CursorOf): Position {
  if (token.length > LENGTH_MAX) {
    throw new BadRequest(`cursor has ${token.length} characters, want at most ${LENGTH_MAX}`);
  }
  const [, way, time, count, hash] = FORM.exec(decode(token)) ?? [];
  if (way === undefined) throw new BadRequest(`cursor ${JSON.stringify(token)} is not one of ours`);
  if (way !== direction[0]) throw new BadRequest(`cursor is not of a ${direction} query`);
  if (hash !== hashOf(query)) throw new BadRequest("cursor is of another query");
  return { time: BigInt(time!), count: Number(count) };
}

function decode(token: string): string {
  try {
    return atob(token.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return "";
  }
}

function hashOf(query: string): string {
  return xxhash64(utf8(query)).toString(16).padStart(16, "0");
}
