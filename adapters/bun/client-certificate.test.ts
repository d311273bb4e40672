/** Names beside a certificate's subject: each is one, whatever characters it has. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { altNamesOf } from "./client-certificate.ts";

test("altNamesOf() splits names, and leaves out what could be taken for several", () => {
  const cases: [string, string[]][] = [
    ["", []],
    ["DNS:a.example", ["DNS:a.example"]],
    [
      "DNS:a, IP Address:10.0.0.1, URI:spiffe://x/y?a=b",
      ["DNS:a", "IP:10.0.0.1", "URI:spiffe://x/y?a=b"],
    ],
    ['URI:"spiffe://x/a\\u002c DNS:admin", DNS:b', ["DNS:b"]],
    ['DNS:"a\\", DNS:admin", DNS:b', ["DNS:b"]],
    ['DNS:a"b, DNS:c', []],
    ["DNS:a,DNS:b", []],
  ];
  for (const [printed, names] of cases) assert.deepEqual(altNamesOf(printed), names, printed);
});
