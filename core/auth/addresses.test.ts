/** Addresses, networks, and who is behind a proxy. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { clientAddress, inNetwork, isLoopback, parseAddress, parseNetwork } from "./addresses.ts";

test("isLoopback() knows this machine's addresses in every writing", () => {
  for (const text of [
    "127.0.0.1",
    "127.9.9.9",
    "::1",
    "[::1]",
    "0:0:0:0:0:0:0:1",
    "::ffff:127.0.0.1",
  ]) {
    assert.equal(isLoopback(text), true, text);
  }
  for (const text of [
    "",
    "10.0.0.1",
    "::",
    "::2",
    "127.0.0.1.evil",
    "127.1",
    "::ffff:10.0.0.1",
    "1::1",
  ]) {
    assert.equal(isLoopback(text), false, text);
  }
});

test("parseAddress() refuses what is no address", () => {
  for (const text of [
    "1.2.3",
    "1.2.3.256",
    "1:2:3",
    "::1::2",
    "1:2:3:4:5:6:7:8:9",
    "g::",
    "12345::",
  ]) {
    assert.equal(parseAddress(text), undefined, text);
  }
  assert.deepEqual(parseAddress("2001:db8::1.2.3.4")?.slice(-4), [1, 2, 3, 4]);
  assert.deepEqual(parseAddress("fe80::1%eth0")?.slice(0, 2), [0xfe, 0x80]);
});

test("inNetwork() compares as many bits as the network has", () => {
  const has = (network: string, address: string) =>
    inNetwork(parseAddress(address)!, parseNetwork(network)!);
  assert.equal(has("10.0.0.0/8", "10.255.0.1"), true);
  assert.equal(has("10.0.0.0/8", "11.0.0.1"), false);
  assert.equal(has("10.0.0.128/25", "10.0.0.127"), false);
  assert.equal(has("10.0.0.128/25", "10.0.0.200"), true);
  assert.equal(has("0.0.0.0/0", "9.9.9.9"), true);
  assert.equal(has("10.1.2.3", "10.1.2.3"), true);
  assert.equal(has("2001:db8::/32", "2001:db8:1::1"), true);
  assert.equal(has("10.0.0.0/8", "::1"), false);
  for (const text of ["", "10.0.0.0/33", "10.0.0.0/x", "10.0.0.0/8/8", "host"]) {
    assert.equal(parseNetwork(text), undefined, text);
  }
});

test("clientAddress() believes X-Forwarded-For only as far as the proxies that it trusts", () => {
  const trusted = [parseNetwork("10.0.0.0/8")!];
  const given = (peer: string, header: string | null, networks = trusted) =>
    clientAddress(peer, header, networks);
  assert.equal(given("9.9.9.9", "127.0.0.1"), "9.9.9.9");
  assert.equal(given("10.0.0.1", "127.0.0.1, 8.8.8.8"), "8.8.8.8");
  assert.equal(given("10.0.0.1", "8.8.8.8, 10.0.0.2"), "8.8.8.8");
  assert.equal(given("10.0.0.1", null), "10.0.0.1");
  assert.equal(given("10.0.0.1", "nonsense"), "10.0.0.1");
  assert.equal(given("127.0.0.1", "8.8.8.8", []), "127.0.0.1");
});
