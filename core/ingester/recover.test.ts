/** What a replay tells of the memory that it takes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../bytes/text.ts";
import { portableCodecs } from "../compress/table.ts";
import { labelsOf, printLabels } from "../labels/labels.ts";
import { DEFAULT_LIMITS } from "../model/limits.ts";
import { DAY_MS } from "../model/schema.ts";
import { SINGLE_TENANT } from "../model/tenant.ts";
import { SILENT } from "../ports/journal.ts";
import { type Meter, UNMETERED } from "../ports/meter.ts";
import { SimClock } from "../sim/clock.ts";
import { SimDisk } from "../sim/disk.ts";
import { Ingester } from "./ingester.ts";
import { IngesterLife } from "./lifecycle.ts";
import { DEFAULT_INGESTER } from "./settings.ts";

const PUSHES = 10;
/** So many bytes a push that memory is looked at once in the replay. */
const LINE = utf8("x".repeat(1 << 20));

function boot(disk: SimDisk, ceiling: number, meter: Meter) {
  const clock = new SimClock();
  const ingester = new Ingester({
    settings: {
      ...DEFAULT_INGESTER,
      chunkEncoding: "none",
      wal: { ...DEFAULT_INGESTER.wal, replayMemoryCeiling: ceiling },
    },
    schema: [
      {
        ...{ fromMs: 0, schema: "v13", store: "tsdb", objectStore: "memory" },
        ...{ indexPrefix: "index_", tableMs: DAY_MS },
      },
    ],
    limits: {
      of: () => ({
        ...DEFAULT_LIMITS,
        perStreamRateLimit: 2 ** 40,
        perStreamRateLimitBurst: 2 ** 40,
      }),
    },
    ...{ codecs: portableCodecs, clock, journal: SILENT, meter },
  });
  const sink = { put: async () => {}, uploadIndex: async () => {} };
  return { ingester, life: new IngesterLife(ingester, sink, disk) };
}

async function given(ceiling: number): Promise<(readonly [string, number])[]> {
  const disk = new SimDisk({ seed: 1 });
  const { ingester, life } = boot(disk, 0, UNMETERED);
  await life.start();
  const labels = labelsOf({ app: "x" });
  for (let push = 0; push < PUSHES; push++) {
    const rows = {
      ...{ rows: 1, times: BigInt64Array.of(BigInt(push)), text: LINE },
      ...{ starts: Uint32Array.of(0), ends: Uint32Array.of(LINE.length) },
    };
    await ingester.push(SINGLE_TENANT, [{ labels, labelText: printLabels(labels), rows }]);
  }
  disk.crash("process");
  const gauges: (readonly [string, number])[] = [];
  const meter: Meter = {
    ...UNMETERED,
    gauge: (name, value) => {
      if (/_wal_(bytes_in_use|replay_flushing)$/.test(name)) {
        gauges.push([name.replace("loki_ingester_wal_", ""), value]);
      }
    },
  };
  await boot(disk, ceiling, meter).life.start();
  return gauges;
}

test("a replay tells what it holds, and at its end that it holds nothing more", async () => {
  const [[name, bytes] = ["", 0], ...rest] = await given(1 << 30);
  assert.equal(name, "bytes_in_use");
  assert.ok(bytes > 8 << 20 && bytes < 64 << 20, String(bytes));
  assert.deepEqual(rest, [["bytes_in_use", 0]]);
});

test("a replay over its ceiling tells that it stores", async () => {
  const [, ...rest] = await given(1 << 20);
  assert.deepEqual(rest, [
    ["replay_flushing", 1],
    ["replay_flushing", 0],
    ["bytes_in_use", 0],
  ]);
});
