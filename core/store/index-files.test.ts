/** What is kept open counts with its columns, and stays within the bound. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { portableCodecs } from "../compress/table.ts";
import { IndexWriter } from "../index/writer.ts";
import { labelsOf } from "../labels/labels.ts";
import { SINGLE_TENANT } from "../model/tenant.ts";
import { UNMETERED } from "../ports/meter.ts";
import { SimClock } from "../sim/clock.ts";
import { MemoryObjectStore } from "../sim/store.ts";
import { IndexFiles } from "./index-files.ts";

const FILES = ["a", "b", "c"];
const SERIES = 200;
const EVERYTHING = { tenant: SINGLE_TENANT, matchers: [], fromMs: 0, throughMs: 100 };

/** Files of as many bytes each, and what the gauge of open bytes says. */
async function given(readersBytes: number) {
  const gauge = { bytes: 0 };
  const files = new IndexFiles({
    ...{ objects: new MemoryObjectStore(), codecs: portableCodecs, clock: new SimClock(0n) },
    ...{ prefix: "index/", readersBytes },
    meter: { ...UNMETERED, gauge: (_, bytes) => (gauge.bytes = bytes) },
  });
  for (const name of FILES) {
    const writer = new IndexWriter({ version: 3 });
    for (let at = 0; at < SERIES; at++) {
      const chunk = { fromMs: 1, throughMs: 2, checksum: at, kb: 1, entries: 1 };
      writer.add(labelsOf({ app: `${name}-${at}` }), BigInt(at), [chunk]);
    }
    await files.upload("index_1", `${SINGLE_TENANT}/${name}.tsdb`, writer.finish());
  }
  const open = async (name: string) => {
    const key = `index/index_1/${SINGLE_TENANT}/${name}.tsdb.gz`;
    return (await files.open({ key, common: false }))!;
  };
  return { open, gauge };
}

test("columns count, and the files used longest ago make room for them", async () => {
  const sizes = await given(1 << 30);
  const one = await sizes.open("a");
  const plain = one.bytes;
  for (let round = 0; round < 2; round++) one.find(EVERYTHING, []);
  assert.ok(one.bytes > plain);
  assert.equal(sizes.gauge.bytes, one.bytes);

  // Room for all three as they are, and for one of them decoded beside another.
  const bound = Math.max(4 * plain, one.bytes + plain);
  const { open, gauge } = await given(bound);
  for (let round = 0; round < 4; round++) {
    for (const name of FILES) {
      const file = await open(name);
      for (let asked = 0; asked < 2; asked++) file.find(EVERYTHING, []);
      assert.equal(file.bytes, one.bytes, `${name} is decoded`);
      assert.ok(gauge.bytes <= bound, `${gauge.bytes} of ${bound} bytes`);
      assert.ok(gauge.bytes >= file.bytes);
    }
  }
});

test("a file that was let go of while it is looked at does not count when it is decoded", async () => {
  const { open, gauge } = await given(1);
  const old = await open("a");
  const young = await open("b");
  assert.equal(gauge.bytes, young.bytes);
  for (let asked = 0; asked < 2; asked++) old.find(EVERYTHING, []);
  assert.equal(gauge.bytes, young.bytes);
});
