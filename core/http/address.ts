/** What was asked for, as a URL. Requests of HTTP/1.0 may come without a host: runtimes then give the path alone. */

/** The host of a request that names none; nobody who looks at hosts is a browser's page then. */
const NO_HOST = "http://localhost";

export function urlOf({ url }: Pick<Request, "url">): URL {
  // Not as a base: of `//name/x` that would make another host.
  return new URL(url.startsWith("/") ? NO_HOST + url : url);
}
