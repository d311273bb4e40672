/** What every disk under a WAL promises, as far as it shows without a crash. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogDisk } from "./log-disk.ts";

/** Registers the tests. `make` gives an empty disk, each time a new one. */
export function logDiskContract(name: string, make: () => Promise<LogDisk>): void {
  const bytes = (text: string) => new TextEncoder().encode(text);

  async function given(files: Record<string, string>): Promise<LogDisk> {
    const disk = await make();
    for (const [path, text] of Object.entries(files)) await write(disk, path, text);
    return disk;
  }

  async function write(disk: LogDisk, path: string, text: string): Promise<void> {
    const file = await disk.append(path);
    await file.write(bytes(text));
    await file.sync();
    await file.close();
  }

  async function read(disk: LogDisk, path: string, offset = 0, size = 1000): Promise<string> {
    return new TextDecoder().decode(await disk.read(path, offset, size));
  }

  async function names(disk: LogDisk, folder: string): Promise<string[]> {
    return (await disk.list(folder)).sort();
  }

  test(`${name}: an empty disk lists nothing and has files of no size`, async () => {
    const disk = await given({});
    assert.deepEqual(await names(disk, ""), []);
    assert.deepEqual(await names(disk, "checkpoint.000001"), []);
    assert.equal(await disk.size("00000000"), 0);
  });

  test(`${name}: list() gives the names directly inside a folder`, async () => {
    const disk = await given({ "00000001": "a", "checkpoint.000000/00000000": "b" });
    await write(disk, "checkpoint.000000/00000001", "c");
    assert.deepEqual(await names(disk, ""), ["00000001", "checkpoint.000000"]);
    assert.deepEqual(await names(disk, "checkpoint.000000"), ["00000000", "00000001"]);
  });

  test(`${name}: append() goes on at the end of a file`, async () => {
    const disk = await given({ file: "one" });
    const file = await disk.append("file");
    await file.write(bytes(" two"));
    await file.write(bytes(""));
    await file.write(bytes(" three"));
    assert.equal(await disk.size("file"), 13);
    assert.equal(await read(disk, "file"), "one two three");
    await file.close();
  });

  test(`${name}: append() makes an empty file`, async () => {
    const disk = await given({});
    await (await disk.append("00000000")).close();
    assert.deepEqual(await names(disk, ""), ["00000000"]);
    assert.equal(await disk.size("00000000"), 0);
  });

  test(`${name}: written bytes may be reused once write() resolves`, async () => {
    const disk = await given({});
    const file = await disk.append("file");
    const buffer = bytes("first");
    await file.write(buffer);
    buffer.set(bytes("other"));
    await file.write(buffer);
    await file.close();
    assert.equal(await read(disk, "file"), "firstother");
  });

  test(`${name}: read() gives what there is of a range`, async () => {
    const disk = await given({ file: "0123456789" });
    assert.equal(await read(disk, "file", 2, 3), "234");
    assert.equal(await read(disk, "file", 8, 100), "89");
    assert.equal(await read(disk, "file", 10, 1), "");
    assert.equal(await read(disk, "file", 99, 1), "");
    await assert.rejects(disk.read("other", 0, 1), { name: "Unavailable" });
  });

  test(`${name}: the bytes that read() gives are not the disk's`, async () => {
    const disk = await given({ file: "before" });
    (await disk.read("file", 0, 6)).fill(0);
    assert.equal(await read(disk, "file"), "before");
  });

  test(`${name}: a megabyte written in one piece is read in pieces`, async () => {
    const disk = await given({});
    const large = Uint8Array.from({ length: 1_000_003 }, (_, index) => index * 31);
    const file = await disk.append("file");
    await file.write(large);
    await file.close();
    const back: number[] = [];
    for (let at = 0; at < large.length; at += 100_000) {
      back.push(...(await disk.read("file", at, 100_000)));
    }
    assert.deepEqual(Uint8Array.from(back), large);
  });

  test(`${name}: rename() moves a file and a folder with all that is in it`, async () => {
    const disk = await given({ "c.tmp/00000000": "a", "c.tmp/00000001": "b", file: "c" });
    await disk.rename("c.tmp", "c");
    await disk.rename("file", "name");
    assert.deepEqual(await names(disk, ""), ["c", "name"]);
    assert.deepEqual(await names(disk, "c"), ["00000000", "00000001"]);
    assert.equal(await read(disk, "c/00000001"), "b");
    await assert.rejects(disk.rename("nothing", "x"), { name: "Unavailable" });
  });

  test(`${name}: remove() takes a file, a folder, and what is not there`, async () => {
    const disk = await given({ "00000000": "a", "c/00000000": "b", "c1/00000000": "c" });
    await disk.remove("00000000");
    await disk.remove("c");
    await disk.remove("c");
    await disk.remove("x/y");
    assert.deepEqual(await names(disk, ""), ["c1"]);
  });
}
