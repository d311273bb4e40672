/** The limits that a tenant may see: for Logs Drilldown as JSON, for people as YAML (spec http-api §4.7). */
import { writeYaml } from "../config/write-yaml.ts";
import { textResponse } from "./errors.ts";
import { JSON_TYPE, jsonResponse } from "./responses.ts";
import { type Call, type Route, route } from "./router.ts";
import type { HttpSettings, LimitsPage, Services } from "./services.ts";
import { TENANT_HEADER, tenantOf } from "./tenant.ts";

export function drilldownRoutes(
  limits: LimitsPage,
  { admin, patterns }: Services,
  settings: HttpSettings,
): Route[] {
  const shown = ({ request }: Call) =>
    limits.of(tenantOf(request.headers.get(TENANT_HEADER), settings));

  function drilldown(call: Call): Response {
    const answer = {
      limits: shown(call),
      pattern_ingester_enabled: patterns !== undefined,
      version: admin.build.version,
    };
    return jsonResponse(`${JSON.stringify(answer)}\n`, JSON_TYPE.metric);
  }

  return [
    route(["GET"], "/loki/api/v1/drilldown-limits", drilldown),
    route(["GET"], "/config/tenant/v1/limits", (call) => textResponse(200, writeYaml(shown(call)))),
  ];
}
