/** What becomes of lines while the log cannot be written, as on a full disk, and once it can be again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromUtf8, utf8 } from "../bytes/text.ts";
import { portableCodecs } from "../compress/table.ts";
import { labelsOf, printLabels } from "../labels/labels.ts";
import { Unavailable } from "../model/errors.ts";
import { DEFAULT_LIMITS } from "../model/limits.ts";
import { DAY_MS } from "../model/schema.ts";
import { SINGLE_TENANT } from "../model/tenant.ts";
import { SILENT } from "../ports/journal.ts";
import { UNMETERED } from "../ports/meter.ts";
import { SimClock } from "../sim/clock.ts";
import { SimDisk } from "../sim/disk.ts";
import { Faults } from "../sim/faults.ts";
import { Ingester } from "./ingester.ts";
import { IngesterLife } from "./lifecycle.ts";
import { DEFAULT_INGESTER } from "./settings.ts";

const FULL = { op: "write", error: "ENOSPC", part: 0.5 } as const;

async function started(disk: SimDisk) {
  const ingester = new Ingester({
    settings: { ...DEFAULT_INGESTER, chunkEncoding: "none" },
    schema: [
      {
        ...{ fromMs: 0, schema: "v13", store: "tsdb", objectStore: "memory" },
        ...{ indexPrefix: "index_", tableMs: DAY_MS },
      },
    ],
    limits: { of: () => DEFAULT_LIMITS },
    ...{ codecs: portableCodecs, clock: new SimClock(), journal: SILENT, meter: UNMETERED },
  });
  await new IngesterLife(
    ingester,
    { put: async () => {}, uploadIndex: async () => {} },
    disk,
  ).start();
  const push = (app: string, time: number, line: string) => {
    const labels = labelsOf({ app });
    const text = utf8(line);
    const rows = {
      ...{ rows: 1, times: BigInt64Array.of(BigInt(time)), text },
      ...{ starts: Uint32Array.of(0), ends: Uint32Array.of(text.length) },
    };
    return ingester.push(SINGLE_TENANT, [{ labels, labelText: printLabels(labels), rows }]);
  };
  return { ingester, push };
}

async function linesOf(ingester: Ingester): Promise<string[]> {
  const lines: string[] = [];
  for (const instance of ingester.instances()) {
    for (const { labelText, chunks } of instance.streams()) {
      for (const { builder } of chunks) {
        for (const handle of builder.handles()) {
          const { rows, text, starts, ends } = await handle.read();
          for (let row = 0; row < rows; row++)
            lines.push(`${labelText} ${fromUtf8(text, starts[row]!, ends[row]!)}`);
        }
      }
    }
  }
  return lines.sort();
}

async function given() {
  const faults = new Faults();
  const disk = new SimDisk({ seed: 1, faults });
  const afterCrash = async () => {
    disk.crash("process");
    faults.clear();
    return await linesOf((await started(disk)).ingester);
  };
  return { disk, faults, afterCrash, ...(await started(disk)) };
}

test("a line that was refused and sent again lasts, its stream new", async () => {
  const { push, faults, afterCrash } = await given();
  faults.add(FULL);
  await assert.rejects(push("x", 1, "one"), Unavailable);
  faults.clear();
  await push("x", 1, "one");
  assert.deepEqual(await afterCrash(), ['{app="x"} one']);
});

test("a line that was refused and sent again lasts, its stream known", async () => {
  const { push, faults, afterCrash } = await given();
  await push("x", 1, "one");
  faults.add(FULL);
  await assert.rejects(push("x", 2, "two"), Unavailable);
  faults.clear();
  await push("x", 2, "two");
  assert.deepEqual(await afterCrash(), ['{app="x"} one', '{app="x"} two']);
});

test("another line of a stream that came with a refused push lasts", async () => {
  const { push, faults, afterCrash } = await given();
  faults.add(FULL);
  await assert.rejects(push("x", 1, "one"), Unavailable);
  faults.clear();
  await push("x", 2, "two");
  assert.ok((await afterCrash()).includes('{app="x"} two'));
});

for (let ticks = 0; ticks < 12; ticks++) {
  test(`a line is not acknowledged on behalf of a push that fails, ${ticks} ticks after it`, async () => {
    const { push, faults, afterCrash } = await given();
    faults.add({ ...FULL, nth: 1 });
    const first = push("x", 1, "one");
    for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
    const results = await Promise.allSettled([first, push("x", 1, "one"), push("x", 2, "two")]);
    const lines = await afterCrash();
    const [one, again, two] = results.map(({ status }) => status === "fulfilled");
    if (one || again) assert.ok(lines.includes('{app="x"} one'), "one");
    if (two) assert.ok(lines.includes('{app="x"} two'), "two");
  });
}

test("while the log cannot be written, what is refused takes no memory", async () => {
  const { ingester, push, faults } = await given();
  await push("x", 1, "one");
  faults.add(FULL);
  for (let time = 2; time < 20; time++)
    await assert.rejects(push(`x${time % 3}`, time, `line ${time}`), { message: /ENOSPC/ });
  // The first that failed was in memory before anybody knew.
  assert.deepEqual(await linesOf(ingester), ['{app="x"} one', '{app="x2"} line 2']);
});

test("trying whether the log can be written again leaves nothing behind", async () => {
  const { disk, push, faults, afterCrash } = await given();
  await push("x", 1, "one");
  faults.add(FULL);
  for (let time = 2; time < 20; time++) await assert.rejects(push("x", time, "no"), Unavailable);
  assert.deepEqual((await disk.list("")).sort(), ["00000000"]);
  faults.clear();
  await push("x", 20, "yes");
  assert.deepEqual((await disk.list("")).sort(), ["00000000", "00000001"]);
  assert.ok((await afterCrash()).includes('{app="x"} yes'));
});
