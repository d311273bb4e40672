/** The body of a push as it comes over HTTP. */
import type { PushBody } from "../distributor/body.ts";
import { readBytes } from "./form.ts";
import type { HttpSettings } from "./services.ts";

export async function readPush(request: Request, settings: HttpSettings): Promise<PushBody> {
  return {
    bytes: await readBytes(request, settings.pushBytesMax),
    contentType: request.headers.get("content-type") ?? "",
    contentEncoding: request.headers.get("content-encoding") ?? "",
  };
}
