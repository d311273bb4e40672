/** What each route does, for `/openapi.json` and API.md: by its path, as the routes have it. */
import * as of from "./parameter-docs.ts";
import type { AnswerDoc, Route, RouteDoc } from "./router.ts";

const JSON_DATA = "application/json";
const TEXT = "text/plain";

/** The description of a route: its own, or the one here. */
export function docOf({ path, doc }: Route): RouteDoc | undefined {
  return (
    doc ?? DOCS[path] ?? (/^(\/[\w-]+)?\/(ring|partition-ring)$/.test(path) ? RING : undefined)
  );
}

function json(text: string, example?: string): AnswerDoc {
  return { text, type: JSON_DATA, ...(example === undefined ? {} : { example }) };
}

function text(words: string, example?: string): AnswerDoc {
  return { text: words, type: TEXT, ...(example === undefined ? {} : { example }) };
}

const STORED: RouteDoc["answers"] = {
  204: { text: "Stored." },
  400: text("Some or all of it was refused, and why; what was not refused is stored."),
  413: text("The body is too large."),
  429: text("A rate or a number of streams is exceeded."),
  500: text("It could not be stored; the push may be repeated."),
};

const REFUSED: RouteDoc["answers"] = {
  400: text("A parameter, the query or a limit refuses it, and why."),
  504: text("`query_timeout` is over."),
};

const WRITING = { group: "Writing", tenants: "one" } as const;
const READING = { group: "Reading", tenants: "many" } as const;
const META = { group: "Labels, fields, sizes", tenants: "many" } as const;
const LEGACY = { group: "Old paths", tenants: "many" } as const;
const OPERATING = { group: "Operating", tenants: "none" } as const;
const DELETING = { group: "Deleting", tenants: "one" } as const;
const RULES = { group: "Rules", tenants: "one" } as const;

const PUSH: RouteDoc = {
  ...WRITING,
  summary: "Stores lines.",
  body: {
    types: ["application/json", "application/x-protobuf"],
    text: "Streams of lines; protobuf is snappy-compressed. `Content-Encoding` gzip and deflate are taken.",
  },
  answers: STORED,
};

const RING: RouteDoc = {
  ...OPERATING,
  group: "Members",
  summary: "Members of a ring, as a page or with `Accept: application/json` as JSON.",
  parameters: [of.TOKENS, of.FORGET],
  answers: { 200: { text: "The members.", type: "text/html" }, 302: { text: "Forgotten." } },
};

const RULE_SET: RouteDoc = {
  ...RULES,
  summary: "Rule groups by namespace.",
  answers: { 200: { text: "YAML.", type: "application/yaml" }, 404: text("There are none.") },
};
const RULE_SPACE: RouteDoc = {
  ...RULES,
  summary: "Rule groups of a namespace: read, add one, delete all.",
  parameters: [of.RULE_NAMESPACE],
  body: { types: ["application/yaml"], text: "A rule group." },
  answers: { 200: { text: "YAML.", type: "application/yaml" }, 202: json("Done.") },
};
const RULE_ONE: RouteDoc = {
  ...RULES,
  summary: "A rule group: read, delete.",
  parameters: [of.RULE_NAMESPACE, of.RULE_GROUP],
  answers: { 200: { text: "YAML.", type: "application/yaml" }, 202: json("Done.") },
};

const RANGE = [of.QUERY, ...of.BOUNDS, of.LIMIT, of.DIRECTION, of.STEP, of.INTERVAL];
const LABEL_NAMES = [of.SOME_SELECTOR, ...of.BOUNDS, of.STRICT];
const LISTED = json(
  "Sorted; without `data` when there are none.",
  '{"status":"success","data":["app"]}',
);
const VALUES = json("Sorted; empty when there are none.", '{"values":["app"]}');

const DOCS: Readonly<Record<string, RouteDoc>> = {
  "/loki/api/v1/push": PUSH,
  "/api/prom/push": { ...PUSH, ...LEGACY, tenants: "one", deprecated: "use /loki/api/v1/push" },
  "/otlp/v1/logs": {
    ...WRITING,
    summary: "Stores logs of OpenTelemetry.",
    body: {
      types: ["application/x-protobuf", "application/json"],
      text: "ExportLogsServiceRequest, as it is or compressed.",
    },
    answers: { 204: { text: "Stored." } },
  },

  "/loki/api/v1/query_range": {
    ...READING,
    summary: "A query over a time: lines, or numbers at each step.",
    parameters: [...RANGE, of.STRICT, of.CURSOR, of.STREAM, ...of.AROUND],
    answers: {
      200: json(
        "Streams or a matrix, with statistics.",
        '{"status":"success","data":{"resultType":"streams","result":[{"stream":{"app":"x"},"values":[["1700000000000000000","line"]]}],"stats":{}}}',
      ),
      ...REFUSED,
    },
  },
  "/loki/api/v1/query": {
    ...READING,
    summary: "A query at a moment.",
    parameters: [of.QUERY, of.TIME, of.LIMIT, of.DIRECTION, of.STRICT],
    answers: {
      200: json(
        "A vector, a scalar or streams, with statistics.",
        '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1700000000,"2"]}],"stats":{}}}',
      ),
      ...REFUSED,
    },
  },
  "/loki/api/v1/tail": {
    group: "Reading",
    tenants: "one",
    summary: "Lines as they come, over a WebSocket.",
    parameters: [of.QUERY, of.DELAY_FOR, of.LIMIT, of.START],
    answers: { 101: { text: "The socket is open; errors of the query close it with 1011." } },
  },
  "/loki/api/v1/explain": {
    ...READING,
    ours: true,
    summary: "What a query would do; with `time` as /query, else as /query_range.",
    parameters: [...RANGE, of.TIME, of.ANALYZE, of.FORMAT],
    answers: { 200: text("The plan and its estimates."), ...REFUSED },
  },
  "/loki/api/v1/context": {
    ...READING,
    ours: true,
    summary: "The lines around a line, in its own stream.",
    parameters: [of.SELECTOR, { ...of.TIME, required: true }, of.LINE, ...of.AROUND, of.STRICT],
    answers: { 200: json("Streams, oldest first."), 404: text("There is no such line.") },
  },
  "/loki/api/v1/format_query": {
    group: "Reading",
    tenants: "none",
    summary: "A query laid out for people.",
    parameters: [of.QUERY],
    answers: {
      200: json("The query.", '{"status":"success","data":"{app=\\"x\\"}"}'),
      400: json("What is wrong.", '{"status":"invalid-query","error":"parse error"}'),
    },
  },
  "/loki/api/v1/patterns": {
    ...READING,
    summary: "Patterns of lines, with how many there were at each step.",
    parameters: [of.SELECTOR, ...of.BOUNDS, of.STEP],
    answers: {
      200: json(
        "The most frequent first.",
        '{"status":"success","data":[{"pattern":"took <_> ms","level":"info","samples":[[1700000000,12]]}]}',
      ),
      404: text("`pattern_ingester.enabled` is false."),
    },
  },

  "/loki/api/v1/labels": {
    ...META,
    summary: "Names of labels.",
    parameters: LABEL_NAMES,
    answers: { 200: LISTED },
  },
  "/loki/api/v1/label": {
    ...META,
    summary: "Names of labels.",
    parameters: LABEL_NAMES,
    answers: { 200: LISTED },
    deprecated: "use /loki/api/v1/labels",
  },
  "/loki/api/v1/label/:name/values": {
    ...META,
    summary: "Values of a label.",
    parameters: [of.NAME, ...LABEL_NAMES],
    answers: { 200: LISTED },
  },
  "/loki/api/v1/series": {
    ...META,
    summary: "Label sets of streams.",
    parameters: [of.MATCH, ...of.BOUNDS, of.STRICT],
    answers: { 200: json("In any order.", '{"status":"success","data":[{"app":"x"}]}') },
  },
  "/loki/api/v1/detected_labels": {
    ...META,
    summary: "Labels and how many values each has.",
    parameters: [of.SOME_SELECTOR, ...of.BOUNDS],
    answers: {
      200: json("Sorted.", '{"detectedLabels":[{"label":"app","cardinality":2}]}'),
    },
  },
  "/loki/api/v1/detected_fields": {
    ...META,
    summary: "Fields of lines and their types, from the newest lines of a query.",
    parameters: [of.QUERY, ...of.BOUNDS, of.LINE_LIMIT, of.FIELD_LIMIT],
    answers: {
      200: json(
        "Sorted; structured metadata has no parsers.",
        '{"fields":[{"label":"took","type":"duration","cardinality":2,"parsers":["json"],"jsonPath":["took"]}],"limit":1000}',
      ),
      ...REFUSED,
    },
  },
  "/loki/api/v1/detected_field/:name/values": {
    ...META,
    summary: "Values of a field, from the newest lines of a query.",
    parameters: [of.NAME, of.QUERY, ...of.BOUNDS, of.LINE_LIMIT, of.FIELD_LIMIT],
    answers: { 200: json("Sorted.", '{"values":["12ms"],"limit":1000}'), ...REFUSED },
  },
  "/loki/api/v1/index/stats": {
    ...META,
    summary: "How much there is of a selection, from the index.",
    parameters: [of.SELECTOR, ...of.BOUNDS, of.STRICT],
    answers: { 200: json("Sums.", '{"streams":1,"chunks":2,"bytes":3000,"entries":4}') },
  },
  "/loki/api/v1/index/volume": {
    ...META,
    summary: "Bytes by labels, the most first.",
    parameters: [of.SELECTOR, ...of.BOUNDS, ...of.VOLUME, of.STRICT],
    answers: { 200: json("A vector at the end."), 404: text("`volume_enabled` is false.") },
  },
  "/loki/api/v1/index/volume_range": {
    ...META,
    summary: "Bytes by labels at each step.",
    parameters: [of.SELECTOR, ...of.BOUNDS, ...of.VOLUME, of.STEP, of.STRICT],
    answers: {
      200: json("A matrix; an empty vector when there is nothing."),
      404: text("`volume_enabled` is false."),
    },
  },
  "/loki/api/v1/index/shards": {
    ...META,
    summary: "Ranges of fingerprints that weigh at most so much.",
    parameters: [of.QUERY, ...of.BOUNDS, of.TARGET_BYTES],
    answers: {
      200: json(
        "They cover all fingerprints.",
        '{"shards":[{"bounds":{"min":0,"max":1},"stats":{"streams":1,"chunks":1,"bytes":1,"entries":1}}]}',
      ),
    },
  },
  "/loki/api/v1/drilldown-limits": {
    ...META,
    tenants: "one",
    summary: "The tenant's limits, for Logs Drilldown.",
    answers: {
      200: json(
        "Keys of `limits_config`.",
        '{"limits":{"volume_enabled":true},"pattern_ingester_enabled":false,"version":"2.9.1"}',
      ),
    },
  },
  "/config/tenant/v1/limits": {
    ...META,
    tenants: "one",
    summary: "The tenant's limits.",
    answers: { 200: text("YAML, keys of `limits_config`.") },
  },

  "/loki/api/v1/delete": {
    ...DELETING,
    summary: "Requests to delete lines: add (POST, PUT), list (GET), cancel (DELETE).",
    parameters: of.DELETE,
    urlOnly: true,
    answers: {
      200: json("The requests."),
      204: { text: "Taken, or cancelled." },
      403: text("The tenant may not delete."),
      404: text("There is no such request."),
    },
  },
  "/loki/api/v1/cache/generation_numbers": {
    ...DELETING,
    summary: "A number that changes when deletes change what queries answer.",
    answers: { 200: json("As text.", '"1795415754868622120"') },
  },

  "/loki/api/v1/rules": RULE_SET,
  "/loki/api/v1/rules/:namespace": RULE_SPACE,
  "/loki/api/v1/rules/:namespace/:group": RULE_ONE,
  "/api/prom/rules": RULE_SET,
  "/api/prom/rules/:namespace": RULE_SPACE,
  "/api/prom/rules/:namespace/:group": RULE_ONE,
  "/prometheus/api/v1/rules": {
    ...RULES,
    summary: "Rules and how they are, in Prometheus' shape.",
    answers: { 200: json("Groups.", '{"status":"success","data":{"groups":[]}}') },
  },
  "/prometheus/api/v1/alerts": {
    ...RULES,
    summary: "Alerts that are pending or firing.",
    answers: { 200: json("Alerts.", '{"status":"success","data":{"alerts":[]}}') },
  },

  "/api/prom/query": {
    ...LEGACY,
    summary: "Lines of a time.",
    parameters: [...RANGE, of.REGEXP, of.STRICT],
    answers: { 200: json("Streams with label texts.", '{"streams":[],"stats":{}}'), ...REFUSED },
    deprecated: "use /loki/api/v1/query_range",
  },
  "/api/prom/label": {
    ...LEGACY,
    summary: "Names of labels.",
    parameters: LABEL_NAMES,
    answers: { 200: VALUES },
    deprecated: "use /loki/api/v1/labels",
  },
  "/api/prom/label/:name/values": {
    ...LEGACY,
    summary: "Values of a label.",
    parameters: [of.NAME, ...LABEL_NAMES],
    answers: { 200: VALUES },
    deprecated: "use /loki/api/v1/label/{name}/values",
  },
  "/api/prom/series": {
    ...LEGACY,
    summary: "Label sets of streams.",
    parameters: [of.MATCH, ...of.BOUNDS],
    answers: { 200: json("In any order.") },
    deprecated: "use /loki/api/v1/series",
  },
  "/api/prom/tail": {
    ...LEGACY,
    tenants: "one",
    summary: "Lines as they come, over a WebSocket.",
    parameters: [of.QUERY, of.DELAY_FOR, of.LIMIT, of.START, of.REGEXP],
    answers: { 101: { text: "The socket is open." } },
    deprecated: "use /loki/api/v1/tail",
  },

  "/ready": {
    ...OPERATING,
    summary: "Whether requests may come.",
    answers: { 200: text("Yes.", "ready"), 503: text("No, and why.") },
  },
  "/metrics": {
    ...OPERATING,
    summary: "Metrics for Prometheus.",
    answers: { 200: text("Text format 0.0.4; OpenMetrics 1.0.0 for who asks for it first.") },
  },
  "/config": {
    ...OPERATING,
    summary: "The configuration, secrets masked.",
    parameters: [of.CONFIG_MODE],
    answers: { 200: text("YAML.") },
  },
  "/services": {
    ...OPERATING,
    summary: "Parts of the process and how they are.",
    answers: { 200: text("A line each.", "querier => Running") },
  },
  "/log_level": {
    ...OPERATING,
    summary: "The level of the log: read (GET), change (POST).",
    parameters: [of.LOG_LEVEL],
    answers: {
      200: json("The level.", '{"message":"Current log level is info"}'),
      400: json(
        "There is no such level.",
        '{"status":"failed","message":"unrecognized log level"}',
      ),
    },
  },
  "/loki/api/v1/status/buildinfo": {
    ...OPERATING,
    summary: "Version and build.",
    answers: { 200: json("The build.", '{"version":"2.9.1"}') },
  },
  "/openapi.json": {
    ...OPERATING,
    ours: true,
    summary: "This API as an OpenAPI 3.1 document.",
    answers: { 200: json("The document.") },
  },
  "/analytics": {
    ...OPERATING,
    summary: "Usage statistics, of which none are reported.",
    answers: { 200: text("That there are none.") },
  },
  "/debug/pprof/": {
    ...OPERATING,
    summary: "Profiles of this process that there are.",
    answers: { 200: { text: "A page.", type: "text/html" } },
  },
  "/debug/pprof/:name": {
    ...OPERATING,
    summary: "A profile: `profile` and `heap` as pprof has them, `cmdline` as text.",
    parameters: of.PROFILED,
    answers: {
      200: { text: "The profile, gzip of protobuf.", type: "application/octet-stream" },
      400: text("It would take too long."),
      404: text("Nobody knows this profile."),
      500: text("Somebody else is taking one."),
      501: text("Only Go has this profile."),
    },
  },
  "/debug/fgprof": {
    ...OPERATING,
    summary: "A profile of what waits, which this runtime has none of.",
    answers: { 501: text("What there is instead.") },
  },
  "/flush": {
    ...OPERATING,
    summary: "Begins to write everything in memory to the store.",
    answers: { 204: { text: "Begun." } },
  },
  "/ingester/shutdown": {
    ...OPERATING,
    summary: "Stops the ingester.",
    parameters: of.SHUTDOWN,
    answers: { 204: { text: "Stopped." }, 503: text("It is stopping already.") },
  },
  "/ingester/flush_shutdown": {
    ...OPERATING,
    summary: "Stops the ingester after a flush; the process goes on.",
    answers: { 204: { text: "Stopped." }, 503: text("It is stopping already.") },
    deprecated: "use /ingester/shutdown",
  },
  "/ingester/prepare_shutdown": {
    ...OPERATING,
    summary: "A marker that makes the next stop flush: read (GET), set (POST), clear (DELETE).",
    answers: {
      200: text("`set` or `unset`."),
      204: { text: "Done." },
      500: { text: "No path for it is configured." },
    },
  },
  "/partition-ring": {
    ...OPERATING,
    group: "Members",
    summary: "Partitions of Kafka, which is not used.",
    answers: { 200: text("That there are none.") },
  },
  "/memberlist": {
    ...OPERATING,
    group: "Members",
    summary: "Members that gossip found.",
    answers: { 200: text("A page, or that there is no gossip.") },
  },
};
