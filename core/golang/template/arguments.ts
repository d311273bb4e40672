/** What parameters take: values of their type, and constants that can be written for it. */
import type { TypeName } from "./functions.ts";
import { type ConstantNode, type NumberNode, printNode } from "./nodes.ts";
import type { TemplateError } from "./template-error.ts";
import { Int, Time, type Value } from "./values.ts";

/** Whether a parameter of the type takes the value as it is. */
export function fits(value: Value, type: TypeName): boolean {
  switch (type) {
    case "any":
    case "value":
      return true;
    case "string":
      return typeof value === "string";
    case "float64":
      return typeof value === "number";
    case "time.Time":
      return value instanceof Time;
    default:
      return value instanceof Int && value.type === type;
  }
}

/** Makes the error of a message, at the node in hand. */
interface Failing {
  error(reason: string): TemplateError;
}

/** The value of a constant as the type has it: 1 is an int, a float or a duration. */
export function constantFor(type: TypeName, node: ConstantNode, at: Failing): Value {
  const text = printNode(node);
  switch (type) {
    case "any":
    case "value":
      return plainConstant(node, at);
    case "string":
      if (node.kind === "string") return node.text;
      throw at.error(`expected string; found ${text}`);
    case "int":
    case "time.Duration":
      if (node.kind === "number" && node.int !== undefined) return new Int(node.int, type);
      throw at.error(`expected integer; found ${text}`);
    case "float64":
      if (node.kind === "number" && node.float !== undefined) return node.float;
      throw at.error(`expected float; found ${text}`);
    case "time.Time":
      throw at.error(`can't handle ${text} for arg of type time.Time`);
  }
}

function plainConstant(node: ConstantNode, at: Failing): Value {
  switch (node.kind) {
    case "bool":
      return node.value;
    case "string":
      return node.text;
    case "number":
      return idealNumber(node, at);
  }
}

/** A number where any type will do is a float when it is written as one. */
function idealNumber({ int, float, isFloat, text }: NumberNode, at: Failing): Value {
  if (isFloat) return float;
  if (int === undefined) throw at.error(`${text} overflows int`);
  return new Int(int);
}
