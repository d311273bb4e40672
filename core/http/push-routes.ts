/** `POST /loki/api/v1/push`, its old name, and the same over OTLP. */
import { Distributor } from "../distributor/distributor.ts";
import type { Pusher } from "../ports/pusher.ts";
import { otlpRoutes } from "./otlp-routes.ts";
import { PushGate } from "./push-gate.ts";
import { type PushDoor, withPush } from "./read-push.ts";
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
    journal: services.journal,
    ...(services.streamRates === undefined ? {} : { streamRates: services.streamRates }),
    ...(services.chunkAgeMaxMs === undefined ? {} : { chunkAgeMaxMs: services.chunkAgeMaxMs }),
    ...(services.distributors === undefined ? {} : { distributors: services.distributors }),
  });
  const gate = new PushGate({
    pushesMax: settings.pushesInflightMax,
    bytesMax: settings.pushBytesInflightMax,
    meter: metrics,
  });
  const door: PushDoor = { gate, clock, settings };

  async function push({ request }: Call): Promise<Response> {
    const tenant = tenantOf(request.headers.get(TENANT_HEADER), settings);
    await withPush(request, door, (body) => distributor.push(tenant, body));
    return new Response(null, { status: 204 });
  }

  return [
    route(["POST"], "/loki/api/v1/push", push),
    route(["POST"], "/api/prom/push", push),
    ...otlpRoutes(distributor, { door, journal: services.journal }),
  ];
}
