/**
 * One random bit of one object is flipped, a thousand times: the answer names the object and has the
 * lines of all others, or it is whole. A line that was not there is in no answer.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Served, START } from "../../fixtures/http/served.ts";
import { portableSearch } from "../bytes/search.ts";
import { portableCodecs } from "../compress/table.ts";
import { DEFAULT_LIMITS } from "../model/limits.ts";
import { SINGLE_TENANT } from "../model/tenant.ts";
import { ENCODINGS } from "../ports/codecs.ts";
import { SILENT } from "../ports/journal.ts";
import { Querier } from "../querier/service.ts";
import { SimClock } from "../sim/clock.ts";
import { Random } from "../sim/random.ts";
import type { MemoryObjectStore } from "../sim/store.ts";
import { Bucket } from "./bucket.ts";

const SEED = 20261123;
const FLIPS = 1000;

/** Three streams with an index file each. */
async function given(): Promise<MemoryObjectStore> {
  const served = await new Served().start();
  for (let app = 0; app < 3; app++) {
    const lines = Array.from({ length: 20 }, (_, row) => {
      const line = `${app} status=${200 + row} path=/some/where/${row % 5}`;
      return [app * 100 + row, line, row % 3 === 0 ? { trace: `t${row}` } : {}] as const;
    });
    await served.push({ app: `app${app}`, env: "prod" }, lines);
    await served.flush();
  }
  return served.objects;
}

/** Every line as a client would see it, from a process that knows nothing yet. */
async function read(objects: MemoryObjectStore): Promise<{ lines: string[]; warnings: string[] }> {
  const limits = { of: () => ({ ...DEFAULT_LIMITS, maxEntriesLimitPerQuery: 0 }) };
  const clock = new SimClock(START);
  const bucket = new Bucket({
    ...{ objects, codecs: portableCodecs, clock, limits, journal: SILENT },
    ...{ form: "plain", indexPrefix: "index/", uploader: "u" },
  });
  const querier = new Querier({ sources: [bucket.source], limits, clock, search: portableSearch });
  const answer = querier.lines(
    [SINGLE_TENANT],
    {
      ...{ kind: "range", query: '{app=~".+"}', start: START, end: START + 10n ** 13n },
      ...{ stepMs: 1000, interval: 0n, limit: 10_000, direction: "forward" },
    },
    new AbortController().signal,
  );
  const lines: string[] = [];
  for await (const batch of answer.batches) {
    for (const { time, line, labels } of batch) {
      lines.push(JSON.stringify([String(time), line, labels.labels]));
    }
  }
  return { lines, warnings: answer.scan.warnings };
}

/** What a file says: a gzip header's time stamp and hints are under no checksum, and nobody reads them. */
function content(key: string, bytes: Uint8Array) {
  if (!key.endsWith(".gz")) return bytes;
  return portableCodecs.decompress(ENCODINGS.gzip, bytes, { sizeMax: 1 << 20 });
}

test(`a flipped bit is found, costs its own object, and makes no line (seed ${SEED})`, async () => {
  const objects = await given();
  const whole = await read(objects);
  assert.equal(whole.lines.length, 60);
  assert.deepEqual(whole.warnings, []);
  const known = new Set(whole.lines);
  const keys = (await Array.fromAsync(objects.list(""))).map(({ key }) => key);
  const random = new Random(SEED);
  for (let flip = 0; flip < FLIPS; flip++) {
    const key = keys[flip % keys.length]!;
    const bytes = (await objects.get(key))!;
    const bit = random.int(0, bytes.length * 8);
    const harmed = bytes.slice();
    harmed[bit >> 3]! ^= 1 << (bit & 7);
    await objects.put(key, harmed);
    const { lines, warnings } = await read(objects);
    await objects.put(key, bytes);
    const what = `bit ${bit} of ${key}`;
    assert.ok(
      lines.every((line) => known.has(line)),
      `${what}: lines that were not there`,
    );
    assert.equal(new Set(lines).size, lines.length, `${what}: a line twice`);
    assert.ok(
      warnings.every((text) => text.includes(key)),
      `${what}: ${warnings}`,
    );
    if (warnings.length > 0) assert.ok(lines.length >= 40, `${what}: ${lines.length} lines left`);
    else assert.deepEqual(lines, whole.lines, what);
    if (warnings.length === 0)
      assert.deepEqual(await content(key, harmed), await content(key, bytes));
  }
});
