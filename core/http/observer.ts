/** Requests in our own metrics and log. */

import { maskParameters } from "../config/mask.ts";
import { Corrupt } from "../model/errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Journal } from "../ports/journal.ts";
import type { Meter } from "../ports/meter.ts";
import type { Tracer } from "../ports/tracer.ts";
import { urlOf } from "./address.ts";
import { answerOf, BehindFrontend } from "./errors.ts";
import { measured } from "./measured.ts";
import type { Observer } from "./router.ts";

export interface ObserverOptions {
  readonly clock: Clock;
  readonly meter: Meter;
  readonly journal: Journal;
  /** Requests that went well are logged as info, not debug. */
  readonly logAtInfo: boolean;
  readonly tracer?: Tracer | undefined;
}

/** Characters of a request's parameters that the log has room for. */
const LOGGED_MAX = 2048;

const METHODS: ReadonlySet<string> = new Set([
  ...["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"],
]);

/** Any word may be a method, but not every word a series. */
function nameOf(method: string): string {
  return METHODS.has(method) ? method : "other";
}

export function makeObserver(options: ObserverOptions): Observer {
  const { clock, meter, journal, logAtInfo, tracer } = options;
  const inflight = new Map<string, number>();

  function count(method: string, route: string, change: number): void {
    const key = `${method} ${route}`;
    const value = (inflight.get(key) ?? 0) + change;
    inflight.set(key, value);
    meter.gauge("loki_inflight_requests", value, { method, route });
  }

  return {
    sized(response, { method, route }) {
      const labels = { method: nameOf(method), route };
      return measured(response, (bytes) =>
        meter.observe("loki_response_message_bytes", bytes, labels),
      );
    },

    begin(request, route) {
      const method = nameOf(request.method);
      const span = tracer?.start(`${method} ${route}`, {
        parent: request.headers.get("traceparent") ?? undefined,
        attributes: { "http.request.method": method, "http.route": route },
      });
      const startMs = clock.ticksMs();
      count(method, route, 1);
      const size = Number(request.headers.get("content-length") ?? "0");
      if (size > 0) meter.observe("loki_request_message_bytes", size, { method, route });
      return (status, error) => {
        count(method, route, -1);
        const tookMs = clock.ticksMs() - startMs;
        span?.set("http.response.status_code", status);
        span?.end(status >= 500);
        const ws = String(request.headers.get("upgrade")?.toLowerCase() === "websocket");
        const labels = { method, route, status_code: String(status), ws };
        meter.observe("loki_request_duration_seconds", tookMs / 1000, labels);
        const cause = error instanceof BehindFrontend ? error.cause : error;
        const level = (cause === undefined ? undefined : answerOf(cause).level) ?? "debug";
        if (level === "error" && !(cause instanceof Corrupt)) meter.count("loki_panic_total", 1);
        const fields = {
          method,
          path: pathAndQuery(request),
          status,
          duration: `${tookMs.toFixed(1)}ms`,
          ...(span?.traceId === undefined ? {} : { traceID: span.traceId }),
          ...(cause === undefined ? {} : { err: cause }),
          ...(level === "error" && cause instanceof Error ? { at: placeOf(cause) } : {}),
        };
        journal.log(level === "debug" && logAtInfo ? "info" : level, "request", fields);
      };
    },
  };
}

/** Where an error of ours was thrown: the first lines of its stack, without its text. */
function placeOf({ stack = "" }: Error): string {
  const calls = stack.split("\n").filter((line) => /^\s*at |@/.test(line));
  return calls
    .slice(0, 4)
    .map((line) => line.trim())
    .join(" < ");
}

function pathAndQuery(request: Request): string {
  const { pathname, search } = urlOf(request);
  return maskParameters(pathname + search).slice(0, LOGGED_MAX);
}
