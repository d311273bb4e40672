/** Moments: seconds were computed with `date -u -d … +%s`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRfc3339 } from "./rfc3339.ts";

test("parseRfc3339() reads moments to the nanosecond and refuses the rest", () => {
  const given = (text: string, want: bigint | undefined) =>
    assert.equal(parseRfc3339(text), want, text);
  given("2023-10-28T03:00:00Z", 1698462000_000000000n);
  given("2023-10-28T05:00:00.000000005+02:00", 1698462000_000000005n);
  given("2023-10-27T22:30:00.5-04:30", 1698462000_500000000n);
  given("1969-12-31T23:59:59.1Z", -900000000n);
  given("2024-02-29T00:00:00Z", 1709164800_000000000n);
  given("0099-01-01T00:00:00Z", -59042995200_000000000n);
  for (const bad of ["2023-02-29T00:00:00Z", "2023-10-28T24:00:00Z", "2023-10-28 03:00:00Z"]) {
    given(bad, undefined);
  }
  for (const bad of [
    "2023-10-28T03:00:00",
    "2023-10-28t03:00:00z",
    "2023-10-28",
    "2023-13-01T00:00:00Z",
  ]) {
    given(bad, undefined);
  }
});
