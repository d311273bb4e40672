/** Certificates of logcli's commands: whom they trust, what they show, and which file is wrong. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { createServer, type ServerOptions } from "node:https";
import { join } from "node:path";
import { test } from "node:test";
import { TestCertificates, WITHOUT_OPENSSL } from "../adapters/bun/testing/certificates.ts";
import { inFolder, lokits } from "./testing/process.ts";

async function served<T>(options: ServerOptions, run: (url: string) => Promise<T>): Promise<T> {
  const server = createServer(options, (_, response) => {
    response.setHeader("Content-Type", "application/json");
    response.end('{"data":["seen"]}');
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as { port: number };
  try {
    return await run(`https://127.0.0.1:${port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("--ca-cert, --cert and --key, --tls-skip-verify", { skip: WITHOUT_OPENSSL }, async () => {
  await inFolder(async (cwd) => {
    const made = new TestCertificates(cwd);
    made.authority("ca");
    for (const name of ["server", "client"]) made.issue(name, "ca");
    await writeFile(join(cwd, "text"), "no certificate");
    const labels = (url: string, ...flags: string[]) =>
      lokits(["labels", "-q", "--addr", url, ...flags], { cwd });
    const works = async (url: string, ...flags: string[]) =>
      assert.equal((await labels(url, ...flags)).stdout, "seen\n", flags.join(" "));
    const fails = async (code: number, said: RegExp, url: string, ...flags: string[]) => {
      const run = await labels(url, ...flags);
      assert.match(run.stderr, said);
      assert.deepEqual([run.code, run.stdout], [code, ""], flags.join(" "));
    };
    const trust = ["--ca-cert", "ca.pem"];
    await served(made.pair("server"), async (url) => {
      await works(url, ...trust);
      await works(url, "--tls-skip-verify");
      await fails(1, /certificate.* \(--ca-cert names a certificate to trust\)\n$/, url);
      await fails(2, /--ca-cert text has no certificate, want PEM/, url, "--ca-cert", "text");
      await fails(2, /--cert and --key are wanted together/, url, "--cert", "client.pem");
      const others = ["--cert", "client.pem", "--key", "server.key"];
      await fails(2, /--cert client.pem and --key server.key are no pair in PEM/, url, ...others);
    });
    const mutual = { ca: made.text("ca.pem"), requestCert: true, rejectUnauthorized: true };
    await served({ ...made.pair("server"), ...mutual }, async (url) => {
      await works(url, ...trust, "--cert", "client.pem", "--key", "client.key");
      await fails(1, /error sending request Get "https:/, url, ...trust);
    });
  });
});
