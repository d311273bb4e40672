/** A server that wants to know who asks, and the requests that try: for tests of sign-in. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { inFolder, type RunningServer, startServer } from "./process.ts";

const REST = `common: {path_prefix: ./data, replication_factor: 1, instance_addr: 127.0.0.1, ring: {kvstore: {store: inmemory}}}
storage_config: {filesystem: {directory: ./data/chunks}}
schema_config:
  configs: [{from: 2023-01-01, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: i_, period: 24h}}]
`;

export interface ServerOptions {
  /** Of YAML's flow form, without the braces. */
  readonly server?: string;
  /** More blocks of the file. */
  readonly more: string;
  /** Puts files where the configuration looks for them. */
  readonly prepare?: (cwd: string) => void | Promise<void>;
}

export async function withServer(
  { server = "http_listen_address: 127.0.0.1", more, prepare }: ServerOptions,
  run: (server: RunningServer, cwd: string) => Promise<void>,
): Promise<void> {
  await inFolder(async (cwd) => {
    await prepare?.(cwd);
    const file = join(cwd, "config.yaml");
    writeFileSync(file, `server: {${server}}\n${REST}${more}`);
    const running = await startServer([`-config.file=${file}`], { cwd });
    try {
      await run(running, cwd);
    } finally {
      await running.stop();
    }
  });
}

export const basic = (user: string, password: string) => `Basic ${btoa(`${user}:${password}`)}`;
export const bearer = (token: string) => `Bearer ${token}`;

export interface Asked {
  readonly authorization?: string | undefined;
  readonly tenant?: string | undefined;
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bun's: certificates of the client, and the authority that it believes. */
  readonly tls?: object;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export async function ask(url: string, asked: Asked = {}): Promise<Answer> {
  const { authorization, tenant, method = "GET", body, headers, tls } = asked;
  const response = await fetch(url, {
    method,
    headers: {
      ...(authorization === undefined ? {} : { Authorization: authorization }),
      ...(tenant === undefined ? {} : { "X-Scope-OrgID": tenant }),
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
    ...(tls === undefined ? {} : { tls }),
  });
  return { status: response.status, text: await response.text() };
}

/** Pushes one line of now. */
export async function send(url: string, line: string, asked: Asked = {}): Promise<Answer> {
  const values = [[`${Date.now()}000000`, line]];
  const body = JSON.stringify({ streams: [{ stream: { app: "a" }, values }] });
  return await ask(`${url}/loki/api/v1/push`, { ...asked, method: "POST", body });
}

const SELECTOR = encodeURIComponent('{app="a"}');

/** Asks for all that was pushed. */
export async function find(url: string, asked: Asked = {}): Promise<Answer> {
  return await ask(`${url}/loki/api/v1/query_range?query=${SELECTOR}`, asked);
}

/** The first frame of a tail, or "closed" when there is none. */
export async function tailed(url: string, { authorization, tenant, tls }: Asked): Promise<string> {
  const headers = {
    ...(authorization === undefined ? {} : { Authorization: authorization }),
    ...(tenant === undefined ? {} : { "X-Scope-OrgID": tenant }),
  };
  const options = { headers, ...(tls === undefined ? {} : { tls }) };
  const address = `${url.replace("http", "ws")}/loki/api/v1/tail?query=${SELECTOR}`;
  const socket = new WebSocket(address, options as unknown as string[]);
  return await new Promise((resolve) => {
    socket.onmessage = ({ data }) => {
      resolve(String(data));
      socket.close();
    };
    socket.onclose = () => resolve("closed");
    socket.onerror = () => resolve("closed");
  });
}
