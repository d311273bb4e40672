/** A server that cannot start says why, with the key that would mend it, and ends: a supervisor waits for that. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { inFolder, lokits, pushLines, startServer } from "./testing/process.ts";

const SCHEMA = `common: {path_prefix: data, storage: {filesystem: {chunks_directory: data/chunks}}}
schema_config:
  configs:
    - {from: 2020-10-24, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: index_, period: 24h}}
`;

const ANY_PORT = "-server.http-listen-port=0";

const now = () => BigInt(Date.now()) * 1_000_000n;

test("a second server on the same log does not start, and the first goes on", async () => {
  await inFolder(async (cwd) => {
    const first = await startServer([], { cwd });
    await pushLines(first.url, { app: "a" }, [[now(), "before"]]);
    const second = await lokits(["serve", ANY_PORT], { cwd });
    assert.equal(second.code, 1);
    assert.deepEqual((await readdir(join(cwd, "lokits-data/wal"))).sort(), [
      "00000000",
      "lokits.lock",
    ]);
    assert.match(
      second.stderr,
      /level=error .*ingester\.wal\.dir .*lokits-data\/wal is in use by another/,
    );
    await pushLines(first.url, { app: "a" }, [[now(), "after"]]);
    assert.equal(await first.stop("SIGKILL"), -1);
    const third = await startServer([], { cwd });
    const query = ["query", '{app="a"}', "--addr", third.url, "--forward", "-o", "raw"];
    assert.equal((await lokits(query)).stdout, "before\nafter\n");
    assert.equal(await third.stop(), 0);
  });
});

test("a port that is taken is named with its key", async () => {
  await inFolder(async (cwd) => {
    const { url, stop } = await startServer([], { cwd });
    const { port } = new URL(url);
    const other = ["serve", `-server.http-listen-port=${port}`, "-ingester.wal-dir=other"];
    const { code, stderr } = await lokits(other, { cwd });
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`level=error .*server\\.http_listen_port ${port}, .*in use`));
    await stop();
  });
});

test("a log that cannot be there is named with its key, as JSON where the log is JSON", async () => {
  await inFolder(async (cwd) => {
    await writeFile(join(cwd, "file"), "");
    const args = ["serve", ANY_PORT, "-ingester.wal-dir=file/wal", "-log.format=json"];
    const { code, stderr } = await lokits(args, { cwd });
    assert.equal(code, 1);
    const said = JSON.parse(stderr.trim().split("\n").at(-1)!);
    assert.equal(said.level, "error");
    assert.match(said.err, /^ingester\.wal\.dir file\/wal: ENOTDIR/);
  });
});

test("a place for chunks that is no folder is named with its key", async () => {
  await inFolder(async (cwd) => {
    await writeFile(join(cwd, "file"), "");
    const args = ["serve", ANY_PORT, "-common.storage.filesystem.chunk-directory=file/chunks"];
    const { code, stderr } = await lokits(args, { cwd });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /level=error .*storage_config\.filesystem\.directory file\/chunks: ENOTDIR/,
    );
  });
});

test("files that are missing are named with their keys, before the start too", async () => {
  await inFolder(async (cwd) => {
    const config = `${SCHEMA}runtime_config: {file: no.yaml}\n`;
    await writeFile(join(cwd, "c.yaml"), config);
    const start = ["serve", ANY_PORT, "-config.file=c.yaml"];
    const started = await lokits(start, { cwd });
    assert.equal(started.code, 1);
    assert.match(started.stderr, /level=error .*runtime_config\.file: ENOENT.*no\.yaml/);
    const verified = await lokits([...start, "-verify-config"], { cwd });
    assert.equal(verified.code, 0);
    assert.match(verified.stderr, /a start would fail: runtime_config\.file: ENOENT.*no\.yaml/);
  });
});

test("a key that is not the certificate's is named with its file, before the start too", async () => {
  await inFolder(async (cwd) => {
    for (const name of ["a", "b"]) {
      const made = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ${name}.key -out ${name}.crt -subj /CN=${name}`;
      execFileSync("openssl", made.split(" "), { cwd, stdio: "ignore" });
    }
    const tls = "http_tls_config: {cert_file: a.crt, key_file: b.key}";
    const auth = 'auth: {tokens: [{name: x, token_file: no.token, read: ["*"]}]}';
    await writeFile(join(cwd, "c.yaml"), `server: {${tls}}\n${SCHEMA}`);
    await writeFile(join(cwd, "d.yaml"), `${auth}\n${SCHEMA}`);
    const said = async (...more: string[]) =>
      (await lokits(["serve", ANY_PORT, ...more], { cwd })).stderr;
    const wrong =
      /server\.http_tls_config \(cert_file a\.crt, key_file b\.key\): the key is not the certificate's/;
    assert.match(await said("-config.file=c.yaml"), wrong);
    assert.match(await said("-config.file=c.yaml", "-verify-config"), wrong);
    assert.match(
      await said("-config.file=d.yaml", "-verify-config"),
      /a start would fail: auth: ENOENT.*no\.token/,
    );
  });
});

test("a place for data that is no folder", async () => {
  await inFolder(async (cwd) => {
    await writeFile(join(cwd, "lokits-data"), "");
    const { code, stderr } = await lokits(["serve", ANY_PORT], { cwd });
    assert.equal(code, 1);
    assert.match(stderr, /level=error .*lokits-data/);
  });
});
