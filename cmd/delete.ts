/** `lokits delete create|list|cancel`: the delete API of a server. */
import { type ArgsDef, type CommandDef, defineCommand } from "citty";
import { printSeconds } from "../core/model/time.ts";
import { jsonOf, listIn } from "./answers.ts";
import { ASKER_ARGS, askerFlags } from "./asker.ts";
import { Client, withParams } from "./client.ts";
import { type Flags, UsageError } from "./flags.ts";
import { print } from "./output.ts";
import { remark } from "./remarks.ts";
import { lastHour, windowOf } from "./times.ts";
import { runtime } from "./wire/runtime.ts";

const args: ArgsDef = {
  action: {
    type: "positional",
    description: "create QUERY, list or cancel",
    required: true,
  },
  query: { type: "positional", description: "What to delete, with create", required: false },
  ...ASKER_ARGS,
  "max-interval": {
    type: "string",
    description: "With create: most time that is deleted in one piece",
    valueHint: "DURATION",
  },
  "request-id": { type: "string", description: "With cancel: the request", valueHint: "ID" },
  force: { type: "boolean", description: "With cancel: also when a part of it is done" },
};

export const command: CommandDef = defineCommand({
  meta: {
    name: "delete",
    description: `Ask a server to delete lines, list such requests, take one back

Examples:
  lokits delete create '{app="shop"} |= "card number"' --from 2026-11-01T00:00:00Z --to 2026-11-02T00:00:00Z
  lokits delete list
  lokits delete cancel --request-id 79eefd34`,
  },
  args,
  run: ({ rawArgs }) => run(rawArgs),
});

const PATH = "/loki/api/v1/delete";

async function run(rawArgs: readonly string[]): Promise<number> {
  const flags = askerFlags(rawArgs, { args });
  if (flags.text("store") !== undefined)
    throw new UsageError("lokits delete asks a server; a bucket alone has nobody who would do it");
  const [action] = flags.positionals;
  switch (action) {
    case "create":
      return await create(flags);
    case "list":
      return await list(flags);
    case "cancel":
      return await cancel(flags);
    default:
      throw new UsageError(`expected create, list or cancel but got "${action ?? ""}"`);
  }
}

async function create(flags: Flags): Promise<number> {
  const [, query] = flags.positionals;
  if (query === undefined) throw new UsageError("a query is wanted: what it finds is deleted");
  const now = runtime.clock.now();
  const { start, end } = lastHour(windowOf(flags, now), now);
  const seconds = (time: bigint) => String(time / 1_000_000_000n);
  const params = new URLSearchParams({
    query,
    start: seconds(start),
    end: seconds(end),
  });
  const interval = flags.text("max-interval");
  if (interval !== undefined) params.set("max_interval", interval);
  await send(flags, "POST", params);
  await say(flags, "Delete request created successfully", { query, status: "created" });
  return 0;
}

interface Request {
  readonly request_id: string;
  readonly query: string;
  /** Unix seconds. */
  readonly start_time: number;
  readonly end_time: number;
  readonly status: string;
}

async function list(flags: Flags): Promise<number> {
  const response = await send(flags, "GET", new URLSearchParams());
  // A server without requests may say null.
  const requests = listIn<Request>({ requests: await jsonOf(response) }, "requests");
  if (flags.text("output") === "jsonl") {
    await print(requests.map((request) => JSON.stringify(request)));
    return 0;
  }
  const time = (seconds: number) => printSeconds(BigInt(Math.round(seconds * 1000)) * 1_000_000n);
  const texts = requests.map(({ request_id, query, start_time, end_time, status }) =>
    [
      `Request ID: ${request_id}`,
      `Query: ${query}`,
      `Start Time: ${time(start_time)}`,
      `End Time: ${time(end_time)}`,
      `Status: ${status}`,
      "---",
    ].join("\n"),
  );
  await print([`Found ${requests.length} delete requests:`, ...texts]);
  return 0;
}

async function cancel(flags: Flags): Promise<number> {
  const id = flags.text("request-id");
  if (id === undefined) throw new UsageError("--request-id is wanted");
  const params = new URLSearchParams({ request_id: id });
  if (flags.on("force")) params.set("force", "true");
  await send(flags, "DELETE", params);
  await say(flags, `Delete request ${id} cancelled successfully`, {
    ...{ request_id: id, status: "cancelled" },
  });
  return 0;
}

async function say(flags: Flags, text: string, object: Record<string, string>): Promise<void> {
  await print([flags.text("output") === "jsonl" ? JSON.stringify(object) : text]);
}

async function send(flags: Flags, method: string, params: URLSearchParams): Promise<Response> {
  const client = new Client(flags);
  if (!flags.on("quiet")) remark(client.url(PATH, params));
  return await client.send(withParams(PATH, params), { method });
}
