/**
 * `|> "a <_> b"` and `!>` (spec logql §15): the literals of a pattern in their order, each at its first
 * place after the one before, without ever going back.
 */
import { BadRequest } from "../../model/errors.ts";
import { findBytes } from "./bytes-find.ts";
import { type PatternPart, patternParts } from "./pattern-parts.ts";

export class PatternFilter {
  readonly #literals: readonly Uint8Array[];
  readonly #startsOpen: boolean;
  readonly #endsOpen: boolean;
  readonly #isEmpty: boolean;

  constructor(pattern: string) {
    const parts = patternParts(pattern);
    refuseNames(parts);
    refuseNeighbours(parts);
    this.#literals = parts.flatMap((part) => (part.kind === "literal" ? [part.bytes] : []));
    this.#startsOpen = parts[0]?.kind === "capture";
    this.#endsOpen = parts[parts.length - 1]?.kind === "capture";
    this.#isEmpty = parts.length === 0;
  }

  /** The longest literal: a line without it does not match. */
  get required(): Uint8Array | undefined {
    return [...this.#literals].sort((a, b) => b.length - a.length)[0];
  }

  test(text: Uint8Array, start: number, end: number): boolean {
    if (start === end || this.#isEmpty) return start === end && this.#isEmpty;
    let at = start;
    // A wildcard stands for at least one byte. A literal in front may be found anywhere.
    let distance = this.#startsOpen ? 1 : 0;
    for (const literal of this.#literals) {
      const found = findBytes(text, literal, at, end);
      if (found < 0 || found - at < distance) return false;
      at = found + literal.length;
      distance = 1;
    }
    return this.#endsOpen ? at < end : at === end;
  }
}

function refuseNames(parts: readonly PatternPart[]): void {
  for (const part of parts) {
    if (part.kind === "capture" && part.name !== undefined) {
      throw new BadRequest(`named captures are not allowed: found '<${part.name}>'`);
    }
  }
}

/** Where the first of two wildcards side by side ends nobody can tell. */
function refuseNeighbours(parts: readonly PatternPart[]): void {
  const found = parts.some(
    (part, index) => part.kind === "capture" && parts[index - 1]?.kind === "capture",
  );
  if (found) throw new BadRequest("found consecutive capture '<_><_>': invalid expression");
}
