/**
 * Routes as Loki has them: a path, its methods, a handler. What is no route is 404 with Go's text, a
 * method that a path does not have is 405 without one.
 */
// The HTTP framework, which runs on every runtime: https://hono.dev.
import { type Context, Hono } from "hono";
import { urlOf } from "./address.ts";
import { answerOf, textResponse } from "./errors.ts";
import { leavesBody } from "./form.ts";
import type { Gate } from "./gate.ts";

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** One request on its way to its handler. */
export interface Call {
  readonly request: Request;
  /** Parts of the path, decoded: `name` of `/label/:name/values`. */
  readonly params: Readonly<Record<string, string>>;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
  /** What the runtime gave beside the request. */
  readonly env: unknown;
}

export type Handler = (call: Call) => Response | Promise<Response>;

export interface Route {
  readonly path: string;
  readonly methods: Readonly<Partial<Record<Method, Handler>>>;
  /**
   * Whether error texts of this route end with a newline: those of Loki's handlers do, those of its
   * query frontend do not.
   */
  readonly newline: boolean;
  /** What the API's description says of it; most routes have theirs in route-docs.ts. */
  readonly doc?: RouteDoc;
}

/** A route as `/openapi.json` describes it. */
export interface RouteDoc {
  readonly summary: string;
  readonly group: string;
  /** How many tenants may be named in the header; `none` where it is not looked at. */
  readonly tenants: "none" | "one" | "many";
  readonly parameters?: readonly ParameterDoc[];
  /** What stands in the body, where it is no form of the parameters. */
  readonly body?: { readonly types: readonly string[]; readonly text: string };
  /** Answers by status, beside those of missing and wrong tenants. */
  readonly answers: Readonly<Record<number, AnswerDoc>>;
  /** Parameters count in the URL only, whatever the method. */
  readonly urlOnly?: true;
  /** Not part of Loki. */
  readonly ours?: true;
  /** Kept for old clients; the text says what to use. */
  readonly deprecated?: string;
}

export interface ParameterDoc {
  readonly name: string;
  readonly text: string;
  readonly type: "string" | "integer" | "boolean" | "list";
  readonly required?: true;
  /** As a request without it is understood. */
  readonly otherwise?: string;
  readonly among?: readonly string[];
}

export interface AnswerDoc {
  readonly text: string;
  /** Content type, without one there is no body. */
  readonly type?: string;
  readonly example?: string;
}

/** Sees every request: its route, how it went, what failed. */
export interface Observer {
  /** The same answer, whose body is measured on its way; without it nobody measures. */
  sized?(response: Response, of: { readonly method: string; readonly route: string }): Response;
  begin(request: Request, route: string): (status: number, error?: unknown) => void;
}

/** A route whose methods share a handler. */
export function route(
  methods: readonly Method[],
  path: string,
  handler: Handler,
  options: { newline?: boolean } = {},
): Route {
  const entries = methods.map((method) => [method, handler]);
  return { path, methods: Object.fromEntries(entries), newline: options.newline ?? true };
}

export interface MountOptions {
  /** Stands before every path. */
  readonly prefix: string;
  readonly observer: Observer;
  /** Without one everybody may ask for everything. */
  readonly gate?: Gate | undefined;
}

export function mount(routes: readonly Route[], options: MountOptions): Hono {
  const { prefix, observer } = options;
  const app = new Hono({ getPath: pathOf });
  for (const each of routes) {
    const label = routeLabel(each.path);
    app.all(prefix + each.path, async (context) =>
      sized(await serve(each, label, context, options), context, label),
    );
  }
  app.notFound((context) => {
    const done = observer.begin(context.req.raw, "other");
    done(404);
    return sized(textResponse(404, "404 page not found\n"), context, "other");
  });
  return app;

  function sized(response: Response, { req }: Context, route: string): Response {
    return observer.sized?.(response, { method: req.raw.method, route }) ?? response;
  }
}

async function serve(
  route: Route,
  label: string,
  context: Context,
  { observer, gate }: MountOptions,
): Promise<Response> {
  const request = context.req.raw;
  const done = observer.begin(request, label);
  const handler = handlerOf(route, request.method);
  if (handler === undefined) {
    done(405);
    return new Response(null, { status: 405 });
  }
  try {
    const refusal = await gate?.(request, { path: route.path, env: context.env });
    if (refusal !== undefined) {
      done(refusal.status);
      return refusal;
    }
    const call = { request, params: context.req.param(), signal: request.signal, env: context.env };
    const response = await handler(call);
    done(response.status);
    return response;
  } catch (error) {
    const { status, text } = answerOf(error);
    done(status, error);
    // Whoever does not say who they are is stopped before the frontend.
    const newline = route.newline || status === 401;
    const response = textResponse(status, newline && !text.endsWith("\n") ? `${text}\n` : text);
    if (leavesBody(error)) response.headers.set("Connection", "close");
    return response;
  }
}

/** HEAD asks what GET would answer, without the body. */
function handlerOf({ methods }: Route, method: string): Handler | undefined {
  const name = method === "HEAD" ? "GET" : method;
  // Any word may be a method, and an object knows more words than its own.
  return Object.hasOwn(methods, name) ? methods[name as Method] : undefined;
}

/** The route as metrics name it: `loki_api_v1_label_name_values`. */
export function routeLabel(path: string): string {
  const label = path.replaceAll("/", "_").replaceAll(":", "").replace(/^_/, "").toLowerCase();
  return label === "" ? "root" : label;
}

const ESCAPED = /%[\da-f]{2}/gi;
/** What means the same escaped or not (RFC 3986 §6.2.2.2); routes are made of nothing else. */
const UNRESERVED = /[\w.~-]/;

/**
 * The path with letters as letters, as Go's mux sees them. Separators and signs of percent stay escaped:
 * a part of the path is decoded once, by whoever takes it apart.
 */
function pathOf(request: Request): string {
  const { pathname } = urlOf(request);
  // Fast path: hardly anybody escapes what needs no escape.
  if (!pathname.includes("%")) return pathname;
  return pathname.replace(ESCAPED, (escaped) => {
    const char = String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
    return UNRESERVED.test(char) ? char : escaped;
  });
}
