/** `/openapi.json`: this process's own API, described from the routes that it has. */
import { openApi } from "./openapi.ts";
import { JSON_TYPE, jsonResponse } from "./responses.ts";
import { type Route, route } from "./router.ts";
import type { HttpSettings, Services } from "./services.ts";

/** Describes itself, too. */
export function openApiRoute(
  others: readonly Route[],
  { admin }: Pick<Services, "admin">,
  { pathPrefix }: HttpSettings,
): Route {
  let text: string | undefined;
  const own: Route = route(["GET"], "/openapi.json", () => {
    text ??= JSON.stringify(
      openApi([...others, own], { version: admin.build.version, prefix: pathPrefix }),
    );
    return jsonResponse(text, JSON_TYPE.metric);
  });
  return own;
}
