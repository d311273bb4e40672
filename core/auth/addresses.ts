/** Internet addresses as texts: which are this machine, which lie in a network, and who is behind a proxy. */

/** Four or sixteen bytes; undefined when the text is no address. IPv4 within IPv6 is IPv4. */
export function parseAddress(text: string): readonly number[] | undefined {
  const plain = text.replace(/^\[(.*)\]$/, "$1").replace(/%.*$/, "");
  if (!plain.includes(":")) return parseV4(plain);
  const bytes = parseV6(plain);
  const mapped = bytes?.slice(0, 12).join() === "0,0,0,0,0,0,0,0,0,0,255,255";
  return mapped ? bytes?.slice(12) : bytes;
}

export function isLoopback(text: string): boolean {
  const bytes = parseAddress(text);
  if (bytes === undefined) return false;
  return bytes.length === 4
    ? bytes[0] === 127
    : bytes.every((byte, index) => byte === (index === 15 ? 1 : 0));
}

/** `10.0.0.0/8`, or one address. */
export interface Network {
  readonly bytes: readonly number[];
  readonly bits: number;
}

/** Undefined when the text is no network. */
export function parseNetwork(text: string): Network | undefined {
  const [address = "", size, more] = text.split("/");
  const bytes = parseAddress(address);
  if (bytes === undefined || more !== undefined) return undefined;
  const bits = size === undefined ? bytes.length * 8 : /^\d+$/.test(size) ? Number(size) : -1;
  return bits < 0 || bits > bytes.length * 8 ? undefined : { bytes, bits };
}

export function inNetwork(address: readonly number[], { bytes, bits }: Network): boolean {
  if (address.length !== bytes.length) return false;
  return bytes.every((byte, index) => {
    const kept = Math.min(8, Math.max(0, bits - 8 * index));
    const mask = (0xff << (8 - kept)) & 0xff;
    return (byte & mask) === (address[index]! & mask);
  });
}

/**
 * Who sent a request that came through proxies: the last address of `X-Forwarded-For` that is no proxy we
 * trust. The peer itself, when it is no such proxy: anybody can write that header.
 */
export function clientAddress(
  peer: string,
  forwardedFor: string | null,
  trusted: readonly Network[],
): string {
  let client = peer;
  const hops = (forwardedFor ?? "").split(",").map((hop) => hop.trim());
  while (isTrusted(client, trusted)) {
    const hop = hops.pop();
    if (hop === undefined || hop === "" || parseAddress(hop) === undefined) break;
    client = hop;
  }
  return client;
}

export function isTrusted(address: string, trusted: readonly Network[]): boolean {
  const bytes = parseAddress(address);
  return bytes !== undefined && trusted.some((network) => inNetwork(bytes, network));
}

function parseV4(text: string): readonly number[] | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part))) return undefined;
  const bytes = parts.map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

function parseV6(text: string): readonly number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => groupBytes(half));
  if (head === undefined) return undefined;
  if (halves.length === 1) return head.length === 16 ? head : undefined;
  if (tail === undefined || head.length + tail.length > 14) return undefined;
  return [...head, ...Array<number>(16 - head.length - tail.length).fill(0), ...tail];
}

/** Groups of four hex digits, the last of which may be IPv4. */
function groupBytes(text: string): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  for (const group of text.split(":")) {
    if (/^[\da-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    } else {
      const v4 = parseV4(group);
      if (v4 === undefined) return undefined;
      bytes.push(...v4);
    }
  }
  return bytes;
}
