/**
 * Buckets of S3: by an address on the command line, or by the block of a configuration. Amazon's client
 * is loaded when the first one is opened, and not by commands that open none.
 *
 *     s3://bucket/prefix?region=eu-west-1
 *     s3://bucket?endpoint=http://127.0.0.1:9000&region=us-east-1
 *     s3://KEY:SECRET@region/bucket     Loki's forms (core/remote/s3-url.ts)
 *     inmemory:///bucket
 */
import type { Value } from "../../core/config/value.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import type { Observe } from "../../core/remote/caller.ts";
import {
  readS3Settings,
  type S3Options,
  type S3Settings,
  type StaticKeys,
} from "../../core/remote/s3-settings.ts";
import { MemoryObjectStore } from "../../core/sim/store.ts";
import { PrefixedStore } from "../../core/store/prefixed.ts";
import { UsageError } from "../flags.ts";
import { runtime } from "./runtime.ts";
import type { OpenedStore } from "./store.ts";

export type Env = Readonly<Record<string, string | undefined>>;

export interface S3Address {
  readonly options: S3Options;
  /** "" or ending in "/". */
  readonly prefix: string;
  /** For messages: without keys. */
  readonly name: string;
}

export async function openS3(
  address: string,
  env: Env = process.env,
  observe?: Observe,
): Promise<OpenedStore> {
  const { options, prefix, name } = readS3Address(address);
  const store = await openS3Options(options, env, observe);
  const objects = prefix === "" ? store : new PrefixedStore(store, prefix);
  const remote = remoteOf(options, env);
  return { objects, form: "plain", name, ...(remote && { remote: remote + prefix }) };
}

/** Throws BadRequest in Loki's words for settings that cannot be. */
export async function openS3Options(
  options: S3Options,
  env: Env = process.env,
  observe?: Observe,
): Promise<ObjectStore> {
  if (options.s3?.startsWith("inmemory:")) return new MemoryObjectStore();
  const read = settingsOf(options, env);
  const keys = read.keys ?? keysOf(env);
  const settings = { ...read, keys };
  const { makeS3Store } = await import("../../adapters/s3/object-store.ts");
  const { clock, random } = runtime;
  return makeS3Store(settings, { clock, random, ...(observe !== undefined && { observe }) });
}

function settingsOf(options: S3Options, env: Env): S3Settings {
  const endpoint = options.endpoint || env["AWS_ENDPOINT_URL_S3"] || env["AWS_ENDPOINT_URL"];
  const isOwn = options.endpoint || options.s3 || endpoint === undefined;
  return readS3Settings(
    isOwn ? options : { ...options, endpoint },
    env["AWS_REGION"] || env["AWS_DEFAULT_REGION"],
  );
}

/**
 * Service and buckets, to tell one bucket from another: `s3://127.0.0.1:9000/logs/`. Amazon's names are
 * the same in all regions. Undefined for a store in memory, of which no two are the same.
 */
export function remoteOf(options: S3Options, env: Env = process.env): string | undefined {
  if (options.s3?.startsWith("inmemory:")) return undefined;
  const { endpoint, buckets } = settingsOf(options, env);
  const host = endpoint === undefined ? "" : new URL(endpoint).host;
  return `s3://${host.endsWith("amazonaws.com") ? "" : host}/${buckets.join(",")}/`;
}

/** The first link of Amazon's chain, which its client would look for only in the process's own environment. */
function keysOf(env: Env): StaticKeys | undefined {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = env;
  if (env["AWS_PROFILE"] || !id || !secret) return undefined;
  return { accessKeyId: id, secretAccessKey: secret, ...(token && { sessionToken: token }) };
}

/** Loki tries a read so often unless told otherwise; what nobody told is ours to choose. */
const LOKI_TRIES = 5;

/** The options that a block's keys give, such as `http_config.timeout`. */
export function optionsOf(read: (key: string) => Value | undefined): S3Options {
  const text = (key: string) => String(read(key) ?? "");
  const flag = (key: string) => read(key) === true;
  const ms = (key: string) => Number(read(key) ?? 0n) / 1e6;
  const tries = Number(read("backoff_config.max_retries") ?? LOKI_TRIES);
  return {
    s3: text("s3"),
    bucketnames: text("bucketnames"),
    endpoint: text("endpoint"),
    region: text("region"),
    access_key_id: text("access_key_id"),
    secret_access_key: text("secret_access_key"),
    session_token: text("session_token"),
    s3forcepathstyle: flag("s3forcepathstyle"),
    insecure: flag("insecure"),
    sse_encryption: flag("sse_encryption"),
    sse: {
      type: text("sse.type"),
      kms_key_id: text("sse.kms_key_id"),
      kms_encryption_context: text("sse.kms_encryption_context"),
    },
    signature_version: text("signature_version"),
    storage_class: text("storage_class"),
    http_config: {
      timeout: ms("http_config.timeout"),
      idle_conn_timeout: ms("http_config.idle_conn_timeout"),
      response_header_timeout: ms("http_config.response_header_timeout"),
      insecure_skip_verify: flag("http_config.insecure_skip_verify"),
      ca_file: text("http_config.ca_file"),
    },
    backoff_config: {
      min_period: ms("backoff_config.min_period"),
      max_period: ms("backoff_config.max_period"),
      ...(tries !== LOKI_TRIES && { max_retries: tries }),
    },
  };
}

/** What may stand after the "?" of an address. */
const PARAMETERS: Readonly<Record<string, (value: string) => S3Options>> = {
  region: (region) => ({ region }),
  endpoint: (endpoint) => ({ endpoint }),
  s3forcepathstyle: (value) => ({ s3forcepathstyle: isTrue(value) }),
  insecure: (value) => ({ insecure: isTrue(value) }),
  sse: (type) => ({ sse: { type } }),
  storage_class: (value) => ({ storage_class: value }),
};

export function readS3Address(address: string): S3Address {
  if (/^inmemory:/i.test(address)) {
    return { options: { s3: address.toLowerCase() }, prefix: "", name: "inmemory" };
  }
  // Loki's forms have keys before an "@". What has nothing there is a bucket's name forgotten.
  if (/^s3:\/\/[^?]*@/i.test(address)) {
    return { options: { s3: address }, prefix: "", name: address.replace(/\/\/.*@/, "//") };
  }
  const [, bucket = "", path = "", query = ""] =
    address.match(/^s3:\/\/([^/?]+)\/?([^?]*)\??(.*)$/i) ?? [];
  if (bucket === "") throw new UsageError("--store names no bucket, want s3://bucket/prefix");
  const parameters = new URLSearchParams(query);
  // Whoever serves S3 elsewhere seldom has names for buckets.
  let options: S3Options = { bucketnames: bucket, s3forcepathstyle: parameters.has("endpoint") };
  for (const [name, value] of parameters) {
    const read = PARAMETERS[name];
    if (read === undefined) {
      const known = Object.keys(PARAMETERS).join(", ");
      throw new UsageError(`--store has the parameter "${name}", want one of: ${known}`);
    }
    options = { ...options, ...read(value) };
  }
  const names = path.split("/").filter((name) => name !== "");
  const prefix = names.map((name) => `${name}/`).join("");
  return { options, prefix, name: `s3://${bucket}/${prefix}` };
}

function isTrue(value: string): boolean {
  return value === "true" || value === "1" || value === "";
}
