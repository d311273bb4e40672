/**
 * `POST /otlp/v1/logs`: logs of OpenTelemetry over HTTP (spec http-api §3.6). Errors are `google.rpc.Status` in
 * protobuf; what is our fault is 503, which exporters try again.
 */
import { ProtoWriter } from "../bytes/proto.ts";
import type { Distributor } from "../distributor/distributor.ts";
import { answerOf } from "./errors.ts";
import { readPush } from "./read-push.ts";
import { type Call, type Route, route } from "./router.ts";
import type { HttpSettings, Services } from "./services.ts";
import { TENANT_HEADER, tenantOf } from "./tenant.ts";

export function otlpRoutes(
  distributor: Distributor,
  services: Services,
  settings: HttpSettings,
): Route[] {
  async function push({ request }: Call): Promise<Response> {
    const tenant = tenantOf(request.headers.get(TENANT_HEADER), settings);
    try {
      await distributor.pushOtlp(tenant, await readPush(request, settings));
      return new Response(null, { status: 204 });
    } catch (error) {
      const { status, text, level } = answerOf(error);
      if (level !== undefined) services.journal.log(level, "push over OTLP failed", { err: error });
      return statusResponse(status === 500 ? 503 : status, text);
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
