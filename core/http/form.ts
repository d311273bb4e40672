/** Parameters of a request: those of the URL, and of a POST the url-encoded ones of its body, first. */

import { BadRequest, LimitExceeded, Unavailable } from "../model/errors.ts";
import type { Clock } from "../ports/clock.ts";
import { urlOf } from "./address.ts";
import { withDeadline } from "./deadline.ts";
import type { HttpSettings } from "./services.ts";

/** Largest url-encoded body, as Go's package http has it. */
const FORM_BYTES_MAX = 10 * 1024 * 1024;

export class Form {
  readonly #sources: readonly URLSearchParams[];

  /** What comes first wins. */
  constructor(...sources: URLSearchParams[]) {
    this.#sources = sources;
  }

  /** The first value of a name, "" when there is none. */
  get(name: string): string {
    for (const source of this.#sources) {
      const value = source.get(name);
      if (value !== null) return value;
    }
    return "";
  }

  all(name: string): string[] {
    return this.#sources.flatMap((source) => source.getAll(name));
  }
}

/** Bounds of a body, in size and in time. */
export interface BodyDoor {
  readonly clock: Clock;
  readonly settings: Pick<HttpSettings, "queryBytesMax" | "readTimeoutMs">;
}

/** The client stopped sending. Its connection is of no more use. */
class StalledBody extends Unavailable {}

/** Whether a request may have more of a body than was read, of which nobody wants to hear. */
export function leavesBody(error: unknown): boolean {
  return error instanceof StalledBody || (error instanceof BadRequest && error.status === 413);
}

/**
 * Reads the parameters. An url-encoded body counts up to Go's own bound, a body of another kind only
 * for its size.
 */
export async function readForm(request: Request, { clock, settings }: BodyDoor): Promise<Form> {
  const url = urlOf(request).searchParams;
  const type = request.headers.get("content-type") ?? "";
  const hasForm = /^application\/x-www-form-urlencoded\s*(;|$)/i.test(type);
  if (request.method !== "POST") return new Form(url);
  if (!hasForm) {
    await readInTime(request, settings.queryBytesMax, {
      ...{ clock, ms: settings.readTimeoutMs },
      refusal: () => new BadRequest("http: request body too large", { status: 413 }),
    });
    return new Form(url);
  }
  const bytes = await readInTime(request, FORM_BYTES_MAX, {
    ...{ clock, ms: settings.readTimeoutMs },
    refusal: () => new BadRequest("http: POST too large"),
  });
  return new Form(new URLSearchParams(new TextDecoder().decode(bytes)), url);
}

export interface ReadBytesOptions {
  /** What a body that is too large is refused with. */
  readonly refusal?: (bytes: number) => Error;
  /** Called before so many bytes are held; may throw. */
  readonly hold?: (bytes: number) => void;
}

/** As `readBytes`, for at most `ms` milliseconds (0: for ever); then StalledBody. */
export async function readInTime(
  request: Request,
  bytesMax: number,
  { clock, ms, ...options }: ReadBytesOptions & { clock: Clock; ms: number },
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await withDeadline(() => readBytes(request, bytesMax, options), {
      ...{ clock, ms, signal: request.signal },
    });
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "TimeoutError")) throw error;
    throw new StalledBody(
      `the body of the request did not come within ${ms / 1000}s (server.http_server_read_timeout)`,
    );
  }
}

/** The body, refused before more than `bytesMax` of it are held. */
async function readBytes(
  request: Request,
  bytesMax: number,
  options: ReadBytesOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { refusal = (bytes) => tooLarge(bytes, bytesMax), hold } = options;
  const claimed = Number(request.headers.get("content-length") ?? Number.NaN);
  if (claimed > bytesMax) throw refusal(claimed);
  if (claimed > 0) hold?.(claimed);
  // Fast path: a body of known size needs no joining of pieces.
  if (!Number.isNaN(claimed)) return new Uint8Array(await request.arrayBuffer());
  if (request.body === null) return new Uint8Array(0);
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of piecesOf(request.body)) {
    size += piece.length;
    if (size > bytesMax) throw refusal(size);
    hold?.(piece.length);
    pieces.push(piece);
  }
  return join(pieces, size);
}

async function* piecesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  let done = false;
  try {
    while (!done) {
      const next = await reader.read();
      done = next.done;
      if (next.value !== undefined) yield next.value;
    }
  } finally {
    // A body that is refused is not read to its end.
    if (!done) await reader.cancel().catch(() => undefined);
  }
}

function join(pieces: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function tooLarge(bytes: number, bytesMax: number): LimitExceeded {
  return new LimitExceeded(
    "max_recv_msg_size",
    `request body too large: ${bytes} bytes, limit ${bytesMax} (distributor.max_recv_msg_size)`,
    { status: 413 },
  );
}
