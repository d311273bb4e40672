/** Traces, when somebody collects them: a URL in the configuration or in OpenTelemetry's own variables. */
import type { OtelTracer } from "../../adapters/otel/tracer.ts";
import type { Config } from "../../core/config/config.ts";
import { VERSION } from "../version.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Undefined when nobody collects: then the SDK is not even loaded. */
export async function openTracer(
  config: Config,
  env: Environment = process.env,
): Promise<OtelTracer | undefined> {
  const url = config.text("tracing.otlp_endpoint");
  const named = env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] ?? env["OTEL_EXPORTER_OTLP_ENDPOINT"];
  if (!config.bool("tracing.enabled") || (url === "" && (named ?? "") === "")) return undefined;
  const { otelTracer } = await import("../../adapters/otel/tracer.ts");
  return otelTracer({
    url: url === "" ? undefined : url,
    serviceName: env["OTEL_SERVICE_NAME"] ?? `lokits-${config.text("target")}`,
    version: VERSION,
    ratio: config.number("tracing.sample_ratio"),
  });
}
