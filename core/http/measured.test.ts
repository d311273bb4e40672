/** Sizes of answers, whether they are known beforehand or only when they have gone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { measured, sizedResponse } from "./measured.ts";

async function given(
  response: Response,
): Promise<{ told: number[]; text: string; status: number }> {
  const told: number[] = [];
  const answer = measured(response, (bytes) => told.push(bytes));
  return { text: await answer.text(), told, status: answer.status };
}

test("a text's length is in the head, in bytes", async () => {
  const response = sizedResponse("aé", { status: 201, headers: { A: "b" } });
  assert.equal(response.headers.get("Content-Length"), "3");
  assert.deepEqual(await given(response), { told: [3], text: "aé", status: 201 });
});

test("a stream is counted on its way, and stays what it is", async () => {
  const pieces = [new Uint8Array([97]), new Uint8Array([98, 99])];
  const body = new ReadableStream({
    pull: (controller) => {
      const piece = pieces.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(piece);
    },
  });
  assert.deepEqual(await given(new Response(body, { status: 202 })), {
    told: [3],
    text: "abc",
    status: 202,
  });
});

test("no body is one of no bytes", async () => {
  assert.deepEqual(await given(new Response(null, { status: 204 })), {
    told: [0],
    text: "",
    status: 204,
  });
});
