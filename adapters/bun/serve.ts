/** Listens with Bun's HTTP server and turns its WebSockets into ours. */
import http from "node:http";
import type { Server, ServerWebSocket } from "bun";

export interface ListenOptions {
  readonly hostname: string;
  readonly port: number;
  readonly fetch: (request: Request, env: unknown) => Response | Promise<Response>;
  /** The largest request body, bytes. */
  readonly bodyBytesMax: number;
  /** Without it the listener speaks plain HTTP. */
  readonly tls?: ListenTls | undefined;
}

/** Texts in PEM. */
export interface ListenTls {
  readonly cert: string;
  readonly key: string;
  /**
   * Lets in only clients with a certificate of this authority. Bun does not tell the handler which one it
   * was, so all of them are one.
   */
  readonly clientAuthority?: string | undefined;
}

export interface Listening {
  readonly url: string;
  /** Connections with a request or a WebSocket on them now; Bun does not tell of idle ones. */
  connections(): number;
  /**
   * Takes no more requests, ends WebSockets, and waits for requests under way; those that take longer than
   * `waitMs` are cut off.
   */
  stop(waitMs: number): Promise<void>;
}

/** A socket as core wants it. */
interface Socket {
  send(text: string): Promise<void>;
  ping(): void;
  close(code: number, reason: string): void;
  readonly gone: AbortSignal;
}

type Run = (socket: Socket) => Promise<void>;

interface Attached {
  readonly run: Run;
  readonly gone: AbortController;
  /** Called when the client has taken what was sent. */
  drained: (() => void) | undefined;
}

/** WebSocket's close code of a server that stops. */
const GOING_AWAY = 1001;

/** Bytes that may wait for a client before `send` waits too. */
const WAITING_BYTES_MAX = 1 << 20;

/** Bytes of a request's address and headers: Go's bound, and so Loki's. Grafana asks by GET. */
export const HEAD_BYTES_MAX = 1 << 20;

export function listen({ hostname, port, fetch, bodyBytesMax, tls }: ListenOptions): Listening {
  // Bun's own bound is 16 KiB and this is its only switch inside of a process. Past it Bun says 431 without
  // a word, so it gets twice of what we take, and we have the word. It counts for every server of the process.
  (http as { maxHeaderSize: number }).maxHeaderSize = 2 * HEAD_BYTES_MAX;
  const sockets = new Set<ServerWebSocket<Attached>>();
  const server: Server<Attached> = Bun.serve<Attached>({
    hostname,
    port,
    ...(tls === undefined ? {} : { tls: bunTls(tls) }),
    // A query may think for long before its first byte; the querier has its own time-out.
    idleTimeout: 0,
    maxRequestBodySize: bodyBytesMax,
    fetch: (request, own) => tooLarge(request) ?? fetch(request, own),
    websocket: {
      idleTimeout: 0,
      backpressureLimit: 16 << 20,
      closeOnBackpressureLimit: false,
      open: (socket) => {
        sockets.add(socket);
        void run(socket);
      },
      // Clients only listen; whatever they say is not for us.
      message: () => {},
      drain: ({ data }) => data.drained?.(),
      close: (socket) => {
        sockets.delete(socket);
        const { data } = socket;
        data.gone.abort();
        data.drained?.();
      },
    },
  });
  const host = hostname === "" || hostname === "0.0.0.0" ? "127.0.0.1" : hostname;
  return {
    url: `${tls === undefined ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${server.port}`,
    connections: () => server.pendingRequests + server.pendingWebSockets,
    stop: async (waitMs) => {
      for (const socket of sockets) socket.close(GOING_AWAY, "the server is stopping");
      const late = setTimeout(() => void server.stop(true), waitMs);
      await server.stop(false);
      clearTimeout(late);
    },
  };
}

/** The answer to a request whose address and headers are over the bound. */
function tooLarge({ url, headers }: Request): Response | undefined {
  let bytes = url.length;
  for (const [name, value] of headers) bytes += name.length + value.length + ": \r\n".length;
  if (bytes <= HEAD_BYTES_MAX) return undefined;
  const text = `the address and the headers of the request have ${bytes} bytes, want at most ${HEAD_BYTES_MAX}; a query may come as a form by POST\n`;
  return new Response(text, { status: 431, headers: { "Content-Type": "text/plain" } });
}

function bunTls({ cert, key, clientAuthority }: ListenTls): Bun.TLSOptions {
  if (clientAuthority === undefined) return { cert, key };
  return { cert, key, ca: clientAuthority, requestCert: true, rejectUnauthorized: true };
}

/** The address at the other end of a request's connection. */
export function peerOf(request: Request, env: unknown): string | undefined {
  return (env as Server<Attached>).requestIP(request)?.address;
}

/** The upgrade of core/http: undefined when the request is no WebSocket's. */
export function upgrade(request: Request, env: unknown, run: Run): Response | undefined {
  const server = env as Server<Attached>;
  const data: Attached = { run, gone: new AbortController(), drained: undefined };
  // Bun answers an upgraded request by itself; what we return then is not sent.
  return server.upgrade(request, { data }) ? new Response(null) : undefined;
}

async function run(socket: ServerWebSocket<Attached>): Promise<void> {
  const { data } = socket;
  await data.run({
    gone: data.gone.signal,
    ping: () => void socket.ping(),
    close: (code, reason) => socket.close(code, reason.slice(0, 123)),
    send: async (text) => {
      socket.sendText(text);
      if (socket.getBufferedAmount() < WAITING_BYTES_MAX || data.gone.signal.aborted) return;
      await new Promise<void>((resolve) => {
        data.drained = () => {
          data.drained = undefined;
          resolve();
        };
      });
    },
  });
}
