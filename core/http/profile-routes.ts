/**
 * `/debug/pprof/*` and `/debug/fgprof` at Go's paths (spec http-api §2). Where time goes and what memory holds
 * are told in pprof's format; what only Go has is refused with a text that says so.
 */
import { ENCODINGS } from "../ports/codecs.ts";
import type { Profiler } from "../ports/profiler.ts";
import { urlOf } from "./address.ts";
import { textResponse } from "./errors.ts";
import { sizedResponse } from "./measured.ts";
import { encodePprof, type Profile } from "./pprof.ts";
import { type Call, type Route, route } from "./router.ts";
import type { Services } from "./services.ts";

const SECONDS_DEFAULT = 30;
/** Longest profile: someone waits for the answer. */
const SECONDS_MAX = 600;

/** Profiles that there are, and what each is. */
const PROFILES = {
  cmdline: "The command line of this process, secrets masked; words end with a zero byte.",
  heap: "Objects in memory by their kind. gc=1 collects garbage first, debug=1 gives text.",
  profile: "What runs, for seconds=30. Read it with: go tool pprof URL",
} as const;

/** Profiles of Go's, and why there are none here. */
const ABSENT: Readonly<Record<string, string>> = {
  allocs: "this runtime does not count what was allocated and is gone; heap tells what is there",
  block: "one thread of JavaScript waits for nobody",
  goroutine: "this runtime has no goroutines, and what waits has no stack",
  mutex: "one thread of JavaScript has no mutexes",
  symbol: "profiles of this process name their functions themselves",
  threadcreate: "this runtime does not record what made its threads",
  trace: "this runtime has no execution tracer; tracing over OTLP tells of requests",
};

export function profileRoutes(profiler: Profiler, services: Services): Route[] {
  const { clock, codecs, commandLine = [] } = services;
  let busy = false;

  async function profile(call: Call): Promise<Response> {
    const seconds = secondsOf(call);
    if (seconds > SECONDS_MAX) {
      return textResponse(400, `seconds must be at most ${SECONDS_MAX}, got ${seconds}\n`);
    }
    if (busy) {
      const text = "Could not enable CPU profiling: cpu profiling already in use\n";
      return textResponse(500, text);
    }
    busy = true;
    try {
      const [time, startMs] = [clock.now(), clock.ticksMs()];
      const { periodUs, stacks } = await profiler.cpu(seconds * 1000, call.signal);
      const periodNs = periodUs * 1000;
      return await pprofResponse("profile", {
        types: [
          ["samples", "count"],
          ["cpu", "nanoseconds"],
        ],
        samples: stacks.map(({ frames, count }) => ({
          frames,
          values: [count, count * periodNs],
        })),
        time,
        durationNs: Math.round((clock.ticksMs() - startMs) * 1e6),
        period: { type: ["cpu", "nanoseconds"], value: periodNs },
      });
    } finally {
      busy = false;
    }
  }

  async function heap({ request }: Call): Promise<Response> {
    const params = urlOf(request).searchParams;
    const { sizes, objects } = await profiler.heap({ collect: isSet(params.get("gc")) });
    const sorted = [...objects].sort(([, a], [, b]) => b - a);
    if (isSet(params.get("debug"))) {
      const lines = [...Object.entries(sizes), ["", ""], ...sorted];
      return textResponse(
        200,
        lines.map(([name, value]) => `${`${name} ${value}`.trim()}\n`).join(""),
      );
    }
    return await pprofResponse("heap", {
      types: [["inuse_objects", "count"]],
      samples: sorted.map(([name, count]) => ({
        frames: [{ name, file: "", line: 0 }],
        values: [count],
      })),
      time: clock.now(),
    });
  }

  async function pprofResponse(name: string, profile: Profile): Promise<Response> {
    const body = await codecs.compress(ENCODINGS.gzip, encodePprof(profile));
    const headers = {
      "Content-Type": "application/octet-stream",
      "Content-Disposition": `attachment; filename="${name}"`,
      "X-Content-Type-Options": "nosniff",
    };
    return new Response(new Uint8Array(body), { headers });
  }

  function named(call: Call): Response | Promise<Response> {
    const name = call.params["name"]!;
    switch (name) {
      case "cmdline":
        return textResponse(200, commandLine.join("\0"));
      case "heap":
        return heap(call);
      case "profile":
        return profile(call);
    }
    if (!Object.hasOwn(ABSENT, name)) return textResponse(404, "Unknown profile\n");
    return textResponse(501, `no profile ${name}: ${ABSENT[name]}\n`);
  }

  return [
    route(["GET"], "/debug/pprof/", index),
    route(["GET"], "/debug/pprof/:name", named),
    route(["GET", "POST"], "/debug/fgprof", () =>
      textResponse(
        501,
        "no profile fgprof: what waits has no stack in this runtime; /debug/pprof/profile tells what runs\n",
      ),
    ),
  ];
}

/** As Go takes it: what is no whole number above 0 stands for the default. */
function secondsOf({ request }: Call): number {
  const text = urlOf(request).searchParams.get("seconds") ?? "";
  const seconds = /^\+?\d{1,15}$/.test(text) ? Number(text) : 0;
  return seconds > 0 ? seconds : SECONDS_DEFAULT;
}

function isSet(text: string | null): boolean {
  return text !== null && /^[1-9]\d*$/.test(text);
}

function index(): Response {
  const rows = Object.entries(PROFILES).map(
    ([name, what]) => `<tr><td><a href="${name}">${name}</a></td><td>${what}</td></tr>`,
  );
  const absent = Object.entries(ABSENT).map(
    ([name, why]) => `<tr><td>${name}</td><td>not here: ${why}</td></tr>`,
  );
  const table = `<table>${[...rows, ...absent].join("\n")}</table>`;
  const page = `<!DOCTYPE html><html><head><meta charset="UTF-8"><title>/debug/pprof/</title></head><body><h1>/debug/pprof/</h1>${table}</body></html>\n`;
  return sizedResponse(page, {
    headers: { "Content-Type": "text/html; charset=utf-8", "X-Content-Type-Options": "nosniff" },
  });
}
