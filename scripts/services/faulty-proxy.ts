/** Stands before an S3 server and spoils some of its answers, as a bad network and a busy service would. */
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { Random } from "../../core/sim/random.ts";

/** Shares of requests, of 1. */
export interface Faults {
  /** Refused with SlowDown. */
  readonly slowDown: number;
  /** Never answered; every other one has taken effect. */
  readonly silence: number;
  /** The connection breaks: before the request takes effect, or within the answer's body. */
  readonly reset: number;
  /** One bit of an object that is read is another one. */
  readonly flip: number;
}

export interface FaultyProxy {
  readonly endpoint: string;
  /** `PUT /bucket/key` of each request, in order. */
  readonly requests: readonly string[];
  readonly spoilt: Readonly<Record<keyof Faults, number>>;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

const SLOW_DOWN =
  "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";

export async function startFaultyProxy(
  target: string,
  faults: Faults,
  seed: number,
): Promise<FaultyProxy> {
  const random = new Random(seed);
  const spoilt = { slowDown: 0, silence: 0, reset: 0, flip: 0 };
  const requests: string[] = [];

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    requests.push(`${incoming.method} ${incoming.url}`);
    const body = await bodyOf(incoming);
    const fault = choose(faults, random.fraction());
    if (fault !== undefined && fault !== "flip") spoilt[fault]++;
    if (fault === "slowDown") {
      outgoing.writeHead(503, { "content-type": "application/xml" });
      outgoing.end(SLOW_DOWN);
      return;
    }
    const isLost = fault === "silence" || fault === "reset";
    const takesEffect = !isLost || random.fraction() < 0.5;
    const answer = takesEffect ? await forward(target, incoming, body) : undefined;
    if (fault === "silence") return;
    if (fault === "reset") {
      breakOff(outgoing, answer);
      return;
    }
    const { status, headers, body: bytes } = answer!;
    const isObject = incoming.method === "GET" && !incoming.url?.includes("list-type");
    if (fault === "flip" && isObject && status === 200 && bytes.length > 0) {
      bytes[random.int(0, bytes.length)]! ^= 1 << random.int(0, 8);
      spoilt.flip++;
    }
    outgoing.writeHead(status, headers);
    outgoing.end(bytes);
  }

  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    endpoint: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
    requests,
    spoilt,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function choose(faults: Faults, chance: number): keyof Faults | undefined {
  for (const name of ["slowDown", "silence", "reset", "flip"] as const) {
    chance -= faults[name];
    if (chance < 0) return name;
  }
  return undefined;
}

function breakOff(outgoing: ServerResponse, answer: Answer | undefined): void {
  if (answer === undefined) {
    outgoing.destroy();
    return;
  }
  outgoing.writeHead(answer.status, answer.headers);
  outgoing.write(answer.body.subarray(0, answer.body.length >> 1), () => outgoing.destroy());
}

/** Sends the request on as it came, its Host included: that is signed. */
function forward(target: string, incoming: IncomingMessage, body: Buffer): Promise<Answer> {
  const { method = "GET", headers, url } = incoming;
  return new Promise((resolve, reject) => {
    const outgoing = request(target + url, { method, headers, agent: false }, (answer) => {
      bodyOf(answer).then(
        (bytes) =>
          resolve({ status: answer.statusCode ?? 500, headers: answer.headers, body: bytes }),
        reject,
      );
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
