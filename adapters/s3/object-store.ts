/**
 * Buckets through Amazon's own client, which knows every way to credentials: keys, profiles, web identity
 * (IRSA), containers, machines. The client signs and speaks HTTP; trying again, pace and proof are ours
 * (core/remote). Importing this file takes a while, so cmd does it only when a bucket is opened.
 */
import { readFileSync } from "node:fs";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import { readBody } from "../../core/remote/body.ts";
import { openRemote, REQUESTS_MAX, type RemoteWorld } from "../../core/remote/open.ts";
import type { Encryption, S3Settings } from "../../core/remote/s3-settings.ts";
import type {
  Attempt,
  Found,
  Headers,
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
import { failureOf } from "./failure.ts";

/** Where neither the settings nor the environment name a region. */
const DEFAULT_REGION = "us-east-1";
const CONNECT_MS = 5000;

export function makeS3Store(settings: S3Settings, world: RemoteWorld): ObjectStore {
  const client = new S3Client(configOf(settings, world.requestsMax ?? REQUESTS_MAX));
  return openRemote(new ClientWire(client, settings), settings, world);
}

function configOf(settings: S3Settings, requestsMax: number): S3ClientConfig {
  const { endpoint, region, keys, http, pathStyle, insecure } = settings;
  const agent = { keepAlive: true, keepAliveMsecs: http.idleMs, maxSockets: requestsMax };
  return {
    ...(endpoint !== undefined && { endpoint }),
    ...(keys !== undefined && { credentials: keys }),
    region: region ?? DEFAULT_REGION,
    tls: !insecure,
    forcePathStyle: pathStyle,
    followRegionRedirects: true,
    maxAttempts: 1, // The Caller tries again, and knows the pace of the prefix.
    // Bytes are proved in core/remote, alike for every adapter.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      httpAgent: agent,
      httpsAgent: {
        ...agent,
        rejectUnauthorized: http.verify,
        ...(http.caFile !== undefined && { ca: readFileSync(http.caFile) }),
      },
    },
  };
}

class ClientWire implements S3Wire {
  readonly #client: S3Client;
  readonly #extras: ReturnType<typeof extrasOf>;

  constructor(client: S3Client, { encryption, storageClass }: S3Settings) {
    this.#client = client;
    this.#extras = extrasOf(encryption, storageClass);
    // Asking for the stored checksum by the command's own option would have the client check it as well.
    client.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          const { request } = args as { request?: { headers: Record<string, string> } };
          if (request && commandName === "GetObjectCommand") {
            request.headers["x-amz-checksum-mode"] = "ENABLED";
          }
          return next(args);
        },
      { step: "build", name: "askForChecksum" },
    );
  }

  async get({ bucket, key }: Place, range: string | undefined, attempt: Attempt): Promise<Found> {
    const input = { Bucket: bucket, Key: key, ...(range !== undefined && { Range: range }) };
    return caught(async () => {
      const answer = await this.#client.send(new GetObjectCommand(input), signalOf(attempt));
      attempt.progress();
      const chunks = answer.Body as AsyncIterable<Uint8Array> | undefined;
      const bytes = await readBody(chunks ?? noChunks(), answer.ContentLength, attempt.progress);
      return { ...headersOf(answer), range: answer.ContentRange, bytes };
    });
  }

  async head({ bucket, key }: Place, attempt: Attempt): Promise<Headers> {
    const command = new HeadObjectCommand({ Bucket: bucket, Key: key });
    return headersOf(await caught(() => this.#client.send(command, signalOf(attempt))));
  }

  async put({ bucket, key }: Place, part: Part, how: WriteHow, attempt: Attempt): Promise<Written> {
    const command = new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: part.bytes,
      ContentLength: part.bytes.length,
      ContentMD5: part.md5,
      ChecksumCRC32C: part.crc32c,
      Metadata: how.metadata,
      ...(how.ifAbsent && { IfNoneMatch: "*" }),
      ...this.#extras,
    });
    const answer = await caught(() => this.#client.send(command, signalOf(attempt)));
    return { etag: unquoted(answer.ETag) };
  }

  async delete({ bucket, key }: Place, attempt: Attempt): Promise<void> {
    const command = new DeleteObjectCommand({ Bucket: bucket, Key: key });
    await caught(() => this.#client.send(command, signalOf(attempt)));
  }

  async list(bucket: string, query: ListQuery, attempt: Attempt): Promise<ListPage> {
    const command = new ListObjectsV2Command({
      Bucket: bucket,
      ...(query.prefix !== "" && { Prefix: query.prefix }),
      Delimiter: query.delimiter,
      StartAfter: query.startAfter,
      ContinuationToken: query.token,
    });
    const answer = await caught(() => this.#client.send(command, signalOf(attempt)));
    const token = answer.IsTruncated ? answer.NextContinuationToken : undefined;
    return {
      objects: (answer.Contents ?? []).map(({ Key = "", Size = 0, LastModified: time }) => ({
        key: Key,
        size: Size,
        ...(time !== undefined && { modifiedMs: time.getTime() }),
      })),
      prefixes: (answer.CommonPrefixes ?? []).map(({ Prefix = "" }) => Prefix),
      ...(token !== undefined && { token }),
    };
  }

  async beginParts({ bucket, key }: Place, how: WriteHow, attempt: Attempt): Promise<string> {
    const command = new CreateMultipartUploadCommand({
      Bucket: bucket,
      Key: key,
      Metadata: how.metadata,
      ...this.#extras,
    });
    const answer = await caught(() => this.#client.send(command, signalOf(attempt)));
    return answer.UploadId ?? "";
  }

  async putPart(place: PartPlace, part: Part, attempt: Attempt): Promise<Written> {
    const command = new UploadPartCommand({
      Bucket: place.bucket,
      Key: place.key,
      UploadId: place.uploadId,
      PartNumber: place.number,
      Body: part.bytes,
      ContentLength: part.bytes.length,
      ContentMD5: part.md5,
    });
    const answer = await caught(() => this.#client.send(command, signalOf(attempt)));
    return { etag: unquoted(answer.ETag) };
  }

  async joinParts(
    { bucket, key, uploadId }: UploadPlace,
    etags: readonly string[],
    { ifAbsent }: WriteHow,
    attempt: Attempt,
  ): Promise<void> {
    const parts = etags.map((etag, index) => ({ ETag: `"${etag}"`, PartNumber: index + 1 }));
    const command = new CompleteMultipartUploadCommand({
      Bucket: bucket,
      Key: key,
      UploadId: uploadId,
      MultipartUpload: { Parts: parts },
      ...(ifAbsent && { IfNoneMatch: "*" }),
    });
    await caught(() => this.#client.send(command, signalOf(attempt)));
  }

  async dropParts({ bucket, key, uploadId }: UploadPlace, attempt: Attempt): Promise<void> {
    const input = { Bucket: bucket, Key: key, UploadId: uploadId };
    await caught(() =>
      this.#client.send(new AbortMultipartUploadCommand(input), signalOf(attempt)),
    );
  }
}

function extrasOf(encryption: Encryption | undefined, storageClass: string | undefined) {
  return {
    ...(storageClass !== undefined && { StorageClass: storageClass as "STANDARD" }),
    ...(encryption?.kind === "s3" && { ServerSideEncryption: "AES256" as const }),
    ...(encryption?.kind === "kms" && {
      ServerSideEncryption: "aws:kms" as const,
      ...(encryption.keyId !== undefined && { SSEKMSKeyId: encryption.keyId }),
      ...(encryption.context !== undefined && { SSEKMSEncryptionContext: encryption.context }),
    }),
  };
}

interface Answer {
  readonly ContentLength?: number | undefined;
  readonly ETag?: string | undefined;
  readonly ChecksumCRC32C?: string | undefined;
  readonly ServerSideEncryption?: string | undefined;
  readonly SSECustomerAlgorithm?: string | undefined;
  readonly Metadata?: Record<string, string> | undefined;
}

function headersOf(answer: Answer): Headers {
  const crc = answer.ChecksumCRC32C;
  return {
    size: answer.ContentLength,
    etag: unquoted(answer.ETag),
    crc32c: crc?.includes("-") ? undefined : crc,
    opaqueEtag:
      (answer.ServerSideEncryption ?? "AES256") !== "AES256" ||
      answer.SSECustomerAlgorithm !== undefined,
    metadata: answer.Metadata ?? {},
  };
}

async function caught<T>(request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    throw failureOf(error);
  }
}

function signalOf({ signal }: Attempt): { abortSignal: AbortSignal } {
  return { abortSignal: signal };
}

function unquoted(etag: string | undefined): string | undefined {
  return etag?.replaceAll('"', "");
}

async function* noChunks(): AsyncGenerator<Uint8Array> {}
