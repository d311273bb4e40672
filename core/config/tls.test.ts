/** Go's names of versions and suites as OpenSSL's (IANA's registry and OpenSSL's manual of ciphers). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { suiteNames, tlsCiphers, tlsVersionMin } from "./tls.ts";

test("tlsVersionMin() knows what is still safe", () => {
  assert.equal(tlsVersionMin("VersionTLS12"), "TLSv1.2");
  assert.equal(tlsVersionMin("VersionTLS13"), "TLSv1.3");
  for (const name of ["VersionTLS10", "VersionTLS11", "TLSv1.2", ""])
    assert.equal(tlsVersionMin(name), undefined);
});

test("tlsCiphers() keeps the order, and leaves those of TLS 1.3 out", () => {
  const cases: [string, readonly string[] | undefined][] = [
    ["", undefined],
    ["TLS_AES_128_GCM_SHA256", undefined],
    ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", ["ECDHE-RSA-AES256-GCM-SHA384"]],
    [
      "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, TLS_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
      ["ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-AES128-GCM-SHA256"],
    ],
  ];
  for (const [names, want] of cases) assert.deepEqual(tlsCiphers(names), want, names);
});

test("suiteNames() takes commas with and without blanks", () => {
  assert.deepEqual(suiteNames(" a,b , ,c"), ["a", "b", "c"]);
});
