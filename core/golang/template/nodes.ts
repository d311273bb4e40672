/** The tree of a template, and how Go prints its nodes in errors. */
import { quote } from "../quote.ts";

export interface TextNode {
  readonly kind: "text";
  readonly pos: number;
  readonly text: string;
}

/** `{{ pipeline }}`: prints its value, unless it declares variables. */
export interface ActionNode {
  readonly kind: "action";
  readonly pos: number;
  readonly pipe: PipeNode;
}

export interface BranchNode {
  readonly kind: "if" | "with" | "range";
  readonly pos: number;
  readonly pipe: PipeNode;
  readonly list: readonly Node[];
  readonly elseList: readonly Node[] | undefined;
}

/** `{{ template "name" pipeline }}` */
export interface TemplateNode {
  readonly kind: "template";
  readonly pos: number;
  readonly name: string;
  readonly pipe: PipeNode | undefined;
}

export interface LoopNode {
  readonly kind: "break" | "continue";
  readonly pos: number;
}

export type Node = TextNode | ActionNode | BranchNode | TemplateNode | LoopNode;

/** `$a, $b := first | second` */
export interface PipeNode {
  readonly kind: "pipe";
  readonly pos: number;
  readonly isAssign: boolean;
  readonly variables: readonly VariableNode[];
  readonly commands: readonly CommandNode[];
}

/** A function or value and its arguments. */
export interface CommandNode {
  readonly kind: "command";
  readonly pos: number;
  readonly args: readonly ArgNode[];
}

/** `$x.a.b`: the first name is the variable's, with its dollar. */
export interface VariableNode {
  readonly kind: "variable";
  readonly pos: number;
  readonly names: readonly string[];
}

/** `.a.b` */
export interface FieldNode {
  readonly kind: "field";
  readonly pos: number;
  readonly names: readonly string[];
}

/** `(pipeline).a.b` */
export interface ChainNode {
  readonly kind: "chain";
  readonly pos: number;
  readonly base: ArgNode;
  readonly names: readonly string[];
}

export interface NumberNode {
  readonly kind: "number";
  readonly pos: number;
  readonly text: string;
  /** Undefined when the number is no int64. */
  readonly int: bigint | undefined;
  /** Undefined when the number is no float64. */
  readonly float: number | undefined;
  /** Whether it is written as a float: with a point or an exponent. */
  readonly isFloat: boolean;
}

export interface StringNode {
  readonly kind: "string";
  readonly pos: number;
  readonly quoted: string;
  readonly text: string;
}

export interface BoolNode {
  readonly kind: "bool";
  readonly pos: number;
  readonly value: boolean;
}

export type ConstantNode = BoolNode | NumberNode | StringNode;

export type ArgNode =
  | ConstantNode
  | PipeNode
  | VariableNode
  | FieldNode
  | ChainNode
  | { readonly kind: "identifier"; readonly pos: number; readonly name: string }
  | { readonly kind: "dot"; readonly pos: number }
  | { readonly kind: "nil"; readonly pos: number };

export type AnyNode = Node | ArgNode | CommandNode;

export function printNode(node: AnyNode): string {
  switch (node.kind) {
    case "text":
      return node.text;
    case "action":
      return `{{${printNode(node.pipe)}}}`;
    case "if":
    case "with":
    case "range": {
      const otherwise =
        node.elseList === undefined ? "" : `{{else}}${node.elseList.map(printNode).join("")}`;
      const list = node.list.map(printNode).join("");
      return `{{${node.kind} ${printNode(node.pipe)}}}${list}${otherwise}{{end}}`;
    }
    case "template": {
      const pipe = node.pipe === undefined ? "" : ` ${printNode(node.pipe)}`;
      return `{{template ${quote(node.name)}${pipe}}}`;
    }
    case "break":
    case "continue":
      return `{{${node.kind}}}`;
    case "pipe": {
      const names = node.variables.map(printNode).join(", ");
      const commands = node.commands.map(printNode).join(" | ");
      return names === "" ? commands : `${names} ${node.isAssign ? "=" : ":="} ${commands}`;
    }
    case "command":
      return node.args
        .map((arg) => (arg.kind === "pipe" ? `(${printNode(arg)})` : printNode(arg)))
        .join(" ");
    case "variable":
      return node.names.join(".");
    case "field":
      return node.names.map((name) => `.${name}`).join("");
    case "chain": {
      const base = node.base.kind === "pipe" ? `(${printNode(node.base)})` : printNode(node.base);
      return base + node.names.map((name) => `.${name}`).join("");
    }
    case "number":
      return node.text;
    case "string":
      return node.quoted;
    case "identifier":
      return node.name;
    case "bool":
      return `${node.value}`;
    case "dot":
      return ".";
    case "nil":
      return "nil";
  }
}
