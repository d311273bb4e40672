/** Flushing and stopping an ingester by hand (spec http-api §6.2). */
import { BadRequest } from "../model/errors.ts";
import { textResponse } from "./errors.ts";
import { type BodyDoor, readForm } from "./form.ts";
import { type Call, type Route, route } from "./router.ts";
import type { IngesterAdmin, ShutdownMarker } from "./services.ts";

export function ingesterRoutes(ingester: IngesterAdmin, door: BodyDoor): Route[] {
  function flush(): Response {
    ingester.flush();
    return done();
  }

  async function shutdown({ request }: Call): Promise<Response> {
    const form = await readForm(request, door);
    const flag = (name: string, otherwise: boolean) => {
      const text = form.get(name);
      return text === "" ? otherwise : text === "true";
    };
    return stop({
      flush: flag("flush", true),
      deleteRingTokens: flag("delete_ring_tokens", false),
      terminate: flag("terminate", true),
    });
  }

  async function stop(options: Parameters<IngesterAdmin["shutdown"]>[0]): Promise<Response> {
    if (await ingester.shutdown(options)) return done();
    throw new BadRequest("Ingester is stopping or already stopped.", { status: 503 });
  }

  const flushShutdown = () => stop({ flush: true, deleteRingTokens: false, terminate: false });
  return [
    route(["GET", "POST"], "/flush", flush),
    route(["GET", "POST"], "/ingester/shutdown", shutdown),
    route(["POST"], "/ingester/flush_shutdown", flushShutdown),
    markerRoute(ingester.shutdownMarker),
  ];
}

/** The marker that makes the next stop flush. Without a path for it nothing can be said. */
function markerRoute(marker: ShutdownMarker | undefined): Route {
  const path = "/ingester/prepare_shutdown";
  if (marker === undefined) {
    return route(["GET", "POST", "DELETE"], path, () => new Response(null, { status: 500 }));
  }
  return {
    path,
    newline: true,
    methods: {
      GET: async () => textResponse(200, (await marker.isSet()) ? "set" : "unset"),
      POST: () => marker.set().then(done),
      DELETE: () => marker.clear().then(done),
    },
  };
}

function done(): Response {
  return new Response(null, { status: 204 });
}
