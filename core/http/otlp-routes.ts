/**
 * `POST /otlp/v1/logs`: logs of OpenTelemetry over HTTP (spec http-api §3.6). Errors are `google.rpc.Status` in
 * protobuf; what is our fault is 503, which exporters try again.
 */
import { ProtoWriter } from "../bytes/proto.ts";
import type { Distributor } from "../distributor/distributor.ts";
import type { Journal } from "../ports/journal.ts";
import { answerOf } from "./errors.ts";
import { leavesBody } from "./form.ts";
import { type PushDoor, withPush } from "./read-push.ts";
import { type Call, type Route, route } from "./router.ts";
import { TENANT_HEADER, tenantOf } from "./tenant.ts";

export function otlpRoutes(
  distributor: Distributor,
  { door, journal }: { door: PushDoor; journal: Journal },
): Route[] {
  async function push({ request }: Call): Promise<Response> {
    const tenant = tenantOf(request.headers.get(TENANT_HEADER), door.settings);
    try {
      await withPush(request, door, (body) => distributor.pushOtlp(tenant, body));
      return new Response(null, { status: 204 });
    } catch (error) {
      const { status, text, level } = answerOf(error);
      if (level !== undefined) journal.log(level, "push over OTLP failed", { err: error });
      const response = statusResponse(status === 500 ? 503 : status, text);
      if (leavesBody(error)) response.headers.set("Connection", "close");
      return response;
    }
  }

  return [route(["POST"], "/otlp/v1/logs", push)];
}

/** `google.rpc.Status{2: message}` */
function statusResponse(status: number, text: string): Response {
  return new Response(new ProtoWriter().string(2, text).take(), {
    status,
    headers: { "Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff" },
  });
}
