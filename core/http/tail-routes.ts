/** `tail`: a query that goes on, over a WebSocket (spec http-api §4.9). */
import { quote } from "../golang/quote.ts";
import { BadRequest, LimitExceeded } from "../model/errors.ts";
import type { Tenant } from "../model/tenant.ts";
import { NS_PER_SECOND } from "../model/time.ts";
import type { TailBatch, TailRequest } from "../ports/query-service.ts";
import type { AskContext } from "./asking.ts";
import { type Form, readForm } from "./form.ts";
import { parseLimit, parseTailDelay, parseTime } from "./params.ts";
import { categorizes } from "./query-routes.ts";
import { type Call, type Route, route } from "./router.ts";
import { encodeLegacyTailFrame, encodeTailFrame } from "./tail-json.ts";
import { TailMeter } from "./tail-meter.ts";
import { type TailFrame, tailSession } from "./tail-session.ts";
import type { TailSocket, Upgrade } from "./tail-socket.ts";
import { TENANT_HEADER, tenantOf } from "./tenant.ts";

const PAST_DEFAULT = 3600n * NS_PER_SECOND;

export function tailRoutes(context: AskContext, upgrade: Upgrade): Route[] {
  const { query, services, settings } = context;
  const { clock, limits, metrics } = services;
  const active = new Map<Tenant, number>();
  const tails = new TailMeter(metrics);

  function count(tenant: Tenant, change: number): number {
    const tails = (active.get(tenant) ?? 0) + change;
    if (tails === 0) active.delete(tenant);
    else active.set(tenant, tails);
    return tails;
  }

  /** The query's entries, once the tenant may tail at all. */
  async function* batches(
    tenant: Tenant,
    request: TailRequest,
    signal: AbortSignal,
  ): AsyncGenerator<TailBatch> {
    const tails = active.get(tenant) ?? 0;
    const tailsMax = limits.of(tenant).maxConcurrentTailRequests;
    if (tailsMax > 0 && tails > tailsMax) {
      throw new LimitExceeded(
        "max_concurrent_tail_requests",
        `max concurrent tail requests limit exceeded, count > limit (${tails} > ${tailsMax})`,
      );
    }
    yield* query.tail(tenant, request, signal);
  }

  async function tail(call: Call, encode: (frame: TailFrame) => string): Promise<Response> {
    const tenant = tenantOf(call.request.headers.get(TENANT_HEADER), settings);
    const form = await readForm(call.request, { clock, settings });
    const request = tailRequest(form, clock.now());
    const run = async (socket: TailSocket) => {
      count(tenant, 1);
      const metered = tails.begin();
      try {
        await tailSession({
          socket,
          clock,
          encode: (frame) => {
            metered.sent(frame);
            return encode(frame);
          },
          batches: (signal) => batches(tenant, request, signal),
          durationMaxMs: settings.tailDurationMaxMs,
        });
      } finally {
        count(tenant, -1);
        metered.end();
      }
    };
    const response = await upgrade(call.request, call.env, run);
    if (response === undefined) throw new BadRequest("Bad Request");
    return response;
  }

  return [
    route(["GET"], "/loki/api/v1/tail", (call) => {
      const categorize = categorizes(call.request);
      return tail(call, (frame) => encodeTailFrame(frame, { categorize }));
    }),
    route(["GET"], "/api/prom/tail", (call) => tail(call, encodeLegacyTailFrame)),
  ];
}

function tailRequest(form: Form, now: bigint): TailRequest {
  const limit = parseLimit(form.get("limit"));
  const start = parseTime(form.get("start")) ?? now - PAST_DEFAULT;
  const delayMs = parseTailDelay(form.get("delay_for"));
  const regexp = form.get("regexp");
  const query = form.get("query");
  return { query: regexp === "" ? query : `${query} |~ ${quote(regexp)}`, start, limit, delayMs };
}
