/**
 * AWS Signature Version 4 with WebCrypto:
 *
 *     canonical request  method, path, query, headers, names of the signed headers, SHA-256 of the body
 *     text to sign       AWS4-HMAC-SHA256, time, day/region/service/aws4_request, SHA-256 of the above
 *     key                HMAC of day, region, service and "aws4_request", each keyed by the one before
 */
import { compareText, toHex, utf8 } from "../../core/bytes/text.ts";
import type { StaticKeys } from "../../core/remote/s3-settings.ts";

export interface Unsigned {
  readonly method: string;
  /** Path and query escaped as they will be sent. */
  readonly url: URL;
  /** Names in lower case. All of them are signed. */
  readonly headers: Readonly<Record<string, string>>;
  /** SHA-256 of the body in hex, or UNSIGNED-PAYLOAD. */
  readonly bodyHash: string;
}

export interface SignWith {
  readonly keys: StaticKeys;
  readonly region: string;
  readonly service: string;
  /** Unix milliseconds. */
  readonly timeMs: number;
}

/** Over TLS the body needs no proof of its own. */
export const UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD";

/** All headers to send, the signature among them. `host` is signed and left to `fetch` to send. */
export async function sign(request: Unsigned, how: SignWith): Promise<Record<string, string>> {
  const { keys, region, service, timeMs } = how;
  const time = new Date(timeMs).toISOString().replace(/[-:]|\.\d{3}/g, "");
  const headers: Record<string, string> = {
    ...request.headers,
    "x-amz-content-sha256": request.bodyHash,
    "x-amz-date": time,
    ...(keys.sessionToken !== undefined && { "x-amz-security-token": keys.sessionToken }),
  };
  const names = ["host", ...Object.keys(headers)].sort(compareText);
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
  const canonical = canonicalRequest(request, names, { ...headers, host: request.url.host });
  const text = ["AWS4-HMAC-SHA256", time, scope, await sha256Hex(utf8(canonical))].join("\n");
  const signature = toHex(await hmac(await signingKey(keys.secretAccessKey, scope), text));
  headers["authorization"] =
    `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope}, ` +
    `SignedHeaders=${names.join(";")}, Signature=${signature}`;
  return headers;
}

function canonicalRequest(
  { method, url, bodyHash }: Unsigned,
  names: readonly string[],
  headers: Readonly<Record<string, string>>,
): string {
  const lines = names.map((name) => `${name}:${headers[name]!.trim().replace(/ +/g, " ")}`);
  return [method, url.pathname, canonicalQuery(url), ...lines, "", names.join(";"), bodyHash].join(
    "\n",
  );
}

function canonicalQuery({ searchParams }: URL): string {
  return [...searchParams]
    .map(([name, value]) => `${escapeText(name)}=${escapeText(value)}`)
    .sort(compareText)
    .join("&");
}

/** RFC 3986: all but letters, digits and `-._~` is escaped. */
export function escapeText(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return toHex(new Uint8Array(digest));
}

async function signingKey(secret: string, scope: string): Promise<Uint8Array> {
  let key: Uint8Array = utf8(`AWS4${secret}`);
  for (const word of scope.split("/")) key = await hmac(key, word);
  return key;
}

async function hmac(key: Uint8Array, text: string): Promise<Uint8Array> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const raw = key as Uint8Array<ArrayBuffer>;
  const imported = await crypto.subtle.importKey("raw", raw, algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, utf8(text)));
}
