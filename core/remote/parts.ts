/** Writes a large object in parts: some on the way at once, each tried again by itself. */
import type { Caller } from "./caller.ts";
import { crcBase64, partOf, WHOLE_CRC } from "./integrity.ts";
import { isAbsent, isTaken } from "./s3-failure.ts";
import type { Attempt, Part, Place, S3Wire, UploadPlace, WriteHow, Written } from "./s3-wire.ts";

/** Larger objects are sent in parts of this size, or of as much as keeps their number legal. */
export const PART_SIZE = 8 * 1024 * 1024;
const PARTS_MAX = 10_000;
/** Parts of one object on the way at once. */
const PARTS_AT_ONCE = 4;

export interface PartsWorld {
  readonly wire: S3Wire;
  readonly caller: Caller;
  /** Throws when an answer disagrees with the part that was sent. */
  readonly check: (part: Part, written: Written) => void;
  /** Whether the object that is there came from this write; one request. */
  readonly isOurs: (attempt: Attempt) => Promise<boolean>;
}

/** False when the name is taken and `how` says to leave it alone. Throws S3Failure. */
export async function putParts(
  world: PartsWorld,
  place: Place,
  bytes: Uint8Array,
  { ifAbsent, metadata }: WriteHow,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { wire, caller } = world;
  const how = { ifAbsent, metadata: { ...metadata, [WHOLE_CRC]: crcBase64(bytes) } };
  const begin = (attempt: Attempt) => wire.beginParts(place, how, attempt);
  const uploadId = await caller.call("S3.PutObject", place, begin, { signal });
  const upload = { ...place, uploadId };
  let joined = false;
  try {
    const etags = await sendParts(world, upload, bytes, signal);
    joined = await join(world, upload, etags, how, signal);
    return joined;
  } finally {
    // Once and in silence: the right to do so may be missing, and the bucket's own rules remove parts too.
    if (!joined) {
      const drop = (attempt: Attempt) => wire.dropParts(upload, attempt);
      await caller.once("S3.PutObject", drop).catch(() => undefined);
    }
  }
}

async function sendParts(
  { wire, caller, check }: PartsWorld,
  upload: UploadPlace,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const partSize = Math.max(PART_SIZE, Math.ceil(bytes.length / PARTS_MAX));
  const count = Math.ceil(bytes.length / partSize);
  const etags = new Array<string>(count);
  // The first part that fails ends the others.
  const failed = new AbortController();
  const either = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;

  let next = 0;
  const sendSome = async () => {
    while (next < count && !failed.signal.aborted) {
      const index = next++;
      const part = partOf(bytes.subarray(index * partSize, (index + 1) * partSize));
      const place = { ...upload, number: index + 1 };
      const send = async (attempt: Attempt) => {
        const written = await wire.putPart(place, part, attempt);
        check(part, written);
        return written.etag ?? "";
      };
      const how = { signal: either, size: part.bytes.length };
      etags[index] = await caller.call("S3.PutObject", place, send, how);
    }
  };
  const senders = Array.from({ length: Math.min(PARTS_AT_ONCE, count) }, () =>
    sendSome().catch((error: unknown) => failed.abort(error)),
  );
  // All are waited for, so that no part arrives after the upload was dropped.
  await Promise.all(senders);
  failed.signal.throwIfAborted();
  return etags;
}

async function join(
  { wire, caller, isOurs }: PartsWorld,
  upload: UploadPlace,
  etags: readonly string[],
  how: WriteHow,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  let tries = 0;
  const request = async (attempt: Attempt) => {
    tries = attempt.number;
    // A try whose answer was lost may have joined them, and some services know no upload twice.
    if (tries > 1 && (await isOurs(attempt))) return;
    await wire.joinParts(upload, etags, how, attempt);
  };
  try {
    await caller.call("S3.PutObject", upload, request, { signal });
    return true;
  } catch (error) {
    // The lost try may also have been slow: then the upload is gone, or the name taken, by us.
    const maybeOurs = tries > 1 && (isAbsent(error) || isTaken(error));
    if (maybeOurs && (await caller.call("S3.GetObject", upload, isOurs, { signal }))) return true;
    if (isTaken(error)) return false;
    throw error;
  }
}
