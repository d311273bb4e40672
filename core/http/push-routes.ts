/** `POST /loki/api/v1/push`, its old name, and the same over OTLP. */
import { Distributor } from "../distributor/distributor.ts";
import type { Pusher } from "../ports/pusher.ts";
import { otlpRoutes } from "./otlp-routes.ts";
import { readPush } from "./read-push.ts";
import { type Call, type Route, route } from "./router.ts";
import type { HttpSettings, Services } from "./services.ts";
import { TENANT_HEADER, tenantOf } from "./tenant.ts";

export function pushRoutes(pusher: Pusher, services: Services, settings: HttpSettings): Route[] {
  const { limits, clock, codecs, metrics } = services;
  const distributor = new Distributor({
    pusher,
    limits,
    clock,
    codecs,
    meter: metrics,
    bodyBytesMax: settings.pushDecompressedBytesMax,
    ...(services.distributors === undefined ? {} : { distributors: services.distributors }),
  });

  async function push({ request }: Call): Promise<Response> {
    const tenant = tenantOf(request.headers.get(TENANT_HEADER), settings);
    await distributor.push(tenant, await readPush(request, settings));
    return new Response(null, { status: 204 });
  }

  return [
    route(["POST"], "/loki/api/v1/push", push),
    route(["POST"], "/api/prom/push", push),
    ...otlpRoutes(distributor, services, settings),
  ];
}
