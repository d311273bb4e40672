/** What the parameters of requests mean, for the description of the API; params.ts reads them. */
import type { ParameterDoc } from "./router.ts";

function parameter(
  name: string,
  text: string,
  more: Partial<Omit<ParameterDoc, "name" | "text">> = {},
): ParameterDoc {
  return { name, text, type: "string", ...more };
}

const MOMENT = "nanoseconds, seconds (up to 10 digits, or with a fraction) or RFC 3339";

export const QUERY = parameter("query", "A LogQL query.", { required: true });
export const SELECTOR = parameter("query", 'A stream selector, `{app="x"}`.', { required: true });
export const SOME_SELECTOR = parameter("query", "Narrows the streams that are looked at.", {
  otherwise: "every stream",
});
export const START = parameter("start", `Begin: ${MOMENT}.`, { otherwise: "`since` before `end`" });
export const END = parameter("end", `End, likewise.`, { otherwise: "now" });
export const SINCE = parameter("since", "How long before `end` it begins, `1h`.", {
  otherwise: "1h",
});
export const BOUNDS: readonly ParameterDoc[] = [START, END, SINCE];
export const TIME = parameter("time", `The moment: ${MOMENT}.`, { otherwise: "now" });
export const LIMIT = parameter("limit", "Most lines in the answer.", {
  type: "integer",
  otherwise: "100",
});
export const DIRECTION = parameter("direction", "Order of the lines in time.", {
  otherwise: "backward",
  among: ["forward", "backward"],
});
export const STEP = parameter("step", "Between two points: seconds or a duration.", {
  otherwise: "1/250 of the time asked for",
});
export const INTERVAL = parameter("interval", "Least time between two lines.", { otherwise: "0" });
export const STRICT = parameter("strict", "`true`: an answer that lacks something is an error.", {
  type: "boolean",
  otherwise: "false",
});
export const CURSOR = parameter("cursor", "`true` asks for one; one goes on where it was given.");
export const STREAM = parameter("stream", "`true`: lines as JSON lines, as they are found.", {
  type: "boolean",
  otherwise: "false",
});
export const AROUND: readonly ParameterDoc[] = [
  parameter("before", "Lines of the same stream before each line.", { type: "integer" }),
  parameter("after", "Lines of the same stream after each line.", { type: "integer" }),
];
export const NAME = parameter("name", "The name of a label or a field.", { required: true });
export const MATCH = parameter("match[]", "Stream selectors; `match` will do, too.", {
  type: "list",
  otherwise: "every stream",
});
export const LINE_LIMIT = parameter("line_limit", "Lines that are looked at, the newest.", {
  type: "integer",
  otherwise: "100",
});
export const FIELD_LIMIT = parameter("limit", "Most items in the answer; also `field_limit`.", {
  type: "integer",
  otherwise: "1000",
});
export const VOLUME: readonly ParameterDoc[] = [
  parameter("limit", "Most series in the answer.", { type: "integer", otherwise: "100" }),
  parameter("targetLabels", "Labels to group by, with commas between.", {
    otherwise: "those of the query",
  }),
  parameter("aggregateBy", "What is counted.", {
    otherwise: "series",
    among: ["series", "labels"],
  }),
];
export const TARGET_BYTES = parameter("targetBytesPerShard", "What a shard may weigh, `600MB`.", {
  otherwise: "600MB",
});
export const ANALYZE = parameter("analyze", "`true`: run the query and tell what it touched.", {
  type: "boolean",
  otherwise: "false",
});
export const FORMAT = parameter("format", "`json`, or text for people.", { otherwise: "text" });
export const LINE = parameter("line", "The text of the line, where a moment has several.");
export const DELAY_FOR = parameter("delay_for", "Seconds that entries are held back, 0 to 5.", {
  type: "integer",
  otherwise: "0",
});
export const REGEXP = parameter("regexp", "Lines must match it.");
export const CONFIG_MODE = parameter("mode", "All, what differs from the defaults, or these.", {
  otherwise: "all",
  among: ["all", "diff", "defaults"],
});
export const LOG_LEVEL = parameter("log_level", "The new level.", {
  among: ["debug", "info", "warn", "error"],
});
export const PROFILED = [
  parameter("seconds", "`profile`: how long, at most 600.", { type: "integer", otherwise: "30" }),
  parameter("gc", "`heap`: 1 collects garbage first.", { type: "integer" }),
  parameter("debug", "`heap`: 1 gives text.", { type: "integer" }),
];
export const FORGET = parameter("forget", "The member to remove from the ring.");
export const TOKENS = parameter("tokens", "`true` shows tokens.", { type: "boolean" });
export const SHUTDOWN: readonly ParameterDoc[] = [
  parameter("flush", "Write everything to the store first.", {
    type: "boolean",
    otherwise: "true",
  }),
  parameter("delete_ring_tokens", "Give the tokens back.", { type: "boolean", otherwise: "false" }),
  parameter("terminate", "End the process.", { type: "boolean", otherwise: "true" }),
];
export const DELETE: readonly ParameterDoc[] = [
  parameter("query", "What is deleted: a selector and line filters. For POST and PUT."),
  parameter("start", "Unix seconds or RFC 3339. For POST and PUT."),
  parameter("end", "Likewise.", { otherwise: "now" }),
  parameter("max_interval", "Longest piece that the request is cut into."),
  parameter("request_id", "The request to cancel. For DELETE."),
  parameter("force", "`true`: cancel what has begun.", { type: "boolean", otherwise: "false" }),
];
export const RULE_NAMESPACE = parameter("namespace", "The namespace of rule groups.", {
  required: true,
});
export const RULE_GROUP = parameter("group", "The rule group.", { required: true });
