/** `lokits tail`: follows a query over WebSocket, comes back after a broken connection, says what was dropped. */
import { type ArgsDef, defineCommand } from "citty";
import { labelsOf, printLabels } from "../core/labels/labels.ts";
import { beginning } from "./answers.ts";
import { Client, withParams } from "./client.ts";
import { CLIENT_ARGS, CLIENT_ENVIRONMENT, CLIENT_REPEATABLE } from "./client-flags.ts";
import { type Flags, parseFlags, UsageError } from "./flags.ts";
import { LineFormat } from "./line-format.ts";
import { Output, type OutputEntry } from "./output.ts";
import { choiceOf, LINE_ARGS, LINE_REPEATABLE, lineOptions } from "./query-flags.ts";
import { remark } from "./remarks.ts";
import { ABNORMAL, closeText, listen, NORMAL, waited, whyNot, wsBase } from "./tail-connection.ts";
import { lastHour, windowOf } from "./times.ts";
import { runtime } from "./wire/runtime.ts";
import { labelsAsSent } from "./wire-result.ts";

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

const PATH = "/loki/api/v1/tail";

/** Broken connections in a row after which we give up. */
const RECONNECTS_MAX = 5;

interface Frame {
  readonly streams?:
    | readonly {
        stream: Record<string, string>;
        values: readonly (readonly [string, string])[];
      }[]
    | null;
  readonly dropped_entries?:
    | readonly { timestamp: string; labels: Record<string, string> }[]
    | null;
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
  if (flags.on("stdin")) throw new UsageError("--stdin is not supported here, only by query");
  const tailing = new Tailing(flags);
  const params = {
    query: query.replace(/^\s*<([^<>]*)>/, "{$1}"),
    limit: flags.text("limit")!,
    delay_for: flags.text("delay-for")!,
  };
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  const client = new Client(flags);
  let everOpen = false;
  for (let broken = 0; ; ) {
    const target = withParams(PATH, new URLSearchParams({ ...params, start: tailing.start }));
    if (broken === 0 && !flags.on("quiet")) remark(wsBase(client) + target);
    const closed = await listen(client, target, {
      signal: stop.signal,
      onFrame: async (text) => {
        broken = 0;
        await tailing.show(text);
      },
    });
    if (closed.code === NORMAL || stop.signal.aborted) return 0;
    everOpen ||= closed.opened;
    if (closed.code !== ABNORMAL) {
      throw new Error(`Error reading stream: websocket: ${closeText(closed)}`);
    }
    // A server that was never there is another thing than one that went away.
    const tries = everOpen ? RECONNECTS_MAX : client.retries;
    const reason = closed.opened ? closeText(closed) : await whyNot(client, target);
    if (broken++ >= tries) {
      throw new Error(
        everOpen
          ? `no connection after ${RECONNECTS_MAX} tries: ${reason}`
          : `Tailing logs failed: ${reason}`,
      );
    }
    console.error(`Remote websocket connection closed unexpectedly (${reason}). Connecting again.`);
    await waited(Math.min(1000 * broken, 10_000), stop.signal);
    if (stop.signal.aborted) return 0;
  }
}

/** What was shown, and where to go on after a connection broke. */
class Tailing {
  readonly #output = new Output();
  readonly #format: LineFormat;
  readonly #told: string[];
  #start: bigint;
  #seen = new Set<string>();

  constructor(flags: Flags) {
    const options = lineOptions(flags);
    this.#format = new LineFormat({ ...options, commonLabels: true });
    const now = runtime.clock.now();
    this.#start = lastHour({ start: windowOf(flags, now).start, end: undefined }, now).start;
    this.#told = flags.on("quiet") ? [] : choiceOf(options);
  }

  get start(): string {
    return String(this.#start);
  }

  async show(text: string): Promise<void> {
    const frame = frameOf(text);
    for (const each of this.#told.splice(0)) remark(each);
    for (const { stream, values } of frame.streams ?? []) {
      const labels = labelsAsSent(stream);
      for (const [time, line] of values) await this.#line({ time: BigInt(time), labels, line });
    }
    await this.#output.flush();
    reportDropped(frame);
  }

  async #line(entry: OutputEntry): Promise<void> {
    const key = `${entry.time} ${printLabels(entry.labels)} ${entry.line}`;
    // After a reconnect the server begins with lines of the past that we may have shown.
    if (this.#seen.has(key)) return;
    if (entry.time > this.#start) {
      this.#start = entry.time;
      this.#seen = new Set();
    }
    if (entry.time === this.#start) this.#seen.add(key);
    for (const text of this.#format.print([entry], [])) await this.#output.line(text);
  }
}

function frameOf(text: string): Frame {
  try {
    return JSON.parse(text) as Frame;
  } catch {
    throw new Error(`a frame of the tail is no JSON: ${beginning(text)}`);
  }
}

function reportDropped({ dropped_entries: dropped }: Frame): void {
  if (dropped === undefined || dropped === null || dropped.length === 0) return;
  console.error(`Server dropped following entries due to slow client`);
  for (const { timestamp, labels } of dropped)
    console.error(`${timestamp} ${printLabels(labelsOf(labels))}`);
}
