/** What is read from bytes is what core/golang reads from the text. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { QUANTITIES } from "./quantity.ts";

const amount = fc.oneof(
  fc.stringMatching(/^-?\d{0,17}(\.\d{0,12})?$/),
  fc.double({ noNaN: true }).map(String),
  fc.integer().map(String),
);
const unit = fc.constantFrom(
  ..."ns us µs μs ms s m h d B b k kb KB kB KiB Ki ki mb MiB GB g t T PiB e eb ei x i bi zz".split(
    " ",
  ),
  "",
  " MB",
);

for (const [kind, { quick, read }] of Object.entries(QUANTITIES)) {
  test(`${kind}: bytes give the value of the text, or leave it to the text`, () => {
    let count = 0;
    fc.assert(
      fc.property(amount, unit, (digits, suffix) => {
        const text = digits + suffix;
        const bytes = new TextEncoder().encode(`[${text}]`);
        const value = quick(bytes, 1, bytes.length - 1);
        if (Number.isNaN(value)) return;
        count++;
        assert.equal(value, read(text), text);
      }),
      { seed: 1, numRuns: 20_000 },
    );
    assert.ok(count > 100, `${count} texts read`);
  });
}
