/** The stored object: a chunk and what it does not know of itself. The bytes are drawn in FORMAT.md. */
import { crc32c } from "../bytes/crc32c.ts";
import { ByteCursor } from "../bytes/cursor.ts";
import { fromUtf8, utf8 } from "../bytes/text.ts";
import { ByteWriter } from "../bytes/writer.ts";
import { snappyFrame, snappyUnframe } from "../compress/snappy-frame.ts";
import { labelsOf } from "../labels/labels.ts";
import { Corrupt } from "../model/errors.ts";
import { type Label, type Labels, METRIC_NAME } from "../model/labels.ts";

export interface ChunkObject {
  readonly tenant: string;
  readonly fingerprint: bigint;
  /** First entry, Unix milliseconds, rounded down. */
  readonly fromMs: number;
  /** Last entry, Unix milliseconds, rounded up. */
  readonly throughMs: number;
  /** Without `__name__`. */
  readonly labels: Labels;
  readonly chunk: Uint8Array;
}

export interface DecodedObject extends ChunkObject {
  /** CRC-32C of the whole object. */
  readonly checksum: number;
}

/** What `__name__` is in every object. */
const METRIC = "logs";

const LOG_CHUNK = 129;
/** How log chunks were numbered once. They are the same. */
const OLD_LOG_CHUNK = 128;

const WORD = 4;
/** Metadata is labels, of which a stream has some dozens at most. */
const METADATA_SIZE_MAX = 1 << 20;

/** The bytes of an object. Its checksum is `crc32c` of them. */
export function encodeObject(object: ChunkObject): Uint8Array {
  const metadata = snappyFrame(utf8(`${metadataJson(object)}\n`));
  const out = new ByteWriter(2 * WORD + metadata.length + object.chunk.length);
  out.u32(WORD + metadata.length);
  out.raw(metadata);
  out.u32(object.chunk.length);
  out.raw(object.chunk);
  return out.view();
}

/**
 * Takes an object apart; the chunk is a view of it. Corrupt when it is damaged, or has another
 * checksum than the one given.
 */
export function decodeObject(
  bytes: Uint8Array,
  options: { checksum?: number } = {},
): DecodedObject {
  const checksum = crc32c(bytes);
  if (options.checksum !== undefined && options.checksum !== checksum) {
    throw new Corrupt(`object checksum is ${checksum}, not ${options.checksum}`);
  }
  return { ...openObject(bytes), checksum };
}

/**
 * The same without the checksum of the whole: for readers who look at some of the blocks, each of
 * which has a checksum of its own, as have the table of blocks and the metadata. Damage to one block
 * then costs that block and not the chunk.
 */
export function openObject(bytes: Uint8Array): ChunkObject {
  const [metadata, chunk] = split(bytes);
  const text = fromUtf8(snappyUnframe(metadata, METADATA_SIZE_MAX));
  return { ...parseMetadata(text), chunk };
}

/** Metadata and chunk. The first length counts itself; that of old writers did not. */
function split(bytes: Uint8Array): [metadata: Uint8Array, chunk: Uint8Array] {
  const size = new ByteCursor(bytes).u32();
  for (const end of [size, size + WORD]) {
    const start = end + WORD;
    if (end < WORD || start > bytes.length) continue;
    if (new ByteCursor(bytes, end).u32() === bytes.length - start) {
      return [bytes.subarray(WORD, end), bytes.subarray(start)];
    }
  }
  throw new Corrupt(`object of ${bytes.length} bytes does not end with its chunk`);
}

function metadataJson({ tenant, fingerprint, fromMs, throughMs, labels }: ChunkObject): string {
  const metric = labelsOf([...labels, [METRIC_NAME, METRIC]])
    .map(([name, value]) => `${jsonText(name)}:${jsonText(value)}`)
    .join(",");
  return `{"fingerprint":${fingerprint},"userID":${jsonText(tenant)},"from":${seconds(fromMs)},"through":${seconds(throughMs)},"metric":{${metric}},"encoding":${LOG_CHUNK}}`;
}

/** Seconds with three decimals, or none when they are whole. */
function seconds(ms: number): string {
  const size = Math.abs(ms);
  const fraction = size % 1000;
  const whole = `${ms < 0 ? "-" : ""}${Math.floor(size / 1000)}`;
  return fraction === 0 ? whole : `${whole}.${String(fraction).padStart(3, "0")}`;
}

/** JSON as Loki's encoder writes it: short escapes for a few, `\u00XX` for other control characters. */
function jsonText(text: string): string {
  return `"${text.replace(/["\\\u0000-\u001f]/g, escapeChar)}"`;
}

function escapeChar(char: string): string {
  const short = SHORT[char];
  return short ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

function parseMetadata(text: string): Omit<ChunkObject, "chunk"> {
  const json = parseJson(text);
  const { userID, from, through, metric, encoding } = json;
  if (encoding !== LOG_CHUNK && encoding !== OLD_LOG_CHUNK) {
    throw new Corrupt(`object encoding is ${encoding}`);
  }
  if (typeof userID !== "string") throw new Corrupt(`object userID is ${userID}`);
  if (typeof metric !== "object" || metric === null)
    throw new Corrupt(`object metric is ${metric}`);
  return {
    tenant: userID,
    fingerprint: fingerprintOf(text),
    fromMs: milliseconds(from),
    throughMs: milliseconds(through),
    labels: labelsOf(Object.entries(metric).filter(isStreamLabel)),
  };
}

function parseJson(text: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === "object" && json !== null) return json as Record<string, unknown>;
  } catch (error) {
    throw new Corrupt(`object metadata is no JSON: ${text.slice(0, 100)}`, { cause: error });
  }
  throw new Corrupt(`object metadata is no JSON object: ${text.slice(0, 100)}`);
}

/** The number as it is written: it may take 64 bits, of which JSON.parse keeps 53. */
function fingerprintOf(text: string): bigint {
  // A label of that name has a text for its value, and quotes inside of texts are escaped.
  const digits = /[{,]\s*"fingerprint"\s*:\s*(\d{1,20})\s*[,}]/.exec(text)?.[1];
  if (digits === undefined || BigInt(digits) >= 2n ** 64n) {
    throw new Corrupt(`object fingerprint is ${digits}`);
  }
  return BigInt(digits);
}

function milliseconds(seconds: unknown): number {
  if (typeof seconds !== "number") throw new Corrupt(`object time is ${seconds}`);
  return Math.round(seconds * 1000);
}

function isStreamLabel(pair: [string, unknown]): pair is [string, string] & Label {
  if (typeof pair[1] !== "string") throw new Corrupt(`label ${pair[0]} is ${pair[1]}`);
  return pair[0] !== METRIC_NAME;
}
