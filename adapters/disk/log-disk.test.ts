import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Bug, Unavailable } from "../../core/model/errors.ts";
import { logDiskContract } from "../../core/ports/log-disk.contract.ts";
import { DiskLogDisk } from "./log-disk.ts";

const folder = () => mkdtemp(join(tmpdir(), "lokits-wal-"));

logDiskContract("disk", async () => new DiskLogDisk(await folder()));

test("a log in a folder that is not there is empty, and made by the first append", async () => {
  const disk = new DiskLogDisk(join(await folder(), "not", "yet"));
  assert.deepEqual(await disk.list(""), []);
  await (await disk.append("00000000")).close();
  assert.deepEqual(await disk.list(""), ["00000000"]);
});

test("paths that lead out of the log are refused", async () => {
  const disk = new DiskLogDisk(await folder());
  for (const path of ["../a", "a/../../b", "/etc/passwd"]) {
    await assert.rejects(disk.append(path), Bug);
    await assert.rejects(disk.remove(path), Bug);
  }
});

test("what the system refuses is Unavailable, with the system's word and the path", async () => {
  const root = await folder();
  const disk = new DiskLogDisk(root);
  await (await disk.append("file")).close();
  await assert.rejects(disk.append("file/00000000"), (error: unknown) => {
    assert.ok(error instanceof Unavailable);
    assert.match(error.message, /^disk says E[A-Z]+ for /);
    assert.ok(error.message.includes(join(root, "file/00000000")));
    return true;
  });
});
