/** The parts of a pattern expression as bytes. The text itself is read in core/logql/syntax. */
import { captureName, splitPattern } from "../syntax/pattern-text.ts";
import { encodeText } from "./text.ts";

export type PatternPart =
  | { readonly kind: "literal"; readonly bytes: Uint8Array }
  /** Without a name when it is `<_>`. */
  | { readonly kind: "capture"; readonly name: string | undefined };

export function patternParts(pattern: string): PatternPart[] {
  return splitPattern(pattern).map((text) => {
    const name = captureName(text);
    if (name === undefined) return { kind: "literal", bytes: encodeText(text) };
    return { kind: "capture", name: name === "_" ? undefined : name };
  });
}
