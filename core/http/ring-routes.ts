/** Rings as pages for people and as JSON for programs (spec http-api §6.2). */
import { urlOf } from "./address.ts";
import { type BodyDoor, readForm } from "./form.ts";
import { JSON_TYPE, jsonResponse } from "./responses.ts";
import { type Call, type Route, route } from "./router.ts";
import type { HttpSettings, RingMember, RingView, Services } from "./services.ts";

export function ringRoutes({ rings = {}, clock }: Services, settings: HttpSettings): Route[] {
  return Object.entries(rings).map(([path, ring]) => ({
    path,
    newline: true,
    methods: {
      GET: ({ request }: Call) =>
        typeof ring === "string" ? unused(ring) : show(ring, request, clock.nowMs()),
      POST: (call: Call) =>
        typeof ring === "string" ? unused(ring) : forget(ring, call, { clock, settings }),
    },
  }));
}

/** A process without gossip says so. */
export const NO_MEMBERLIST: Route = route(
  ["GET"],
  "/memberlist",
  () =>
    new Response("This instance doesn't use memberlist.", {
      headers: { "Content-Type": "text/plain; charset=utf-8" },
    }),
);

function unused(why: string): Response {
  return html(`<h1>Ring Status</h1><p>${escapeHtml(why)}</p>`);
}

function show(ring: RingView, request: Request, nowMs: number): Response {
  const members = ring.members();
  if (request.headers.get("accept")?.includes("application/json")) {
    const shards = members.map(jsonMember);
    const text = JSON.stringify({ shards, now: isoTime(nowMs) });
    return jsonResponse(text, JSON_TYPE.metric);
  }
  const withTokens = urlOf(request).searchParams.get("tokens") === "true";
  return html(content(members, ring.forget !== undefined, withTokens, nowMs));
}

function html(body: string): Response {
  return new Response(
    `<!DOCTYPE html><html><head><meta charset="UTF-8"><title>Ring Status</title></head><body>${body}</body></html>\n`,
    { headers: { "Content-Type": "text/html; charset=utf-8" } },
  );
}

async function forget(ring: RingView, { request }: Call, door: BodyDoor): Promise<Response> {
  const id = (await readForm(request, door)).get("forget");
  if (id !== "") await ring.forget?.(id);
  return new Response(null, { status: 302, headers: { Location: "#" } });
}

function jsonMember(member: RingMember): Readonly<Record<string, unknown>> {
  return {
    id: member.id,
    state: member.state,
    address: member.address,
    timestamp: isoTime(member.heartbeatMs),
    registered_timestamp: isoTime(member.registeredMs),
    zone: member.zone,
    tokens: member.tokens,
  };
}

const COLUMNS = [
  "Instance ID",
  "Availability Zone",
  "State",
  "Address",
  "Registered At",
  "Last Heartbeat",
  "Tokens",
  "Ownership",
  "Actions",
];

function content(
  members: readonly RingMember[],
  forgets: boolean,
  withTokens: boolean,
  nowMs: number,
): string {
  const owned = ownership(members);
  const rows = members.map((member, index) => {
    const cells = [
      member.id,
      member.zone,
      member.state,
      member.address,
      isoTime(member.registeredMs),
      isoTime(member.heartbeatMs),
      String(member.tokens.length),
      `${((owned[index]! / 2 ** 32) * 100).toFixed(1)}%`,
    ].map((text) => `<td>${escapeHtml(text)}</td>`);
    const button = forgets
      ? `<button name="forget" value="${escapeHtml(member.id)}" type="submit">Forget</button>`
      : "";
    const tokens = withTokens
      ? `<tr><td colspan="${COLUMNS.length}">${member.tokens.join(" ")}</td></tr>`
      : "";
    return `<tr>${cells.join("")}<td>${button}</td></tr>${tokens}`;
  });
  const head = COLUMNS.map((name) => `<th>${name}</th>`).join("");
  return (
    `<h1>Ring Status</h1><p>Current time: ${isoTime(nowMs)}</p><form action="" method="POST">` +
    `<table border="1"><thead><tr>${head}</tr></thead><tbody>${rows.join("")}</tbody></table></form>`
  );
}

/** How many of the 2^32 tokens fall to each member: each token owns what lies between it and the one before. */
function ownership(members: readonly RingMember[]): number[] {
  const owned = members.map(() => 0);
  const tokens = members
    .flatMap(({ tokens }, member) => tokens.map((token) => ({ token, member })))
    .sort((a, b) => a.token - b.token);
  for (const [index, { token, member }] of tokens.entries()) {
    const before = tokens.at(index - 1)!.token;
    owned[member]! += index === 0 ? token - before + 2 ** 32 : token - before;
  }
  return owned;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
