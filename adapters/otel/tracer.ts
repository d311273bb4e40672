/**
 * Traces by OTLP over HTTP, with OpenTelemetry's own SDK, which batches, samples and reads the OTEL_* variables
 * that collectors' operators know. Loaded only when traces are asked for; only this folder imports it.
 */
import { type Context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { Tracer } from "../../core/ports/tracer.ts";

export interface OtelOptions {
  /** Where traces go, `http://collector:4318/v1/traces`; undefined for what OTEL_EXPORTER_OTLP_* say. */
  readonly url?: string | undefined;
  readonly serviceName: string;
  readonly version: string;
  /** Share of the traces that begin here and are kept; others keep to what their caller decided. */
  readonly ratio: number;
}

export interface OtelTracer extends Tracer {
  /** Sends what is waiting, within a bound. Never rejects: a collector that is gone stops nothing. */
  close(): Promise<void>;
}

export function otelTracer({ url, serviceName, version, ratio }: OtelOptions): OtelTracer {
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": serviceName, "service.version": version }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [
      new BatchSpanProcessor({ exporter: new OTLPTraceExporter(url === undefined ? {} : { url }) }),
    ],
  });
  const tracer = provider.getTracer("lokits", version);
  return {
    start(name, { parent, attributes = {} } = {}) {
      const options = { kind: SpanKind.SERVER, attributes };
      const span = tracer.startSpan(name, options, contextOf(parent));
      return {
        traceId: span.isRecording() ? span.spanContext().traceId : undefined,
        set: (key, value) => void span.setAttribute(key, value),
        end: (failed = false) => {
          if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
          span.end();
        },
      };
    },
    close: async () => {
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, CLOSE_MS_MAX);
      await Promise.race([provider.shutdown().catch(() => {}), late]);
      clearTimeout(timer);
    },
  };
}

/** What a stop waits for a collector. */
const CLOSE_MS_MAX = 3_000;

/** W3C trace context: version, trace, parent, flags. What does not have this form is as if it were not there. */
const TRACEPARENT = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-|$)/;

function contextOf(parent: string | undefined): Context {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(parent ?? "") ?? [];
  if (traceId === undefined || spanId === undefined || /^0+$/.test(traceId + spanId)) {
    return ROOT_CONTEXT;
  }
  const traceFlags = Number.parseInt(flags!, 16);
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}
