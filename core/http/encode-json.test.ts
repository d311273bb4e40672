/** Answers as JSON: shapes of spec query-evaluation §9, escapes and numbers of §8. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { answer } from "../../fixtures/http/fakes.ts";
import { labelsOf } from "../labels/labels.ts";
import type { QueryResult, ResultStream } from "../model/result.ts";
import { newScanStats } from "../model/stats.ts";
import { type EncodeOptions, encodeAnswer } from "./encode-json.ts";
import { jsonLabels, jsonStreamLabels, jsonText } from "./json-text.ts";
import { encodeLegacyAnswer } from "./legacy-json.ts";
import { jsonStats } from "./stats-json.ts";
import { encodeTailFrame } from "./tail-json.ts";

/** The answer without its stats. */
function encode(result: QueryResult, options?: EncodeOptions, warnings: string[] = []): string {
  return [...encodeAnswer(answer(result, warnings), options)]
    .join("")
    .replace(/,"stats":\{.*\}\}(?=\}\n?$)/, "");
}

const stream = (labels: Record<string, string>, ...entries: [bigint, string][]): ResultStream => ({
  labels: labelsOf(labels),
  entries: entries.map(([time, line]) => ({ time, line })),
});

test("encodeAnswer() gives Loki's shapes", () => {
  const given = (result: QueryResult, want: string) => assert.equal(encode(result), want);
  given(
    {
      kind: "streams",
      streams: [
        stream({ s: "A", g: "x" }, [1795410005000000000n, "line a"], [2n, "b"]),
        stream({}, [3n, ""]),
      ],
    },
    '{"status":"success","data":{"resultType":"streams","result":[{"stream":{"g":"x","s":"A"},"values":[["1795410005000000000","line a"],["2","b"]]},{"stream":{},"values":[["3",""]]}]}\n',
  );
  given(
    { kind: "streams", streams: [] },
    '{"status":"success","data":{"resultType":"streams","result":[]}\n',
  );
  given(
    {
      kind: "matrix",
      series: [
        { labels: labelsOf({ n: "0" }), times: [1795410000000, 1795410000500], values: [1, 0.5] },
      ],
    },
    '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"n":"0"},"values":[[1795410000,"1"],[1795410000.5,"0.5"]]}]}',
  );
  given(
    { kind: "vector", samples: [{ labels: [], timeMs: 1795406429999, value: Number.NaN }] },
    '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1795406429.999,"NaN"]}]}',
  );
  given(
    { kind: "scalar", timeMs: 1795406401500, value: 2 },
    '{"status":"success","data":{"resultType":"scalar","result":[1795406401500,"2"]}',
  );
});

test("values never have an exponent", () => {
  const given = (value: number, want: string) =>
    assert.match(
      encode({ kind: "vector", samples: [{ labels: [], timeMs: 0, value }] }),
      new RegExp(`\\[0,"${want}"\\]`),
    );
  given(1e21, "1000000000000000000000");
  given(1e-7, "0.0000001");
  given(Number.POSITIVE_INFINITY, "\\+Inf");
  given(Number.NEGATIVE_INFINITY, "-Inf");
});

test("labels of streams, metadata and those of a tail are written in one way", () => {
  const labels = [["k", "a<b&c"]] as const;
  const raw = '{"k":"a<b&c"}';
  const entry = { time: 1n, line: "<", metadata: [["m", "<&>"]], parsed: [["p", "<&>"]] } as const;
  const streams = [{ labels, entries: [entry] }];
  const flat = [...encodeAnswer(answer({ kind: "streams", streams }))].join("");
  assert.ok(flat.includes(`{"stream":${raw},"values":[["1","\\u003c"]]}`), flat);
  const told = [...encodeAnswer(answer({ kind: "streams", streams }), { categorize: true })].join(
    "",
  );
  const categories = '{"structuredMetadata":{"m":"<&>"},"parsed":{"p":"<&>"}}';
  assert.ok(told.includes(`{"stream":${raw},"values":[["1","\\u003c",${categories}]]}`), told);
  const frame = encodeTailFrame({
    entries: [{ ...entry, labels }],
    dropped: [{ time: 2n, labels }],
  });
  assert.equal(
    frame,
    `{"streams":[{"stream":${raw},"values":[["1","\\u003c"]]}],"dropped_entries":[{"timestamp":"2","labels":${raw}}]}`,
  );
});

test("lines and metrics escape for HTML, labels of streams do not", () => {
  const text = 'a<b>&"\\\n\u2028';
  assert.equal(jsonText(text), '"a\\u003cb\\u003e\\u0026\\"\\\\\\n\\u2028"');
  assert.equal(jsonStreamLabels([["k", 'a<b>&"\n']]), '{"k":"a<b>&\\"\\n"}');
  assert.equal(jsonLabels([["k", "<"]]), '{"k":"\\u003c"}');
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (any) => {
      const json = jsonText(any);
      assert.equal(JSON.parse(json), any);
      assert.doesNotMatch(json, /[<>&\u2028\u2029]/);
    }),
    { seed: 5 },
  );
});

test("a long answer comes in pieces that join to the same JSON", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(400), fc.nat(3000)), { maxLength: 4 }), (sizes) => {
      const streams = sizes.map(([count, size], index) =>
        stream(
          { i: String(index) },
          ...Array.from({ length: count }, (_, row): [bigint, string] => [
            BigInt(row),
            `<${"x".repeat(size)}`,
          ]),
        ),
      );
      const pieces = [...encodeAnswer(answer({ kind: "streams", streams }))];
      const parsed = JSON.parse(pieces.join(""));
      assert.deepEqual(
        parsed.data.result,
        streams.map(({ labels, entries }) => ({
          stream: Object.fromEntries(labels),
          values: entries.map(({ time, line }) => [String(time), line]),
        })),
      );
      for (const piece of pieces) assert.ok(piece.length < 512 * 1024);
    }),
    { seed: 6, numRuns: 30 },
  );
});

test("warnings come before the data", () => {
  assert.equal(
    encode({ kind: "streams", streams: [] }, {}, ["chunk <x> is damaged"]),
    '{"status":"success","warnings":["chunk \\u003cx\\u003e is damaged"],"data":{"resultType":"streams","result":[]}\n',
  );
});

test("categorize-labels says where labels came from and regroups by stream", () => {
  const app = { app: "x" };
  const entry = {
    time: 1n,
    line: "l",
    metadata: labelsOf({ trace: "t" }),
    parsed: labelsOf({ a: "1" }),
  };
  const streams = [
    { labels: labelsOf({ ...app, trace: "t", a: "1" }), entries: [entry] },
    { labels: labelsOf(app), entries: [{ time: 2n, line: "l2" }] },
  ];
  assert.equal(
    encode({ kind: "streams", streams }, { categorize: true, direction: "forward" }),
    '{"status":"success","data":{"resultType":"streams","encodingFlags":["categorize-labels"],"result":[{"stream":{"app":"x"},"values":[["1","l",{"structuredMetadata":{"trace":"t"},"parsed":{"a":"1"}}],["2","l2",{}]]}]}\n',
  );
});

test("jsonStats() has every key in Loki's order", () => {
  const scan = {
    ...newScanStats(),
    headBytes: 100,
    headLines: 4,
    decompressedBytes: 900,
    decompressedLines: 6,
    chunksDownloadMs: 1.5,
  };
  const text = jsonStats({ scan, execMs: 500, queueMs: 2, subqueries: 0, splits: 3, shards: 0 }, 7);
  const store = (head: [number, number], chunk: [number, number], download: number) =>
    `{"totalChunksRef":0,"totalChunksDownloaded":0,"chunksDownloadTime":${download},"chunk":{"headChunkBytes":${head[0]},"headChunkLines":${head[1]},"decompressedBytes":${chunk[0]},"decompressedLines":${chunk[1]},"compressedBytes":0,"totalDuplicates":0,"postFilterLines":0,"headChunkStructuredMetadataBytes":0,"decompressedStructuredMetadataBytes":0}}`;
  const cache =
    '{"entriesFound":0,"entriesRequested":0,"entriesStored":0,"bytesReceived":0,"bytesSent":0,"requests":0,"downloadTime":0}';
  assert.equal(
    text,
    '{"summary":{"bytesProcessedPerSecond":2000,"linesProcessedPerSecond":20,"totalBytesProcessed":1000,"totalLinesProcessed":10,"execTime":0.5,"queueTime":0.002,"subqueries":0,"totalEntriesReturned":7,"splits":3,"shards":0,"totalPostFilterLines":0,"totalStructuredMetadataBytesProcessed":0},' +
      `"querier":{"store":${store([0, 0], [900, 6], 1500000)}},` +
      `"ingester":{"totalReached":0,"totalChunksMatched":0,"totalBatches":0,"totalLinesSent":0,"store":${store([100, 4], [0, 0], 0)}},` +
      `"cache":{"chunk":${cache},"index":${cache},"result":${cache},"statsResult":${cache}}}`,
  );
});

test("the old endpoints print labels as text and times as RFC 3339", () => {
  const { stats } = answer({ kind: "streams", streams: [] });
  const text = [
    ...encodeLegacyAnswer(
      { kind: "streams", streams: [stream({ g: "x" }, [1795416244525792471n, "l"])] },
      { stats, warnings: [] },
    ),
  ].join("");
  assert.ok(
    text.startsWith(
      '{"streams":[{"labels":"{g=\\"x\\"}","entries":[{"ts":"2026-11-23T06:44:04.525792471Z","line":"l"}]}],"stats":{"summary"',
    ),
    text,
  );
});
