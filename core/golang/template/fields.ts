/** The fields of the labels that a template names: `.a`, `$.a`. */
import type { ArgNode, Node, PipeNode } from "./nodes.ts";

export function* fieldsOf(nodes: readonly Node[]): Generator<string> {
  for (const node of nodes) {
    if ("pipe" in node && node.pipe !== undefined) yield* fieldsOfPipe(node.pipe);
    if ("list" in node) {
      yield* fieldsOf(node.list);
      yield* fieldsOf(node.elseList ?? []);
    }
  }
}

function* fieldsOfPipe({ commands }: PipeNode): Generator<string> {
  for (const { args } of commands) {
    for (const arg of args) yield* fieldsOfArg(arg);
  }
}

function* fieldsOfArg(arg: ArgNode): Generator<string> {
  switch (arg.kind) {
    case "field":
      yield arg.names[0]!;
      break;
    case "variable":
      // $ is the labels, so $.a is the label a.
      if (arg.names[0] === "$" && arg.names.length > 1) yield arg.names[1]!;
      break;
    case "chain":
      yield* fieldsOfArg(arg.base);
      break;
    case "pipe":
      yield* fieldsOfPipe(arg);
      break;
  }
}
