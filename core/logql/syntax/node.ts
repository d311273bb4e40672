/** Reading the parse tree that ohm-js gives: its input is one character a token, so places count tokens. */
import type { Node } from "ohm-js";
import type { Token } from "./tokens.ts";

/** What the builders read: a node of the parse tree and the tokens of the whole query. */
export interface Parsed {
  readonly node: Node;
  readonly tokens: readonly Token[];
}

/** The children of a node. */
export function parts({ node, tokens }: Parsed): Parsed[] {
  return node.children.map((child) => ({ node: child, tokens }));
}

export function part(parsed: Parsed, index: number): Parsed {
  return { node: parsed.node.child(index), tokens: parsed.tokens };
}

/** The one child of `x?`, undefined when it is not there. */
export function optional(parsed: Parsed): Parsed | undefined {
  return parsed.node.children.length === 0 ? undefined : part(parsed, 0);
}

/** The items of a `listOf<…>` or `nonemptyListOf<…>`. */
export function items(list: Parsed): Parsed[] {
  const { ctorName } = list.node;
  if (ctorName === "listOf") return items(part(list, 0));
  if (ctorName === "emptyListOf") return [];
  return [part(list, 0), ...parts(part(list, 2))];
}

/** The rule of a node, or of its one child where the rule is a choice: `stage_line` for `stage`. */
export function ruleOf(parsed: Parsed): string {
  return parsed.node.ctorName;
}

/** The text of the first token below the node. */
export function textOf({ node, tokens }: Parsed): string {
  return tokens[node.source.startIdx]!.text;
}
