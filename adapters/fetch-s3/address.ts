/** The URL of a bucket or an object. */
import type { S3Settings } from "../../core/remote/s3-settings.ts";
import { escapeText } from "./sign.ts";

export type Query = Readonly<Record<string, string>>;

/** `key` is "" for the bucket itself. */
export function urlOf(
  { endpoint, pathStyle, insecure }: S3Settings,
  region: string,
  { bucket, key }: { bucket: string; key: string },
  query: Query,
): URL {
  const scheme = insecure ? "http" : "https";
  const base = new URL(endpoint ?? `${scheme}://${awsHost(region)}`);
  const names = key.split("/").map(escapeText).join("/");
  const host = pathStyle ? base.host : `${bucket}.${base.host}`;
  const path = pathStyle ? `/${escapeText(bucket)}/${names}` : `/${names}`;
  const parts = Object.entries(query).map(([name, value]) => `${name}=${escapeText(value)}`);
  const text = parts.length === 0 ? "" : `?${parts.join("&")}`;
  return new URL(`${base.protocol}//${host}${base.pathname.replace(/\/$/, "")}${path}${text}`);
}

function awsHost(region: string): string {
  return `s3.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
}
