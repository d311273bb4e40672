/** One WebSocket of `tail`, from opening to closing, and what there is to say of its end. */
import { beginning, reasonOf } from "./answers.ts";
import type { Client } from "./client.ts";

export const NORMAL = 1000;
export const ABNORMAL = 1006;

/** How long it has to say why it does not talk. */
const WHY_MS = 5000;
/** How long a server has to say good-bye. */
const GOODBYE_MS = 1000;

export interface Closed {
  readonly code: number;
  readonly reason: string;
  /** False when there never was a connection. */
  readonly opened: boolean;
}

export interface Listening {
  readonly signal: AbortSignal;
  /** Frames are given one after the other. When it throws, listening ends with that. */
  readonly onFrame: (text: string) => Promise<void>;
}

export function wsBase({ base }: Client): string {
  return base.replace(/^http/, "ws");
}

export function listen(
  client: Client,
  target: string,
  { signal, onFrame }: Listening,
): Promise<Closed> {
  return new Promise((resolve, reject) => {
    // Bun's WebSocket takes headers; the standard's type does not know.
    const options = { headers: client.headers, ...client.transport };
    const socket = new WebSocket(wsBase(client) + target, options as unknown as string[]);
    let opened = false;
    let showing = Promise.resolve();
    let leaving: ReturnType<typeof setTimeout> | undefined;
    const onStop = () => {
      socket.close(NORMAL);
      const gone = { code: NORMAL, reason: "", opened };
      leaving = setTimeout(() => resolve(gone), opened ? GOODBYE_MS : 0);
    };
    if (signal.aborted) onStop();
    signal.addEventListener("abort", onStop, { once: true });
    socket.onopen = () => {
      opened = true;
    };
    socket.onmessage = ({ data }) => {
      showing = showing.then(() => onFrame(String(data)));
      showing.catch((error) => {
        socket.close(NORMAL);
        reject(error);
      });
    };
    socket.onclose = ({ code, reason }) => {
      signal.removeEventListener("abort", onStop);
      clearTimeout(leaving);
      void showing.then(() => resolve({ code, reason, opened }), reject);
    };
  });
}

/** The names of RFC 6455 as Go's library prints them. */
const CODES: Readonly<Record<number, string>> = {
  1000: "normal",
  1001: "going away",
  1002: "protocol error",
  1003: "unsupported data",
  1005: "no status",
  1006: "abnormal closure",
  1007: "invalid payload data",
  1008: "policy violation",
  1009: "message too big",
  1010: "mandatory extension missing",
  1011: "internal server error",
  1015: "TLS handshake error",
};

/** `close 1011 (internal server error): the reason`. */
export function closeText({ code, reason }: Closed): string {
  const name = CODES[code] === undefined ? "" : ` (${CODES[code]})`;
  return `close ${code}${name}${reason === "" ? "" : `: ${reason}`}`;
}

/** Why there was no connection: a WebSocket is not told, so the same is asked without one. */
export async function whyNot(client: Client, target: string): Promise<string> {
  try {
    const signal = AbortSignal.timeout(WHY_MS);
    const request = { headers: client.headers, ...client.transport, signal };
    const response = await fetch(client.base + target, request as RequestInit);
    const text = beginning(await response.text());
    return `${client.base} answers ${response.status} and no WebSocket${text === "" ? "" : `: ${text}`}`;
  } catch (error) {
    return `no connection to ${client.base}: ${reasonOf(error)}`;
  }
}

/** Waits, but not after the signal. */
export async function waited(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    const wake = () => {
      clearTimeout(timer);
      resolve();
    };
    signal.addEventListener("abort", wake, { once: true });
  });
}
