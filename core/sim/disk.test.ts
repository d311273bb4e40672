import assert from "node:assert/strict";
import { test } from "node:test";
import { Unavailable } from "../model/errors.ts";
import { logDiskContract } from "../ports/log-disk.contract.ts";
import { SimDisk } from "./disk.ts";
import { Faults } from "./faults.ts";

logDiskContract("sim", async () => new SimDisk());

const bytes = (size: number, value: number) => new Uint8Array(size).fill(value);

test("a crash of the process keeps all that was written, and closes files", async () => {
  const disk = new SimDisk();
  const file = await disk.append("file");
  await file.write(bytes(10, 1));
  disk.crash("process");
  assert.equal(await disk.size("file"), 10);
  await assert.rejects(file.write(bytes(1, 1)), Unavailable);
  await assert.rejects(file.sync(), Unavailable);
});

test("a loss of power keeps what was synced, whole, and of the rest what chance leaves", async () => {
  const sizes = new Set<number>();
  let damaged = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const disk = new SimDisk({ seed });
    const file = await disk.append("file");
    await file.write(bytes(100, 1));
    await file.sync();
    await file.write(bytes(100, 2));
    disk.crash("power");
    const back = await disk.read("file", 0, 1000);
    assert.deepEqual(back.subarray(0, 100), bytes(100, 1), `seed ${seed}`);
    sizes.add(back.length);
    if (back.subarray(100).some((byte) => byte !== 2)) damaged++;
  }
  assert.ok(sizes.size > 50 && damaged > 20, `${sizes.size} sizes, ${damaged} damaged`);
});

test("a file that was never synced may be gone, a removed one may be back", async () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 50; seed++) {
    const disk = new SimDisk({ seed });
    const old = await disk.append("old");
    await old.sync();
    await disk.append("new");
    await disk.remove("old");
    disk.crash("power");
    seen.add((await disk.list("")).sort().join());
  }
  assert.deepEqual([...seen].sort(), ["", "new", "new,old", "old"]);
});

test("a fault writes a part and stops the machine until it is started again", async () => {
  const faults = new Faults([{ op: "write", nth: 2, part: 0.5, stop: true, error: "ENOSPC" }]);
  const disk = new SimDisk({ faults });
  const file = await disk.append("file");
  await file.write(bytes(10, 1));
  await assert.rejects(file.write(bytes(10, 2)), { message: "ENOSPC: write file" });
  await assert.rejects(disk.list(""), { message: "stopped: list " });
  disk.crash("process");
  assert.equal(await disk.size("file"), 15);
});
