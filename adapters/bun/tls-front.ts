/**
 * TLS before the HTTP server. Bun's own server neither tells its handler the client's certificate nor takes
 * a new certificate of its own while it runs; Bun's `node:tls` does both. So connections end their TLS here
 * and go on as plain bytes to the HTTP server, over this machine's loopback:
 *
 *     client ──TLS── front ──127.0.0.1:p──> HTTP server
 *
 * The port `p` of our end says which connection a request came over, and so who is at its other end: nothing
 * is written into the bytes, so nothing there can be forged. Another program of this machine may connect to
 * the HTTP server's loopback port, but not from `p` while we hold it; it is nobody's visitor and is refused.
 */
import { constants, createPrivateKey, X509Certificate } from "node:crypto";
import { type AddressInfo, connect, type Socket } from "node:net";
import { createServer, type TLSSocket, type TlsOptions } from "node:tls";
import type { ClientCertificate } from "../../core/ports/sign-in.ts";
import { certificateOf } from "./client-certificate.ts";

/** Texts in PEM. */
export interface FrontTls {
  readonly cert: string;
  readonly key: string;
  /** Whose certificates clients may show. */
  readonly clients?: { readonly authority: string; readonly areRequired: boolean } | undefined;
  readonly versionMin?: "TLSv1.2" | "TLSv1.3";
  /** OpenSSL's names with colons between; those of TLS 1.3 are always the same. */
  readonly ciphers?: string | undefined;
}

/** Who is at the other end of a connection. */
export interface Visitor {
  readonly address: string;
  readonly certificate: ClientCertificate | undefined;
}

export interface Front {
  readonly port: number;
  /** Of the connection that comes to the HTTP server from this port; undefined when it is none of ours. */
  visitorAt(port: number): Visitor | undefined;
  /** For connections to come. Throws, and changes nothing, when the texts make no certificate with its key. */
  renew(tls: FrontTls): void;
  /** Takes no more connections. */
  close(): void;
  /** Cuts those that are left, once nothing moves on them any more or `waitMs` have passed. */
  cut(waitMs: number): Promise<void>;
}

export interface FrontOptions {
  readonly hostname: string;
  readonly port: number;
  readonly tls: FrontTls;
  /** Of the HTTP server. */
  readonly insidePort: number;
  /** How long a client may take to agree on a key. */
  readonly handshakeMs?: number;
  readonly refused?: Refused | undefined;
}

/** Told of a handshake that failed: OpenSSL's or Node's code, and the reason in words. */
export type Refused = (
  failure: { readonly code: string; readonly why: string },
  address: string,
) => void;

const LOOPBACK = "127.0.0.1";
const HANDSHAKE_MS = 10_000;

/** When nothing has moved for so long after the HTTP server's end, nothing is on its way. */
const STILL_MS = 20;

/** How long a client may leave the end of its last answer lying. */
const LAST_BYTES_MS = 30_000;

/** Rejects when the address is taken, and when the texts make no certificate with its key. */
export async function openFront({
  hostname,
  port,
  tls,
  insidePort,
  handshakeMs = HANDSHAKE_MS,
  refused = () => {},
}: FrontOptions): Promise<Front> {
  const visitors = new Map<number, Visitor>();
  const open = new Set<Socket>();
  let current = tls;
  const server = createServer({
    ...optionsOf(tls),
    handshakeTimeout: handshakeMs,
    // A client may end its half once it has asked.
    allowHalfOpen: true,
    noDelay: true,
  });
  server.on("tlsClientError", (error, socket) => {
    refused(failureOf(error), socket.remoteAddress ?? "");
    socket.destroy();
  });
  server.on("secureConnection", (socket) => {
    const shown = socket.getPeerCertificate();
    // One that is shown unasked is verified by us: the handshake went on without it.
    const isShown = current.clients !== undefined && Object.keys(shown ?? {}).length > 0;
    if (isShown && !socket.authorized) {
      refused(failureOf(socket.authorizationError), socket.remoteAddress ?? "");
      socket.destroy();
      return;
    }
    const certificate = isShown ? certificateOf(shown) : undefined;
    pass(socket, { address: socket.remoteAddress ?? "", certificate });
  });

  function pass(outside: TLSSocket, visitor: Visitor): void {
    const inside = connect({ host: LOOPBACK, port: insidePort, noDelay: true });
    let insidePortOfOurs = -1;
    open.add(outside);
    inside.once("connect", () => {
      // Before the first byte goes over, so that no request is seen without its visitor.
      insidePortOfOurs = inside.localPort ?? -1;
      visitors.set(insidePortOfOurs, visitor);
      outside.pipe(inside);
      inside.pipe(outside);
    });
    inside.once("close", () => {
      // The port may be another connection's by now.
      if (visitors.get(insidePortOfOurs) === visitor) visitors.delete(insidePortOfOurs);
      outside.setTimeout(LAST_BYTES_MS, () => outside.destroy());
      outside.destroySoon();
    });
    outside.once("close", () => {
      open.delete(outside);
      inside.destroy();
    });
    inside.on("error", () => outside.destroy());
    outside.on("error", () => inside.destroy());
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, ...(hostname === "" ? {} : { host: hostname }) }, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    visitorAt: (from) => visitors.get(from),
    renew: (next) => {
      server.setSecureContext(optionsOf(next));
      current = next;
    },
    close: () => void server.close(),
    cut: async (waitMs) => {
      const end = performance.now() + waitMs;
      let before = -1;
      for (let now = moved(open); now !== before && performance.now() < end; now = moved(open)) {
        before = now;
        await Bun.sleep(STILL_MS);
      }
      for (const socket of open) socket.destroy();
    },
  };
}

/** `authorizationError` is a code and no error, whatever its types say. */
function failureOf(error: Error | string): { code: string; why: string } {
  if (typeof error === "string") return { code: error, why: wordsOf(error) };
  const { code = "" } = error as NodeJS.ErrnoException;
  const isOpenssl = code.startsWith(OPENSSL);
  return { code, why: isOpenssl ? wordsOf(code.slice(OPENSSL.length)) : error.message };
}

const OPENSSL = "ERR_SSL_";

function wordsOf(code: string): string {
  return code.replaceAll("_", " ").toLowerCase();
}

/** Bytes that went to clients; what has not gone yet makes it another number each time. */
function moved(sockets: ReadonlySet<Socket>): number {
  let bytes = 0;
  for (const { bytesWritten, writableLength } of sockets) {
    bytes += writableLength === 0 ? bytesWritten : Number.NaN;
  }
  return bytes;
}

/** Throws when the texts make no certificate with its key. */
export function assertTls(tls: FrontTls): void {
  optionsOf(tls);
}

function optionsOf({ cert, key, clients, versionMin, ciphers }: FrontTls): TlsOptions {
  assertCertificates(cert, "the certificate");
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
    throw new Error("the key is not the certificate's");
  }
  // Without one every authority of this machine would do.
  if (clients !== undefined) assertCertificates(clients.authority, "the clients' authority");
  return {
    ...{ cert, key, minVersion: versionMin ?? "TLSv1.2", ALPNProtocols: ["http/1.1"] },
    ...(ciphers === undefined ? {} : { ciphers }),
    ...(clients === undefined
      ? { requestCert: false }
      : {
          ...{ ca: clients.authority, requestCert: true, rejectUnauthorized: clients.areRequired },
          // A resumed session would skip the check of a certificate that has expired or whose authority is gone.
          secureOptions: constants.SSL_OP_NO_TICKET,
        }),
  };
}

const PEM = /-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g;

/** Throws unless the text has certificates: a file may be read while it is being written. */
function assertCertificates(text: string, what: string): void {
  const blocks = text.match(PEM) ?? [];
  if (blocks.length === 0) throw new Error(`${what} has no block of PEM that is whole`);
  for (const [index, block] of blocks.entries()) {
    try {
      new X509Certificate(block);
    } catch (error) {
      throw new Error(`block ${index + 1} of ${what} is no certificate`, { cause: error });
    }
  }
}
