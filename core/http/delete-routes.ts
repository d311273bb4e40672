/** The delete API (spec http-api §5): there when retention is on, and for tenants whose deletion_mode is not disabled. */

import { grouped } from "../deletes/grouped.ts";
import { newRequest } from "../deletes/request.ts";
import type { DeleteReceipt, DeleteRequest } from "../model/delete-request.ts";
import { BadRequest, LimitExceeded } from "../model/errors.ts";
import type { Tenant } from "../model/tenant.ts";
import type { DeleteRequests } from "../ports/delete-requests.ts";
import { urlOf } from "./address.ts";
import { jsonText } from "./json-text.ts";
import { JSON_TYPE, jsonResponse } from "./responses.ts";
import { type Call, type Route, route } from "./router.ts";
import type { HttpSettings, Services } from "./services.ts";
import { TENANT_HEADER, tenantOf } from "./tenant.ts";

export interface DeleteContext {
  readonly requests: DeleteRequests;
  /** The requests that queries of a tenant look through. */
  readonly active: (tenant: Tenant) => Promise<readonly DeleteRequest[]>;
  /** Told of every change, so that the next query sees it. */
  readonly changed: () => void;
  /** `compactor.delete_max_interval`. */
  readonly intervalMaxMs: number;
  readonly services: Pick<Services, "limits" | "clock" | "journal" | "metrics">;
  readonly settings: HttpSettings;
}

/** Parts of one tenant that may wait at a time: each is looked at by every query. */
const PENDING_MAX = 5000;
/** An id is a hash, so it may be taken; so often another moment is tried. */
const ID_TRIES = 4;

export function deleteRoutes(context: DeleteContext): Route[] {
  const { requests } = context;
  const { limits, clock, journal, metrics } = context.services;

  /** The tenant, if it may delete. */
  function asking({ request }: Call): { tenant: Tenant; params: URLSearchParams } {
    const tenant = tenantOf(request.headers.get(TENANT_HEADER), context.settings);
    if (limits.of(tenant).deletionMode === "disabled") {
      throw new BadRequest("deletion is not available for this tenant", { status: 403 });
    }
    return { tenant, params: urlOf(request).searchParams };
  }

  async function add(call: Call): Promise<Response> {
    const { tenant, params } = asking(call);
    const sent = {
      query: params.get("query") ?? "",
      start: params.get("start") ?? "",
      end: params.get("end") ?? "",
      maxInterval: params.get("max_interval") ?? "",
    };
    const now = clock.now();
    const given = { tenant, intervalMaxMs: context.intervalMaxMs };
    const parts = newRequest(sent, { ...given, now });
    const known = await requests.list(tenant);
    const pending = known.filter(({ status }) => status === "received").length;
    if (pending + parts.length > PENDING_MAX) {
      throw new LimitExceeded(
        "delete_requests",
        `${pending} parts of delete requests are pending, ${parts.length} more would pass ${PENDING_MAX}`,
        { status: 429 },
      );
    }
    await keep((shift) =>
      shift === 0n ? parts : newRequest(sent, { ...given, now: now + shift }),
    );
    metrics.count("loki_compactor_delete_requests_received_total", 1, { user: tenant });
    // Without the query: what somebody wants gone should not be in our own log.
    const { id } = parts[0]!;
    journal.log("info", "delete request received", { user: tenant, id, parts: parts.length });
    return new Response(null, { status: 204 });
  }

  async function keep(make: (shift: bigint) => readonly DeleteRequest[]): Promise<void> {
    try {
      for (let shift = 0n; ; shift++) {
        try {
          await requests.add(make(shift));
          return;
        } catch (error) {
          if (!(error instanceof BadRequest) || shift === BigInt(ID_TRIES)) throw error;
        }
      }
    } finally {
      // Also when it failed: the world may have taken it all the same.
      context.changed();
    }
  }

  async function list(call: Call): Promise<Response> {
    const { tenant, params } = asking(call);
    const forQueries = params.get("for_querytime_filtering") === "true";
    const parts = await (forQueries ? context.active(tenant) : requests.list(tenant));
    return jsonResponse(`[${wishesOf(parts).map(printWish).join(",")}]\n`, JSON_TYPE.data);
  }

  async function cancel(call: Call): Promise<Response> {
    const { tenant, params } = asking(call);
    const id = params.get("request_id") ?? "";
    if (id === "") throw new BadRequest("request_id not set");
    const parts = (await requests.list(tenant)).filter((part) => part.id === id);
    if (parts.length === 0) {
      throw new BadRequest("could not find delete request with given id", { status: 404 });
    }
    const done = parts.filter(({ status }) => status === "processed").length;
    if (done < parts.length && done > 0 && params.get("force") !== "true") {
      throw new BadRequest(
        "Unable to cancel partially completed delete request. To force, use the ?force query parameter",
      );
    }
    try {
      if (done === parts.length || !(await requests.cancel(tenant, id))) {
        throw new BadRequest(
          "deletion of request which is in process or already processed is not allowed",
        );
      }
    } finally {
      context.changed();
    }
    journal.log("info", "delete request cancelled", { user: tenant, id });
    return new Response(null, { status: 204 });
  }

  async function generation(call: Call): Promise<Response> {
    const { tenant } = asking(call);
    return jsonResponse(`${jsonText(await requests.generation(tenant))}\n`, JSON_TYPE.data);
  }

  return [
    {
      path: "/loki/api/v1/delete",
      methods: { POST: add, PUT: add, GET: list, DELETE: cancel },
      newline: true,
    },
    route(["GET"], "/loki/api/v1/cache/generation_numbers", generation),
  ];
}

/** The parts of each wish, oldest wish first. */
function wishesOf(parts: readonly DeleteRequest[]): DeleteRequest[][] {
  const wishes = [...grouped(parts, ({ id }) => id).values()];
  return wishes.sort(([a], [b]) => a!.createdMs - b!.createdMs);
}

function printWish(parts: readonly DeleteRequest[]): string {
  const { id, query, createdMs } = parts[0]!;
  const start = Math.min(...parts.map(({ startMs }) => startMs));
  const end = Math.max(...parts.map(({ endMs }) => endMs));
  const receipts = parts.flatMap(({ receipt }) => receipt ?? []);
  return (
    `{"request_id":${jsonText(id)},"start_time":${start / 1000},"end_time":${end / 1000},` +
    `"query":${jsonText(query)},"status":"${statusOf(parts)}","created_at":${createdMs / 1000}` +
    `${receipts.length === 0 ? "" : `,"receipt":${printReceipt(receipts)}`}}`
  );
}

function statusOf(parts: readonly DeleteRequest[]): string {
  const done = parts.filter(({ status }) => status === "processed").length;
  if (done === 0) return "received";
  return done === parts.length
    ? "processed"
    : `${Math.floor((100 * done) / parts.length)}% Complete`;
}

/** Ours: what was found and removed, of all parts that are done. */
function printReceipt(receipts: readonly DeleteReceipt[]): string {
  const sum = (key: keyof DeleteReceipt) => receipts.reduce((total, one) => total + one[key], 0);
  return JSON.stringify({
    processed_at: Math.max(...receipts.map(({ processedMs }) => processedMs)) / 1000,
    lines_matched: sum("linesMatched"),
    lines_removed: sum("linesRemoved"),
    chunks_removed: sum("chunksRemoved"),
    chunks_rewritten: sum("chunksRewritten"),
  });
}
