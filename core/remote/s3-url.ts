/**
 * Loki's URL of a bucket:
 *
 *     s3://KEY:SECRET@eu-west-1/bucket          a region of AWS
 *     s3://KEY:SECRET@host.with.dot:port/bucket an endpoint, spoken to over http
 *     https://KEY:SECRET@endpoint.host/bucket   an endpoint over https
 *     s3:///bucket                              AWS, region and keys from elsewhere
 *
 * Key and secret are URL-escaped.
 */
import { BadRequest } from "../model/errors.ts";
import type { StaticKeys } from "./s3-settings.ts";

export interface S3Url {
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  readonly bucket: string;
  readonly keys: StaticKeys | undefined;
}

/** The region of an endpoint that has none. */
const DUMMY_REGION = "dummy";

/** The keys end at the last "@": a secret often holds a "/" that somebody left as it was. */
const FORM = /^([a-z][a-z0-9+.-]*):\/\/(?:(.*)@)?([^@/?#]*)(?:\/([^?#]*))?/i;

/** Throws BadRequest, without the text: it may hold a secret. */
export function readS3Url(text: string, defaultRegion?: string): S3Url {
  const [, scheme = "", user, host = "", path = ""] = text.match(FORM) ?? [];
  const word = scheme.toLowerCase();
  if (word !== "s3" && word !== "http" && word !== "https") {
    throw new BadRequest(`the URL of an S3 bucket has the scheme "${word}", want s3 or https`);
  }
  const isEndpoint = word !== "s3" || /[.:]/.test(host);
  const protocol = word === "https" ? "https" : "http";
  return {
    endpoint: isEndpoint ? `${protocol}://${host}` : undefined,
    region: isEndpoint ? (defaultRegion ?? DUMMY_REGION) : host || undefined,
    bucket: unescaped(path.replace(/^\/+|\/+$/g, "")),
    keys: user === undefined ? undefined : keysOf(user),
  };
}

function keysOf(user: string): StaticKeys | undefined {
  const colon = user.indexOf(":");
  const [id, secret] = colon < 0 ? [user, ""] : [user.slice(0, colon), user.slice(colon + 1)];
  if (id === "" && secret === "") return undefined;
  if (id === "" || secret === "") {
    throw new BadRequest("must supply both an Access Key ID and Secret Access Key or neither");
  }
  return { accessKeyId: unescaped(id), secretAccessKey: unescaped(secret) };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new BadRequest("the URL of an S3 bucket has a % that escapes nothing");
  }
}
