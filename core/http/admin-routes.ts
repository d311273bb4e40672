/** What operators and their tools ask of every process (spec http-api §6). */

import { urlOf } from "./address.ts";
import { textResponse } from "./errors.ts";
import { contentTypeOf, formatFor } from "./exposition.ts";
import { readForm } from "./form.ts";
import { gzipped } from "./gzip.ts";
import { levelNamed } from "./journal.ts";
import { sizedResponse } from "./measured.ts";
import { JSON_TYPE, jsonResponse } from "./responses.ts";
import { type Call, type Route, route } from "./router.ts";
import type { Admin, HttpSettings, Services } from "./services.ts";

export function adminRoutes({ admin, metrics, clock }: Services, settings: HttpSettings): Route[] {
  function ready(): Response {
    const { ok, text } = admin.ready();
    return textResponse(ok ? 200 : 503, `${text}\n`);
  }

  function services(): Response {
    const lines = admin.services().map(({ name, state }) => `${name} => ${state}\n`);
    return textResponse(200, lines.join(""));
  }

  function config({ request }: Call): Response {
    const mode = urlOf(request).searchParams.get("mode");
    return textResponse(200, admin.config(mode === "diff" || mode === "defaults" ? mode : "all"));
  }

  /** In OpenMetrics for who likes that best. */
  function metricsPage({ request }: Call): Response {
    const format = formatFor(request.headers.get("accept") ?? "");
    const headers = { "Content-Type": contentTypeOf(format), Vary: "Accept" };
    return sizedResponse(metrics.print(format), { headers });
  }

  async function setLogLevel({ request }: Call): Promise<Response> {
    const form = await readForm(request, { clock, settings });
    return logLevelResponse(admin, form.get("log_level"));
  }

  return [
    route(["GET"], "/ready", ready),
    gzipped(route(["GET"], "/metrics", metricsPage), [
      "text/plain",
      "application/openmetrics-text",
    ]),
    route(["GET"], "/config", config),
    route(["GET"], "/services", services),
    route(["GET"], "/analytics", () =>
      textResponse(200, "This instance doesn't report usage statistics.\n"),
    ),
    route(["GET"], "/partition-ring", () =>
      textResponse(200, "This instance doesn't use a partition ring.\n"),
    ),
    route(["GET"], "/loki/api/v1/status/buildinfo", () =>
      jsonResponse(JSON.stringify(admin.build), JSON_TYPE.metric),
    ),
    {
      path: "/log_level",
      methods: {
        GET: () => message(`Current log level is ${admin.logLevel()}`),
        POST: setLogLevel,
      },
      newline: true,
    },
  ];
}

function logLevelResponse(admin: Admin, name: string): Response {
  const level = levelNamed(name);
  if (level === undefined) {
    const text = `unrecognized log level ${JSON.stringify(name)}`;
    return jsonResponse(
      `${JSON.stringify({ status: "failed", message: text })}\n`,
      JSON_TYPE.metric,
      400,
    );
  }
  admin.setLogLevel(level);
  const answer = { status: "success", message: `Log level set to ${level}` };
  return jsonResponse(`${JSON.stringify(answer)}\n`, JSON_TYPE.metric);
}

function message(text: string): Response {
  return jsonResponse(`${JSON.stringify({ message: text })}\n`, JSON_TYPE.metric);
}
