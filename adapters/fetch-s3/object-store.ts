/**
 * Buckets with nothing but `fetch` and WebCrypto, for workers and the edge: the S3 of
 * `adapters/s3` without Amazon's client. Keys are given, or come from a web identity (credentials.ts).
 */
import { fromUtf8, utf8 } from "../../core/bytes/text.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import { openRemote, type RemoteWorld } from "../../core/remote/open.ts";
import { NO_ANSWER, S3Failure } from "../../core/remote/s3-failure.ts";
import type { S3Settings } from "../../core/remote/s3-settings.ts";
import type {
  Attempt,
  Found,
  ListPage,
  ListQuery,
  Part,
  PartPlace,
  Place,
  S3Wire,
  UploadPlace,
  WriteHow,
  Written,
} from "../../core/remote/s3-wire.ts";
import { type Query, urlOf } from "./address.ts";
import type { Credentials } from "./credentials.ts";
import { failureOf, type Reply, SignedHttp } from "./http.ts";
import { elements, escapeXml, textOf } from "./xml.ts";

const DEFAULT_REGION = "us-east-1";
const META = "x-amz-meta-";
/** The status of an answer whose body says that it is a failure after all. */
const LATE_FAILURE = 500;

export interface FetchS3World extends RemoteWorld {
  readonly credentials: Credentials;
}

export function makeFetchS3Store(settings: S3Settings, world: FetchS3World): ObjectStore {
  return openRemote(new FetchWire(settings, world), settings, world);
}

class FetchWire implements S3Wire {
  readonly #settings: S3Settings;
  readonly #region: string;
  readonly #http: SignedHttp;

  constructor(settings: S3Settings, { credentials, clock }: FetchS3World) {
    this.#settings = settings;
    this.#region = settings.region ?? DEFAULT_REGION;
    this.#http = new SignedHttp(credentials, this.#region, clock);
  }

  async get(place: Place, range: string | undefined, attempt: Attempt): Promise<Found> {
    const headers = { "x-amz-checksum-mode": "ENABLED", ...(range !== undefined && { range }) };
    return found(await this.#send("GET", place, attempt, { headers }));
  }

  async head(place: Place, attempt: Attempt): Promise<Found> {
    return found(await this.#send("HEAD", place, attempt));
  }

  async put(place: Place, part: Part, how: WriteHow, attempt: Attempt): Promise<Written> {
    const headers = {
      "content-md5": part.md5,
      "x-amz-checksum-crc32c": part.crc32c,
      ...(how.ifAbsent && { "if-none-match": "*" }),
      ...this.#objectHeaders(how),
    };
    return written(await this.#send("PUT", place, attempt, { headers, body: part.bytes }));
  }

  async delete(place: Place, attempt: Attempt): Promise<void> {
    await this.#send("DELETE", place, attempt);
  }

  async list(bucket: string, asked: ListQuery, attempt: Attempt): Promise<ListPage> {
    const { prefix, delimiter, startAfter, token } = asked;
    const query = {
      "list-type": "2",
      ...(prefix !== "" && { prefix }),
      ...(delimiter !== undefined && { delimiter }),
      ...(startAfter !== undefined && { "start-after": startAfter }),
      ...(token !== undefined && { "continuation-token": token }),
    };
    const reply = await this.#send("GET", { bucket, key: "" }, attempt, { query });
    return pageOf(wholeXml(reply, "ListBucketResult"));
  }

  async beginParts(place: Place, how: WriteHow, attempt: Attempt): Promise<string> {
    const more = { query: { uploads: "" }, headers: this.#objectHeaders(how) };
    const reply = await this.#send("POST", place, attempt, more);
    return textOf(wholeXml(reply, "InitiateMultipartUploadResult"), "UploadId") ?? "";
  }

  async putPart(place: PartPlace, part: Part, attempt: Attempt): Promise<Written> {
    const query = { partNumber: String(place.number), uploadId: place.uploadId };
    const more = { query, headers: { "content-md5": part.md5 }, body: part.bytes };
    return written(await this.#send("PUT", place, attempt, more));
  }

  async joinParts(
    place: UploadPlace,
    etags: readonly string[],
    { ifAbsent }: WriteHow,
    attempt: Attempt,
  ): Promise<void> {
    const parts = etags.map((etag, index) => {
      const text = escapeXml(`"${etag}"`);
      return `<Part><PartNumber>${index + 1}</PartNumber><ETag>${text}</ETag></Part>`;
    });
    const name = "CompleteMultipartUpload";
    const xml = `<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.join("")}</${name}>`;
    const reply = await this.#send("POST", place, attempt, {
      query: { uploadId: place.uploadId },
      headers: ifAbsent ? { "if-none-match": "*" } : {},
      body: utf8(xml),
    });
    // S3 answers 200 before it starts, and may fail after that.
    if (textOf(fromUtf8(reply.bytes), "Code") !== undefined) {
      throw failureOf({ ...reply, status: LATE_FAILURE });
    }
    wholeXml(reply, "CompleteMultipartUploadResult");
  }

  async dropParts(place: UploadPlace, attempt: Attempt): Promise<void> {
    await this.#send("DELETE", place, attempt, { query: { uploadId: place.uploadId } });
  }

  #send(
    method: string,
    place: Place,
    attempt: Attempt,
    {
      query = {},
      ...more
    }: { query?: Query; headers?: Record<string, string>; body?: Uint8Array } = {},
  ): Promise<Reply> {
    const url = urlOf(this.#settings, this.#region, place, query);
    return this.#http.send({ method, url, ...more }, attempt);
  }

  /** What is said of an object as it is begun. */
  #objectHeaders({ metadata }: WriteHow): Record<string, string> {
    const { encryption, storageClass } = this.#settings;
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(metadata)) headers[META + name] = value;
    if (storageClass !== undefined) headers["x-amz-storage-class"] = storageClass;
    if (encryption?.kind === "s3") headers["x-amz-server-side-encryption"] = "AES256";
    if (encryption?.kind === "kms") {
      const name = "x-amz-server-side-encryption";
      headers[name] = "aws:kms";
      if (encryption.keyId) headers[`${name}-aws-kms-key-id`] = encryption.keyId;
      if (encryption.context) headers[`${name}-context`] = encryption.context;
    }
    return headers;
  }
}

function found({ headers, bytes }: Reply): Found {
  const length = headers.get("content-length");
  const crc = headers.get("x-amz-checksum-crc32c");
  const metadata: Record<string, string> = {};
  headers.forEach((value, name) => {
    if (name.startsWith(META)) metadata[name.slice(META.length)] = value;
  });
  return {
    bytes,
    size: length === null ? undefined : Number(length),
    range: headers.get("content-range") ?? undefined,
    etag: etagOf(headers),
    crc32c: crc === null || crc.includes("-") ? undefined : crc,
    opaqueEtag:
      (headers.get("x-amz-server-side-encryption") ?? "AES256") !== "AES256" ||
      headers.has("x-amz-server-side-encryption-customer-algorithm"),
    metadata,
  };
}

function written({ headers }: Reply): Written {
  return { etag: etagOf(headers) };
}

function etagOf(headers: Headers): string | undefined {
  return headers.get("etag")?.replaceAll('"', "");
}

/** An answer of no announced size may have been cut short: a listing without its end would be a shorter one. */
function wholeXml({ bytes }: Reply, name: string): string {
  const xml = fromUtf8(bytes);
  if (xml.trimEnd().endsWith(`</${name}>`)) return xml;
  throw new S3Failure("IncompleteBody", NO_ANSWER, `${bytes.length} bytes are no ${name}`);
}

function pageOf(xml: string): ListPage {
  const token =
    textOf(xml, "IsTruncated") === "true" ? textOf(xml, "NextContinuationToken") : undefined;
  return {
    objects: elements(xml, "Contents").map((item) => ({
      key: textOf(item, "Key") ?? "",
      size: Number(textOf(item, "Size")),
      ...timeOf(textOf(item, "LastModified")),
    })),
    prefixes: elements(xml, "CommonPrefixes").map((item) => textOf(item, "Prefix") ?? ""),
    ...(token !== undefined && { token }),
  };
}

function timeOf(text: string | undefined): { modifiedMs?: number } {
  const modifiedMs = Date.parse(text ?? "");
  return Number.isNaN(modifiedMs) ? {} : { modifiedMs };
}
