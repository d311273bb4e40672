/**
 * The kinds of failure. The kind decides the HTTP status, whether a retry makes sense, and how loudly
 * it is logged: the user's mistake (BadRequest, LimitExceeded), the world's (Unavailable), the disk's
 * (Corrupt), ours (Bug).
 */

/** What the user asked for cannot be done as asked. The message is for the user, in Loki's words where it has them. */
export class BadRequest extends Error {
  override readonly name: string = "BadRequest";
  /** HTTP status: 400 unless Loki answers something else. */
  readonly status: number;

  constructor(message: string, options: { status?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.status = options.status ?? 400;
  }
}

/** A limit ended this. The message names the limit, what came and what is allowed. */
export class LimitExceeded extends BadRequest {
  override readonly name = "LimitExceeded";
  /** The setting as written in `limits_config`, such as `max_query_series`. */
  readonly limit: string;
  /** Loki's frontend says so, not what is behind it: its answers end without a newline. */
  readonly atFrontend: boolean;

  constructor(
    limit: string,
    message: string,
    options: { status?: number; atFrontend?: boolean } = {},
  ) {
    super(message, { status: options.status ?? 400 });
    this.limit = limit;
    this.atFrontend = options.atFrontend ?? false;
  }
}

/** The world did not answer: a store, a disk, a peer. Worth a retry. */
export class Unavailable extends Error {
  override readonly name = "Unavailable";
}

/** Stored bytes are not what they must be. The object is reported and skipped, never guessed at. */
export class Corrupt extends Error {
  override readonly name = "Corrupt";
}

/** Packed bytes that hold more than their reader allows: a bomb, or a limit that is too low for what is stored. */
export class TooLarge extends Corrupt {}

/** A thing that cannot happen has happened: our mistake. */
export class Bug extends Error {
  override readonly name = "Bug";
}

/** States what must hold between two parts of the program. */
export function assert(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Bug(message);
}
