/** The HTTP API of a target: the routes of what it has, over one port. */
import type { Hono } from "hono";
import { adminRoutes } from "./admin-routes.ts";
import type { AskContext } from "./asking.ts";
import { contextRoutes } from "./context-routes.ts";
import { detectedRoutes } from "./detected-routes.ts";
import { drilldownRoutes } from "./drilldown-routes.ts";
import { explainRoutes } from "./explain-routes.ts";
import { formatRoutes } from "./format-routes.ts";
import { gzipped } from "./gzip.ts";
import { indexRoutes } from "./index-routes.ts";
import { ingesterRoutes } from "./ingester-routes.ts";
import { labelRoutes } from "./label-routes.ts";
import { makeObserver } from "./observer.ts";
import { openApiRoute } from "./openapi-routes.ts";
import { patternsRoutes } from "./patterns-routes.ts";
import { profileRoutes } from "./profile-routes.ts";
import { pushRoutes } from "./push-routes.ts";
import { makeQueryLog } from "./query-log.ts";
import { queryRoutes } from "./query-routes.ts";
import { NO_MEMBERLIST, ringRoutes } from "./ring-routes.ts";
import { mount, type Route } from "./router.ts";
import { DEFAULT_HTTP_SETTINGS, type HttpSettings, type Services } from "./services.ts";
import { shardsRoutes } from "./shards-routes.ts";
import { tailRoutes } from "./tail-routes.ts";

/** Routes of parts that have files of their own elsewhere may be added. */
export function makeApp(
  services: Services,
  settings: HttpSettings = DEFAULT_HTTP_SETTINGS,
  added: readonly Route[] = [],
): Hono {
  const observer = makeObserver({
    clock: services.clock,
    meter: services.metrics,
    journal: services.journal,
    logAtInfo: settings.logRequestsAtInfo,
    tracer: services.tracer,
  });
  const routes = routesOf(services, settings, added);
  return mount(routes, { prefix: settings.pathPrefix, observer, gate: services.gate });
}

/** Every route there is: what is mounted, and what the description of the API is made of. */
export function routesOf(
  services: Services,
  settings: HttpSettings,
  added: readonly Route[] = [],
): readonly Route[] {
  const { pusher, query, ingester, upgrade } = services;
  const routes: Route[] = [
    ...adminRoutes(services, settings),
    ...ringRoutes(services, settings),
    ...formatRoutes({ clock: services.clock, settings }),
  ];
  if (pusher !== undefined) routes.push(...pushRoutes(pusher, services, settings));
  if (query !== undefined) {
    const context = { query, services, settings };
    const asked = readingRoutes(context);
    routes.push(...(settings.compressResponses ? asked.map((each) => gzipped(each)) : asked));
    if (upgrade !== undefined) routes.push(...tailRoutes(context, upgrade));
  }
  if (ingester !== undefined)
    routes.push(...ingesterRoutes(ingester, { clock: services.clock, settings }));
  if (services.profiler !== undefined) routes.push(...profileRoutes(services.profiler, services));
  if (services.limitsPage !== undefined) {
    routes.push(...drilldownRoutes(services.limitsPage, services, settings));
  }
  routes.push(...added);
  if (!routes.some(({ path }) => path === NO_MEMBERLIST.path)) routes.push(NO_MEMBERLIST);
  routes.push(openApiRoute(routes, services, settings));
  return routes;
}

/** All that is asked of a querier and answered at once. */
function readingRoutes(context: AskContext & { services: Services }): Route[] {
  const { clock, journal, metrics: meter } = context.services;
  return [
    ...queryRoutes(context, makeQueryLog({ clock, journal, meter })),
    ...labelRoutes(context),
    ...indexRoutes(context),
    ...explainRoutes(context),
    ...contextRoutes(context),
    ...detectedRoutes(context),
    ...shardsRoutes(context),
    ...patternsRoutes(context, context.services.patterns),
  ];
}
