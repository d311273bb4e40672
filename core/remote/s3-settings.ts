/** How to reach a bucket: what Loki's `storage_config.aws` says, in all its forms, read once and checked. */
import { BadRequest } from "../model/errors.ts";
import { readS3Url, type S3Url } from "./s3-url.ts";

/** The block of the configuration under Loki's names; durations in milliseconds. What is "" is not set. */
export interface S3Options {
  readonly s3?: string;
  readonly bucketnames?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly access_key_id?: string;
  readonly secret_access_key?: string;
  readonly session_token?: string;
  readonly s3forcepathstyle?: boolean;
  readonly insecure?: boolean;
  readonly sse_encryption?: boolean;
  readonly sse?: { type?: string; kms_key_id?: string; kms_encryption_context?: string };
  readonly signature_version?: string;
  readonly storage_class?: string;
  readonly http_config?: {
    timeout?: number;
    idle_conn_timeout?: number;
    response_header_timeout?: number;
    insecure_skip_verify?: boolean;
    ca_file?: string;
  };
  readonly backoff_config?: { min_period?: number; max_period?: number; max_retries?: number };
}

export interface S3Settings {
  /** One at least. */
  readonly buckets: readonly string[];
  /** With its scheme, without a path; undefined for AWS itself. */
  readonly endpoint: string | undefined;
  /** Undefined when nothing names it. */
  readonly region: string | undefined;
  /** The bucket is in the path, not in the host's name. */
  readonly pathStyle: boolean;
  /** http, not https, where the endpoint does not say. */
  readonly insecure: boolean;
  /** Undefined: look for them in the environment. */
  readonly keys: StaticKeys | undefined;
  readonly encryption: Encryption | undefined;
  /** Undefined: the bucket's own. */
  readonly storageClass: string | undefined;
  readonly http: HttpSettings;
  readonly backoff: { readonly minMs: number; readonly maxMs: number; readonly triesMax: number };
}

export interface StaticKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export type Encryption =
  | { readonly kind: "s3" }
  | {
      readonly kind: "kms";
      readonly keyId: string | undefined;
      /** Base64 of JSON, as the header has it. */
      readonly context: string | undefined;
    };

export interface HttpSettings {
  /** For a whole request; infinite for no limit. */
  readonly timeoutMs: number;
  /** How long the server may send nothing. */
  readonly silenceMs: number;
  readonly idleMs: number;
  readonly verify: boolean;
  readonly caFile: string | undefined;
}

/** What Loki leaves without a limit would hang for ever on a lost connection. */
const SILENCE_MS = 30_000;
const IDLE_MS = 90_000;
/** Loki tries a read five times and nothing else twice. A few more outlast a bad minute. */
const TRIES_MAX = 10;

const STORAGE_CLASSES = [
  "GLACIER",
  "DEEP_ARCHIVE",
  "GLACIER_IR",
  "INTELLIGENT_TIERING",
  "ONEZONE_IA",
  "OUTPOSTS",
  "REDUCED_REDUNDANCY",
  "STANDARD",
  "STANDARD_IA",
];

/** Throws BadRequest in Loki's words. No message holds a key or a token. */
export function readS3Settings(options: S3Options, defaultRegion?: string): S3Settings {
  checkWords(options);
  const url = options.s3 ? readS3Url(options.s3, defaultRegion) : undefined;
  const insecure = options.insecure ?? false;
  const endpoint = options.endpoint ? withScheme(options.endpoint, insecure) : url?.endpoint;
  const buckets = bucketsOf(options.bucketnames, url);
  return {
    buckets,
    endpoint,
    region: options.region || url?.region || defaultRegion,
    pathStyle: (options.s3forcepathstyle ?? false) || needsPath(endpoint, buckets, insecure),
    insecure,
    keys: keysOf(options, url),
    encryption: encryptionOf(options),
    storageClass: options.storage_class || undefined,
    http: httpOf(options),
    backoff: {
      minMs: options.backoff_config?.min_period ?? 100,
      maxMs: options.backoff_config?.max_period ?? 3000,
      // 0 is for ever in Loki; here it is Loki's patience many times over.
      triesMax: options.backoff_config?.max_retries || TRIES_MAX,
    },
  };
}

function checkWords({ signature_version: version, storage_class: storageClass }: S3Options): void {
  if (version && version !== "v4" && version !== "v2") {
    throw new BadRequest("unsupported signature version");
  }
  if (version === "v2") throw new BadRequest("signature version v2 is not spoken here, want v4");
  if (storageClass && !STORAGE_CLASSES.includes(storageClass)) {
    const known = STORAGE_CLASSES.join(", ");
    throw new BadRequest(
      `unsupported S3 storage class: ${storageClass}. Supported values: ${known}`,
    );
  }
}

function bucketsOf(names: string | undefined, url: S3Url | undefined): readonly string[] {
  const list = (names ?? "").split(",").map((name) => name.trim());
  const buckets = list.filter((name) => name !== "");
  if (buckets.length > 0) return buckets;
  if (url?.bucket) return [url.bucket];
  throw new BadRequest("at least one bucket name must be specified");
}

function keysOf(options: S3Options, url: S3Url | undefined): StaticKeys | undefined {
  const { access_key_id: id = "", secret_access_key: secret = "", session_token: token } = options;
  if ((id === "") !== (secret === "")) {
    throw new BadRequest("must supply both an Access Key ID and Secret Access Key or neither");
  }
  if (id === "") return url?.keys;
  return { accessKeyId: id, secretAccessKey: secret, ...(token && { sessionToken: token }) };
}

function encryptionOf({ sse, sse_encryption: old }: S3Options): Encryption | undefined {
  const type = sse?.type || (old ? "SSE-S3" : "");
  if (type === "") return undefined;
  if (type === "SSE-S3") return { kind: "s3" };
  if (type !== "SSE-KMS") throw new BadRequest("unsupported S3 SSE type");
  const context = sse?.kms_encryption_context || undefined;
  return {
    kind: "kms",
    keyId: sse?.kms_key_id || undefined,
    context: context === undefined ? undefined : contextHeader(context),
  };
}

/** The header is base64 of a JSON object of texts. */
function contextHeader(json: string): string {
  let pairs: unknown;
  try {
    pairs = JSON.parse(json);
  } catch (cause) {
    throw new BadRequest("unable to parse KMS encryption context", { cause });
  }
  if (typeof pairs !== "object" || pairs === null || Array.isArray(pairs)) {
    throw new BadRequest("unable to parse KMS encryption context");
  }
  const text = JSON.stringify(pairs);
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

function httpOf({ http_config: http = {} }: S3Options): HttpSettings {
  return {
    timeoutMs: http.timeout || Number.POSITIVE_INFINITY,
    silenceMs: http.response_header_timeout || SILENCE_MS,
    idleMs: http.idle_conn_timeout || IDLE_MS,
    verify: !http.insecure_skip_verify,
    caFile: http.ca_file || undefined,
  };
}

function withScheme(endpoint: string, insecure: boolean): string {
  const text = /^https?:\/\//i.test(endpoint)
    ? endpoint
    : `${insecure ? "http" : "https"}://${endpoint}`;
  return text.replace(/\/+$/, "");
}

/** A bucket's name goes before a host's name, not before a number or a bare word; over TLS it may hold no dot. */
function needsPath(endpoint: string | undefined, buckets: readonly string[], insecure: boolean) {
  const dotted = buckets.some((name) => name.includes("."));
  if (endpoint === undefined) return dotted && !insecure;
  const { hostname, protocol } = new URL(endpoint);
  if (hostname.includes(":") || /^[\d.]+$/.test(hostname) || !hostname.includes(".")) return true;
  return dotted && protocol === "https:";
}
