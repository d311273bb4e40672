/** A WebSocket as tail needs it. Each runtime has its own kind; cmd wraps it into this. */
export interface TailSocket {
  /** Sends a text frame. Resolves when the client's side can take another one. */
  send(text: string): Promise<void>;
  ping(): void;
  close(code: number, reason: string): void;
  /** Aborted when the client has gone, however it went. */
  readonly gone: AbortSignal;
}

/**
 * Turns a request into a WebSocket and hands it to `run` once it is open; the response is what the
 * request's handler returns. `env` is what the runtime gave to `app.fetch` (Bun: its server).
 * Undefined when the request asks for no upgrade.
 */
export type Upgrade = (
  request: Request,
  env: unknown,
  run: (socket: TailSocket) => Promise<void>,
) => Response | Promise<Response> | undefined;
