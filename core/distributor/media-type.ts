/** The Content-Type of a push, read as strictly as Go's package mime reads it. */
import { BadRequest } from "../model/errors.ts";

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]*/;
const PARAMETER =
  /^\s*;\s*[!#$%&'*+\-.^_`|~0-9A-Za-z]+=(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|"(?:[^"\\]|\\.)*")/;

/** `application/json` of `application/json; charset=utf-8`. Throws BadRequest in Go's words. */
export function parseMediaType(header: string): string {
  const [before = ""] = header.split(";", 1);
  const type = before.trim().toLowerCase();
  checkType(type);
  let rest = header.slice(before.length);
  for (let match = PARAMETER.exec(rest); match !== null; match = PARAMETER.exec(rest)) {
    rest = rest.slice(match[0].length);
  }
  // A lone semicolon at the end is let pass.
  if (!/^\s*;?\s*$/.test(rest)) throw new BadRequest("mime: invalid media parameter");
  return type;
}

function checkType(type: string): void {
  const first = TOKEN.exec(type)![0];
  if (first === "") throw new BadRequest("mime: no media type");
  const rest = type.slice(first.length);
  if (rest === "") return;
  if (!rest.startsWith("/")) throw new BadRequest("mime: expected slash after first token");
  const subtype = TOKEN.exec(rest.slice(1))![0];
  if (subtype === "") throw new BadRequest("mime: expected token after slash");
  if (rest.length > subtype.length + 1) {
    throw new BadRequest("mime: unexpected content after media subtype");
  }
}
