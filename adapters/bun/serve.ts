/** Listens with Bun's HTTP server, without TLS, and turns its WebSockets into ours. */
import http from "node:http";
import type { Server, ServerWebSocket } from "bun";

export interface ListenOptions {
  readonly hostname: string;
  readonly port: number;
  readonly fetch: (request: Request, env: unknown) => Response | Promise<Response>;
  /** The largest request body, bytes. */
  readonly bodyBytesMax: number;
  /** How long a connection may wait for its next request, and for a client to take more of an answer; 0 for ever. */
  readonly idleMs?: number;
  readonly writeMs?: number;
  /** Told of an error that no handler answered. */
  readonly failed?: (error: Error) => void;
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

export function listen(options: ListenOptions): Listening {
  const { hostname, port, fetch, bodyBytesMax } = options;
  const [idleSeconds, writeSeconds] = [secondsOf(options.idleMs), secondsOf(options.writeMs)];
  // Bun's own bound is 16 KiB and this is its only switch inside of a process. Past it Bun says 431 without
  // a word, so it gets twice of what we take, and we have the word. It counts for every server of the process.
  (http as { maxHeaderSize: number }).maxHeaderSize = 2 * HEAD_BYTES_MAX;
  const sockets = new Set<ServerWebSocket<Attached>>();
  const server: Server<Attached> = Bun.serve<Attached>({
    hostname,
    port,
    // Otherwise Bun answers what fails with a page that shows our sources.
    development: false,
    // Which without a word lets a second process listen on the same port, and take half of the requests.
    reusePort: false,
    error: (error) => {
      options.failed?.(error);
      return new Response("internal error\n", { status: 500 });
    },
    idleTimeout: idleSeconds,
    maxRequestBodySize: bodyBytesMax,
    fetch: async (request, own) => {
      const refusal = malformed(request) ?? tooLarge(request);
      if (refusal !== undefined) return refusal;
      // A query may think for long before its first byte, and a push has its own time-out.
      own.timeout(request, 0);
      const response = await fetch(request, own);
      // From then on it is a WebSocket, which has pings.
      if (request.headers.has("upgrade")) return response;
      if (request.method === "HEAD") {
        // Nobody takes the pieces of a body that is not sent.
        own.timeout(request, idleSeconds);
        return response;
      }
      return timed(response, {
        waiting: () => own.timeout(request, writeSeconds),
        working: () => own.timeout(request, 0),
        ended: () => own.timeout(request, idleSeconds),
      });
    },
    websocket: {
      idleTimeout: 0,
      backpressureLimit: 16 << 20,
      closeOnBackpressureLimit: false,
      open: (socket) => {
        sockets.add(socket);
        void run(socket);
      },
      // Clients only listen; whatever they say is not for us, so they may not say much.
      maxPayloadLength: 1 << 16,
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
  return {
    url: `http://${authorityOf(hostname, server.port!)}`,
    connections: () => server.pendingRequests + server.pendingWebSockets,
    stop: async (waitMs) => {
      for (const socket of sockets) socket.close(GOING_AWAY, "the server is stopping");
      const late = setTimeout(() => void server.stop(true), waitMs);
      await server.stop(false);
      clearTimeout(late);
    },
  };
}

/** Host and port as an address has them; every address of this machine is one that it knows itself by. */
export function authorityOf(hostname: string, port: number): string {
  const host = hostname === "" || hostname === "0.0.0.0" ? "127.0.0.1" : hostname;
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Bun counts up to 255 seconds, in steps of four. */
const SECONDS_MAX = 255;

function secondsOf(ms = 0): number {
  return Math.min(SECONDS_MAX, Math.ceil(ms / 1000));
}

/** Bytes of an answer that a socket has room for. */
const TAKEN_AT_ONCE = 1 << 16;

/** Who waits for whom: the client for us while we are working, or we for the client. */
interface Patience {
  readonly waiting: () => void;
  readonly working: () => void;
  readonly ended: () => void;
}

/** The same answer, whose client is cut off when it does not take it. */
function timed(response: Response, { waiting, working, ended }: Patience): Response {
  const { body, status, statusText, headers } = response;
  // All of it is there. What the network takes at once leaves only the next request to wait for.
  const size = body === null ? "0" : headers.get("content-length");
  if (body === null || size !== null) {
    (Number(size) <= TAKEN_AT_ONCE ? ended : waiting)();
    return response;
  }
  const reader = body.getReader();
  const pieces = new ReadableStream<Uint8Array>({
    async pull(controller) {
      working();
      const { done, value } = await reader.read();
      if (done) {
        controller.close();
        ended();
        return;
      }
      controller.enqueue(value);
      waiting();
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return new Response(pieces, { status, statusText, headers });
}

/** The answer to a request whose host is no host, or two. Without one it is of HTTP/1.0, as health checks are. */
function malformed({ url, headers }: Request): Response | undefined {
  const host = headers.get("host") ?? "";
  if (host === "" || (URL.canParse(url) && !host.includes(","))) return undefined;
  const text = "400 Bad Request: malformed Host header\n";
  return new Response(text, { status: 400, headers: { "Content-Type": "text/plain" } });
}

/** The answer to a request whose address and headers are over the bound. */
function tooLarge({ url, headers }: Request): Response | undefined {
  let bytes = url.length;
  for (const [name, value] of headers) bytes += name.length + value.length + ": \r\n".length;
  if (bytes <= HEAD_BYTES_MAX) return undefined;
  const text = `the address and the headers of the request have ${bytes} bytes, want at most ${HEAD_BYTES_MAX}; a query may come as a form by POST\n`;
  return new Response(text, { status: 431, headers: { "Content-Type": "text/plain" } });
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
