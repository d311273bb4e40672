/** What is hidden in blocks whose keys we do not know, and within URLs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MASK, maskFree, maskUrls } from "./mask.ts";

test("maskFree() hides what is named as a secret, at any depth, and nothing else", () => {
  assert.deepEqual(
    maskFree({
      account_name: "n",
      account_key: "s",
      bearer_token_file: "/f",
      basic_auth: { username: "u", password: "s" },
      headers: { "X-Anything": "s" },
      list: [{ client_secret: "s", url: "http://u:s@h/p" }],
      credentials: { a: 1, b: [true] },
      password: "",
      size: 3,
    }),
    {
      account_name: "n",
      account_key: MASK,
      bearer_token_file: "/f",
      basic_auth: { username: "u", password: MASK },
      headers: { "X-Anything": MASK },
      list: [{ client_secret: MASK, url: `http://u:${MASK}@h/p` }],
      credentials: { a: MASK, b: [MASK] },
      password: "",
      size: 3,
    },
  );
});

test("maskUrls() hides passwords, even those that are not escaped", () => {
  const cases: [string, string][] = [
    ["s3://key:sec/ret@region/b", `s3://key:${MASK}@region/b`],
    ["http://u:p@ss@h:80/x", `http://u:${MASK}@h:80/x`],
    ["http://u:a@h/1 http://u:b@h/2", `http://u:${MASK}@h/1 http://u:${MASK}@h/2`],
    ["http://u:2/3@h", `http://u:${MASK}@h`],
    ["http://h:80/a@b", `http://h:${MASK}@b`],
    ["http://h:80/a", "http://h:80/a"],
    ["http://h/a", "http://h/a"],
    ["a:b@c", "a:b@c"],
    ["https://t0k3n@h/x", `https://${MASK}@h/x`],
    ["http://h/a@b?c=d@e", "http://h/a@b?c=d@e"],
    ["https://h/x?access_token=t&a=b", `https://h/x?access_token=${MASK}&a=b`],
    ["https://h/?a=b&X-Amz-Signature=t#f", `https://h/?a=b&X-Amz-Signature=${MASK}#f`],
    ["https://h/?sv=1&sig=t%3D", `https://h/?sv=1&sig=${MASK}`],
    ["/loki/api/v1/query?query={token=1}&monkey=1", "/loki/api/v1/query?query={token=1}&monkey=1"],
  ];
  for (const [text, masked] of cases) assert.equal(maskUrls(text), masked);
});
