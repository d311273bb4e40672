/** The same listener behind TLS: a front on the address that was asked for, the HTTP server on loopback. */
import type { Server } from "bun";
import type { ClientCertificate } from "../../core/ports/sign-in.ts";
import {
  authorityOf,
  type Listening,
  type ListenOptions,
  listen,
  peerOf as plainPeerOf,
} from "./serve.ts";
import { type Front, type FrontTls, openFront, type Refused, type Visitor } from "./tls-front.ts";

export interface ListeningTls extends Listening {
  /** For connections to come. Throws, and changes nothing, when the texts make no certificate with its key. */
  renew(tls: FrontTls): void;
}

/** Of each HTTP server that stands behind TLS. */
const fronts = new WeakMap<object, Front>();

/** How long what was answered last may take to its client once the server has stopped. */
const LAST_BYTES_MS = 1_000;

export async function listenTls(
  options: ListenOptions & { readonly tls: FrontTls; readonly refused?: Refused },
): Promise<ListeningTls> {
  const { tls, hostname, port, refused, ...rest } = options;
  let front: Front | undefined;
  const inside = listen({
    ...{ ...rest, hostname: "127.0.0.1", port: 0 },
    fetch: (request, env) => {
      if (front !== undefined) fronts.set(env as object, front);
      const isOurs = front !== undefined && visitorOf(request, env) !== undefined;
      return isOurs ? rest.fetch(request, env) : new Response(NO_ENTRANCE, { status: 403 });
    },
  });
  const insidePort = Number(new URL(inside.url).port);
  try {
    front = await openFront({ hostname, port, tls, insidePort, refused });
  } catch (error) {
    await inside.stop(0);
    throw error;
  }
  const { port: openPort, renew, close, cut } = front;
  return {
    url: `https://${authorityOf(hostname, openPort)}`,
    renew,
    connections: inside.connections,
    stop: async (waitMs) => {
      close();
      await inside.stop(waitMs);
      // What it said last may still be on the way.
      await cut(LAST_BYTES_MS);
    },
  };
}

const NO_ENTRANCE = "this port is for the TLS listener of the same process\n";

/** The address at the other end of a request's connection, which is not the front's. */
export function peerOf(request: Request, env: unknown): string | undefined {
  return fronts.has(env as object) ? visitorOf(request, env)?.address : plainPeerOf(request, env);
}

/** The verified certificate that the client showed when the connection was made. */
export function certificateOf(request: Request, env: unknown): ClientCertificate | undefined {
  return visitorOf(request, env)?.certificate;
}

function visitorOf(request: Request, env: unknown): Visitor | undefined {
  const from = (env as Server<unknown>).requestIP(request)?.port;
  return from === undefined ? undefined : fronts.get(env as object)?.visitorAt(from);
}
