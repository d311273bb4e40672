/** Requests with and without a host. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { urlOf } from "./address.ts";

const given = (url: string, want: string) =>
  test(`urlOf() of ${url} is ${want}`, () => assert.equal(urlOf({ url }).href, want));

given("http://loki:3100/ready?a=b", "http://loki:3100/ready?a=b");
given("/ready?a=b", "http://localhost/ready?a=b");
given("//evil/ready", "http://localhost//evil/ready");
