/** What is in memory, asked for by time, against the lines that were pushed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { utf8 } from "../bytes/text.ts";
import { portableCodecs } from "../compress/table.ts";
import { labelsOf, labelValue, printLabels } from "../labels/labels.ts";
import { DEFAULT_LIMITS } from "../model/limits.ts";
import { DAY_MS, type Schema } from "../model/schema.ts";
import { SINGLE_TENANT } from "../model/tenant.ts";
import { SILENT } from "../ports/journal.ts";
import { UNMETERED } from "../ports/meter.ts";
import { SimClock } from "../sim/clock.ts";
import { Ingester } from "./ingester.ts";
import { DEFAULT_INGESTER } from "./settings.ts";
import { IngesterSource } from "./source.ts";

const START = 1_700_000_000_000_000_000n;

const schema: Schema = [
  {
    ...{ fromMs: 0, schema: "v13", store: "tsdb", objectStore: "memory" },
    ...{ indexPrefix: "index_", tableMs: DAY_MS },
  },
];

interface Line {
  readonly app: string;
  readonly pod: string;
  readonly second: number;
}

const line = fc.record<Line>({
  app: fc.constantFrom("a", "b"),
  pod: fc.constantFrom("p1", "p2", "p10", "\uff5e", "\u{1f600}"),
  second: fc.nat(5),
});
const window = fc.record({ from: fc.nat(5), size: fc.integer({ min: 1, max: 6 }) });

async function given(lines: readonly Line[]): Promise<IngesterSource> {
  const ingester = new Ingester({
    ...{ clock: new SimClock(START), codecs: portableCodecs, journal: SILENT, meter: UNMETERED },
    ...{ schema, limits: { of: () => DEFAULT_LIMITS }, settings: DEFAULT_INGESTER },
  });
  for (const each of lines.toSorted((a, b) => a.second - b.second)) {
    const labels = labelsOf({ app: each.app, pod: each.pod });
    const text = utf8("line");
    const times = BigInt64Array.of(START + BigInt(each.second) * 1_000_000_000n);
    const bounds = { starts: Uint32Array.of(0), ends: Uint32Array.of(text.length) };
    const rows = { rows: 1, times, text, ...bounds };
    await ingester.push(SINGLE_TENANT, [{ labels, labelText: printLabels(labels), rows }]);
  }
  return new IngesterSource(ingester);
}

test("streams with a line on either side of the time, or in it, are those whose values and labels are given", async () => {
  const property = fc.asyncProperty(
    fc.array(line, { maxLength: 12 }),
    window,
    async (lines, at) => {
      const source = await given(lines);
      const through = at.from + at.size;
      const select = {
        ...{ tenant: SINGLE_TENANT, matchers: [] },
        from: START + BigInt(at.from) * 1_000_000_000n,
        through: START + BigInt(through) * 1_000_000_000n,
      };
      const names = [...new Set(lines.map(({ app, pod }) => `${app} ${pod}`))];
      // A chunk counts with its first and last line, whether or not one between them is in the time.
      const alive = names.filter((name) => {
        const own = lines.filter(({ app, pod }) => `${app} ${pod}` === name);
        const seconds = own.map(({ second }) => second);
        return Math.max(...seconds) >= at.from && Math.min(...seconds) < through;
      });
      const part = (index: number) =>
        [...new Set(alive.map((name) => name.split(" ")[index]!))].sort(byBytes);
      const series = (await source.series(select)).map(
        ({ labels }) => `${labelValue(labels, "app")} ${labelValue(labels, "pod")}`,
      );
      assert.deepEqual(series.sort(), alive.sort());
      assert.deepEqual(await source.labelValues(select, "app"), part(0));
      assert.deepEqual(await source.labelValues(select, "pod"), part(1));
      assert.deepEqual(await source.labelNames(select), alive.length > 0 ? ["app", "pod"] : []);
      assert.equal((await source.volume(select)).length, alive.length);
    },
  );
  await fc.assert(property, { seed: 20231206, numRuns: 200 });
});

/** The order of UTF-8. */
function byBytes(a: string, b: string): number {
  const [own, other] = [[...a], [...b]].map((text) => text.map((char) => char.codePointAt(0)!));
  for (let index = 0; index < Math.min(own!.length, other!.length); index++) {
    if (own![index] !== other![index]) return own![index]! - other![index]!;
  }
  return own!.length - other!.length;
}
