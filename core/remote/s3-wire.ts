/**
 * What RemoteStore needs of a bucket service: one request a call, nothing tried twice. An adapter
 * turns each into HTTP, with the vendor's client or with `fetch`. Every failure is an S3Failure.
 */

export interface S3Wire {
  /** `range` is written as HTTP does: `bytes=0-99`. The whole body is read before this resolves. */
  get(place: Place, range: string | undefined, attempt: Attempt): Promise<Found>;
  head(place: Place, attempt: Attempt): Promise<Headers>;
  put(place: Place, part: Part, how: WriteHow, attempt: Attempt): Promise<Written>;
  delete(place: Place, attempt: Attempt): Promise<void>;
  list(bucket: string, query: ListQuery, attempt: Attempt): Promise<ListPage>;

  /** An object in parts: begun, each part put, and there at once when all are joined. */
  beginParts(place: Place, how: WriteHow, attempt: Attempt): Promise<string>;
  putPart(place: PartPlace, part: Part, attempt: Attempt): Promise<Written>;
  joinParts(
    place: UploadPlace,
    etags: readonly string[],
    how: WriteHow,
    attempt: Attempt,
  ): Promise<void>;
  dropParts(place: UploadPlace, attempt: Attempt): Promise<void>;
}

export interface Place {
  readonly bucket: string;
  readonly key: string;
}

export interface UploadPlace extends Place {
  readonly uploadId: string;
}

export interface PartPlace extends UploadPlace {
  /** From 1. */
  readonly number: number;
}

/** One try of a request. */
export interface Attempt {
  /** From 1. */
  readonly number: number;
  /** Aborted when the caller gives up or the server has been silent for too long. */
  readonly signal: AbortSignal;
  /** To be called as bytes arrive: a slow body is no silent server. */
  readonly progress: () => void;
}

/** Bytes to send and what proves them whole, both in base64. */
export interface Part {
  readonly bytes: Uint8Array;
  readonly md5: string;
  readonly crc32c: string;
}

export interface WriteHow {
  /** Refuse with status 412 when there is such an object. */
  readonly ifAbsent: boolean;
  /** Kept as the object's metadata, all lower case. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** What an answer says of the bytes written, where it says it. */
export interface Written {
  /** Without its quotes. */
  readonly etag?: string | undefined;
}

export interface Headers extends Written {
  /** Content-Length: bytes in the body of this answer. */
  readonly size?: number | undefined;
  /** Content-Range: `bytes 0-99/1000`. */
  readonly range?: string | undefined;
  /** Base64, of the whole object; one of parts (`…-3`) is not given. */
  readonly crc32c?: string | undefined;
  /** Whether the service encrypts with a key of its user, so that the ETag is no MD5. */
  readonly opaqueEtag: boolean;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface Found extends Headers {
  readonly bytes: Uint8Array;
}

export interface ListQuery {
  readonly prefix: string;
  readonly delimiter?: string;
  readonly startAfter?: string;
  /** Of the page before. */
  readonly token?: string;
}

export interface ListPage {
  readonly objects: readonly { key: string; size: number; modifiedMs?: number }[];
  /** Common prefixes, whole and with their delimiter. */
  readonly prefixes: readonly string[];
  /** Undefined on the last page. */
  readonly token?: string;
}
