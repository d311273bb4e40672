/** `lokits tail`: follows a query over WebSocket, comes back after a broken connection, says what was dropped. */
import { type ArgsDef, defineCommand } from "citty";
import { labelsOf, printLabels } from "../core/labels/labels.ts";
import { Client } from "./client.ts";
import { CLIENT_ARGS, CLIENT_ENVIRONMENT, CLIENT_REPEATABLE } from "./client-flags.ts";
import { type Flags, parseFlags, UsageError } from "./flags.ts";
import { LineFormat } from "./line-format.ts";
import { Output, type OutputEntry } from "./output.ts";
import { LINE_ARGS, LINE_REPEATABLE, lineOptions } from "./query-flags.ts";
import { lastHour, windowOf } from "./times.ts";
import { runtime } from "./wire/runtime.ts";

const args: ArgsDef = {
  query: { type: "positional", description: "Log query to follow", required: true },
  ...CLIENT_ARGS,
  limit: { type: "string", description: "Lines of the past to begin with", default: "30" },
  since: {
    type: "string",
    description: "How far back these may lie",
    default: "1h",
    valueHint: "DURATION",
  },
  from: { type: "string", description: "The same as a time", valueHint: "TIME" },
  "delay-for": {
    type: "string",
    description: "Seconds that lines are held back for slow senders, 0 to 5",
    default: "0",
  },
  ...LINE_ARGS,
};

export const command = defineCommand({
  meta: {
    name: "tail",
    description: `Follow a query on a server

Examples:
  lokits tail '{app="shop"} |= "error"'
  lokits tail '{namespace="shop"}' --addr http://loki:3100 --output jsonl`,
  },
  args,
  run: ({ rawArgs }) => tail(rawArgs),
});

/** Broken connections in a row after which we give up. */
const RECONNECTS_MAX = 5;

interface Frame {
  readonly streams?: readonly {
    stream: Record<string, string>;
    values: readonly (readonly [string, string])[];
  }[];
  readonly dropped_entries?: readonly { timestamp: string; labels: Record<string, string> }[];
}

async function tail(rawArgs: readonly string[]): Promise<number> {
  const flags = parseFlags(rawArgs, {
    args,
    repeatable: [...LINE_REPEATABLE, ...CLIENT_REPEATABLE],
    environment: CLIENT_ENVIRONMENT,
  });
  const [query] = flags.positionals;
  if (query === undefined) throw new UsageError("a query is wanted");
  return await follow(flags, query);
}

/** Prints lines as they come until Ctrl-C; the exit code. `query --tail` is this too. */
export async function follow(flags: Flags, query: string): Promise<number> {
  const client = new Client(flags);
  const output = new Output();
  const format = new LineFormat({ ...lineOptions(flags), commonLabels: true });
  const now = runtime.clock.now();
  let { start } = lastHour({ start: windowOf(flags, now).start, end: undefined }, now);
  let seen = new Set<string>();
  const show = async (entry: OutputEntry) => {
    const key = `${entry.time} ${printLabels(entry.labels)} ${entry.line}`;
    // After a reconnect the server begins with lines of the past that we may have shown.
    if (seen.has(key)) return;
    if (entry.time > start) {
      start = entry.time;
      seen = new Set();
    }
    if (entry.time === start) seen.add(key);
    for (const text of format.print([entry], [])) await output.line(text);
  };
  const params = {
    query: query.replace(/^\s*<([^<>]*)>/, "{$1}"),
    limit: flags.text("limit")!,
    delay_for: flags.text("delay-for")!,
  };
  for (let broken = 0; broken <= RECONNECTS_MAX; ) {
    const closed = await listen(client, { ...params, start: String(start) }, async (frame) => {
      broken = 0;
      for (const { stream, values } of frame.streams ?? []) {
        const labels = labelsOf(stream);
        for (const [time, line] of values) await show({ time: BigInt(time), labels, line });
      }
      await output.flush();
      reportDropped(frame);
    });
    if (closed.code === 1000) return 0;
    if (closed.code !== 1006) {
      console.error(`Error reading stream: websocket: close ${closed.code}: ${closed.reason}`);
      return 1;
    }
    broken++;
    console.error(
      `Remote websocket connection closed unexpectedly (${closed.reason}). Connecting again.`,
    );
    await runtime.clock.sleep(Math.min(1000 * broken, 10_000));
  }
  console.error(`no connection after ${RECONNECTS_MAX} tries`);
  return 1;
}

function reportDropped({ dropped_entries: dropped = [] }: Frame): void {
  if (dropped.length === 0) return;
  console.error(`Server dropped following entries due to slow client`);
  for (const { timestamp, labels } of dropped)
    console.error(`${timestamp} ${printLabels(labelsOf(labels))}`);
}

/** One connection, from opening to closing. Frames are shown one after the other. */
function listen(
  client: Client,
  params: Record<string, string>,
  onFrame: (frame: Frame) => Promise<void>,
): Promise<{ code: number; reason: string }> {
  return new Promise((resolve) => {
    const url = `${client.base.replace(/^http/, "ws")}/loki/api/v1/tail?${new URLSearchParams(params)}`;
    // Bun's WebSocket takes headers; the standard's type does not know.
    const options = { headers: client.headers, ...client.transport };
    const socket = new WebSocket(url, options as unknown as string[]);
    let showing = Promise.resolve();
    socket.onmessage = ({ data }) => {
      showing = showing.then(() => onFrame(JSON.parse(String(data)) as Frame));
    };
    socket.onclose = ({ code, reason }) => {
      void showing.then(() => resolve({ code, reason: reason || "no reason given" }));
    };
    process.once("SIGINT", () => socket.close(1000));
  });
}
