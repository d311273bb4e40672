/**
 * s3rver (npm): an S3 server over a folder, in this process. It checks signatures and clocks. Two things
 * are mended. It is from before conditional writes, so If-None-Match on a PUT is answered here, as AWS
 * does: one write of a key after the other, and 412 for a key that is there. And it answers a PUT
 * before the file is written.
 */
import { mkdtemp, rm, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { S3Service } from "./s3-service.ts";

/** What is used of the package, which has no types. */
interface S3rver {
  readonly store: {
    getResourcePath(bucket: string, key: string, resource: "object"): string;
    putObject(object: { bucket: string; key: string }): Promise<{ size: number }>;
    putBucket(name: string): Promise<unknown>;
    existsObject(bucket: string, key: string): Promise<boolean>;
  };
  callback(): RequestListener;
}
type S3rverClass = new (options: { directory: string; silent: boolean }) => S3rver;

export async function startS3rver(): Promise<S3Service> {
  const directory = await mkdtemp(join(tmpdir(), "lokits-s3rver-"));
  const { default: Server } = (await import("s3rver" as string)) as { default: S3rverClass };
  const s3rver = new Server({ directory, silent: true });
  waitForFiles(s3rver.store);
  const handle = s3rver.callback();
  const conditional = oneByOne();

  const server = createServer((request, response) => {
    if (request.method !== "PUT" || request.headers["if-none-match"] !== "*") {
      handle(request, response);
      return;
    }
    const path = new URL(request.url ?? "", "http://localhost").pathname;
    void conditional(path, async () => {
      const [bucket, key] = splitPath(path);
      if (await s3rver.store.existsObject(bucket, key)) {
        await drained(request);
        response.writeHead(412, { "content-type": "application/xml" });
        response.end("<Error><Code>PreconditionFailed</Code></Error>");
        return;
      }
      const answered = new Promise((resolve) => response.once("close", resolve));
      handle(request, response);
      await answered;
    });
  });
  return {
    name: "s3rver",
    endpoint: await listening(server),
    makeBucket: async (name) => void (await s3rver.store.putBucket(name)),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function waitForFiles(store: S3rver["store"]): void {
  const putObject = store.putObject.bind(store);
  store.putObject = async (object) => {
    const written = await putObject(object);
    const file = store.getResourcePath(object.bucket, object.key, "object");
    while ((await stat(file)).size < written.size) await setTimeout(1);
    return written;
  };
}

function listening(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" ? address?.port : undefined;
      resolve(`http://127.0.0.1:${port}`);
    });
  });
}

function splitPath(path: string): [bucket: string, key: string] {
  const [bucket = "", ...names] = path.slice(1).split("/").map(decodeURIComponent);
  return [bucket, names.join("/")];
}

async function drained(request: IncomingMessage): Promise<void> {
  for await (const _ of request);
}

/** Runs works of one name one after the other. */
function oneByOne(): (name: string, work: () => Promise<void>) => Promise<void> {
  const last = new Map<string, Promise<void>>();
  return (name, work) => {
    const next = (last.get(name) ?? Promise.resolve()).then(work);
    last.set(name, next);
    return next;
  };
}
