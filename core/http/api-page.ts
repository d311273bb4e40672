/** The API as a page for people, `core/http/API.md`, from the same routes as `/openapi.json`. */
import { accessOf } from "./access.ts";
import { methodsOf, templateOf } from "./openapi.ts";
import { docOf } from "./route-docs.ts";
import type { ParameterDoc, Route, RouteDoc } from "./router.ts";

const HEADING = `# HTTP API

Made by \`scripts/api-reference.ts\` from the routes; \`GET /openapi.json\` of a running server is the same for programs. Paths
lie below \`server.http_path_prefix\`. Parameters stand in the URL or, in a POST, in a form; what stands in the form comes
first. Errors are plain text. Who names no tenant where one is needed is answered 401, who names none that may be one 400.
With an \`auth\` block every route but those of \`auth.open_paths\` may answer 401, 403 and 429. Routes that say "operators" answer
403 to who asks from another machine, or through a proxy that says so, until \`server.admin_routes\` opens them.
`;

const TENANTS: Readonly<Record<RouteDoc["tenants"], string>> = {
  none: "no tenant",
  one: "one tenant",
  many: "one tenant or several",
};

export function apiPage(routes: readonly Route[]): string {
  const groups = new Map<string, string[]>();
  for (const route of routes) {
    const doc = docOf(route);
    if (doc === undefined) continue;
    const sections = groups.get(doc.group) ?? [];
    sections.push(section(route, doc));
    groups.set(doc.group, sections);
  }
  const parts = [...groups].map(([group, sections]) => `\n## ${group}\n${sections.join("")}`);
  return HEADING + parts.join("");
}

function section(route: Route, doc: RouteDoc): string {
  const { summary, tenants, parameters = [], body, answers, ours, deprecated, urlOnly } = doc;
  const title = `${methodsOf(route).join(", ")} ${templateOf(route.path)}`;
  const notes = [
    ...operators(route),
    `${TENANTS[tenants]}${ours === undefined ? "" : "; not part of Loki"}`,
    ...(urlOnly === undefined ? [] : ["parameters in the URL only"]),
    ...(deprecated === undefined ? [] : [`deprecated: ${deprecated}`]),
  ];
  const lines = [`\n### \`${title}\`\n`, `${summary} (${notes.join("; ")})\n`];
  if (parameters.length > 0) {
    lines.push("| parameter | what | default |", "|---|---|---|", ...parameters.map(row), "");
  }
  if (body !== undefined) lines.push(`Body: ${body.text} (${body.types.join(", ")})\n`);
  for (const [status, { text, type, example }] of Object.entries(answers)) {
    const kind = type === undefined ? "" : ` \`${type}\``;
    lines.push(`- ${status}${kind}: ${text}${example === undefined ? "" : ` \`${example}\``}`);
  }
  return `${lines.join("\n")}\n`;
}

/** The methods that are for operators, where not all are. */
function operators(route: Route): string[] {
  const methods = methodsOf(route);
  const theirs = methods.filter((method) => accessOf(route.path, method) === "operate");
  if (theirs.length === 0) return [];
  return [theirs.length === methods.length ? "operators" : `operators: ${theirs.join(", ")}`];
}

function row({ name, text, required, otherwise, among }: ParameterDoc): string {
  const allowed =
    among === undefined ? "" : ` One of ${among.map((each) => `\`${each}\``).join(", ")}.`;
  const absent = required === undefined ? (otherwise ?? "") : "required";
  return `| \`${name}\` | ${(text + allowed).replaceAll("|", "\\|")} | ${absent} |`;
}
