/** A request that failed: what the service called it, and whether another try may do better. */

/** No answer came, so no status: the connection failed, or the server was silent. */
export const NO_ANSWER = 0;

/** The code of bytes that came whole and wrong. */
export const DAMAGED = "ChecksumMismatch";

export class S3Failure extends Error {
  override readonly name = "S3Failure";
  /** The service's word, such as `SlowDown`, or the system's, such as `ECONNRESET`. */
  readonly code: string;
  /** Of HTTP, or NO_ANSWER. */
  readonly status: number;

  constructor(code: string, status: number, message = "", options: { cause?: unknown } = {}) {
    super(message === "" || message === code ? code : `${code}: ${message}`, options);
    this.code = code;
    this.status = status;
  }
}

/** `slow` is another try at a lower rate. */
export type Cure = "retry" | "slow" | "none";

const SLOW = new Set([
  "SlowDown",
  "Throttling",
  "ThrottlingException",
  "ThrottledException",
  "RequestThrottled",
  "RequestLimitExceeded",
  "TooManyRequests",
  "TooManyRequestsException",
  "BandwidthLimitExceeded",
]);

/** Codes with a status below 500 that pass: damage on the way, a clock set right, keys made anew, a race. */
const PASSING = new Set([
  "BadDigest",
  "ConditionalRequestConflict",
  "ExpiredToken",
  "ExpiredTokenException",
  "IncompleteBody",
  "InvalidDigest",
  "OperationAborted",
  "RequestExpired",
  "RequestTimeTooSkewed",
  "RequestTimeout",
  "TokenRefreshRequired",
  "XAmzContentChecksumMismatch",
  "XAmzContentSHA256Mismatch",
]);

export function cureOf({ code, status }: S3Failure): Cure {
  if (SLOW.has(code) || status === 429 || status === 503) return "slow";
  if (status === NO_ANSWER || status === 408 || PASSING.has(code)) return "retry";
  return status >= 500 && status !== 501 ? "retry" : "none";
}

/** A bucket that is not there is no absent object: someone mistyped its name. */
export function isAbsent(error: unknown): boolean {
  return error instanceof S3Failure && error.status === 404 && error.code !== "NoSuchBucket";
}

export function isTaken(error: unknown): boolean {
  return error instanceof S3Failure && error.status === 412;
}

/** A range that begins past the end. */
export function isPastEnd(error: unknown): boolean {
  return error instanceof S3Failure && error.status === 416;
}
