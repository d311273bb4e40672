/**
 * Reads a template into its tree, as Go's text/template does: the same grammar, and for a template that
 * is none the same message.
 */
import { quote } from "../quote.ts";
import { unquoteString } from "../unquote.ts";
import { escapeByte, joinBytes } from "./byte-text.ts";
import { ItemReader } from "./item-reader.ts";
import type { Item, ItemKind } from "./lex.ts";
import {
  type ArgNode,
  type BranchNode,
  type ChainNode,
  type CommandNode,
  type Node,
  type PipeNode,
  printNode,
  type TemplateNode,
  type VariableNode,
} from "./nodes.ts";
import { readNumber } from "./read-number.ts";

/** The trees of a template and of those it defines, by name. */
export type Trees = ReadonlyMap<string, readonly Node[]>;

/** Parentheses and blocks within each other. Go goes on until memory ends. */
const NESTING_MAX = 200;

/** `name` is what messages call the template. Throws TemplateError. */
export function parseTemplate(
  name: string,
  text: string,
  hasFunction: (name: string) => boolean,
): Trees {
  return new Parser(name, text, hasFunction).parse();
}

/** `{{end}}` and `{{else}}` end a list; they are no nodes of the tree. */
interface Terminator {
  readonly kind: "end" | "else";
  readonly pos: number;
}

class Parser {
  readonly #name: string;
  readonly #items: ItemReader;
  readonly #hasFunction: (name: string) => boolean;
  readonly #trees = new Map<string, readonly Node[]>();
  #rangeDepth = 0;
  #nesting = 0;
  #variables: string[] = ["$"];

  constructor(name: string, text: string, hasFunction: (name: string) => boolean) {
    this.#name = name;
    this.#items = new ItemReader(name, text);
    this.#hasFunction = hasFunction;
  }

  parse(): Trees {
    const root: Node[] = [];
    while (this.#items.peek().kind !== "eof") {
      const delim = this.#items.at;
      if (this.#items.peek().kind === "leftDelim") {
        this.#items.take();
        if (this.#items.takeNonSpace().kind === "define") {
          this.#definition();
          continue;
        }
        this.#items.at = delim;
      }
      const node = this.#textOrAction();
      if (isTerminator(node)) throw this.#items.error(`unexpected {{${node.kind}}}`);
      root.push(node);
    }
    this.#add(this.#name, root);
    return this.#trees;
  }

  #definition(): void {
    const context = "define clause";
    const name = this.#templateName(this.#items.takeNonSpace(), context);
    this.#items.expect("rightDelim", context);
    const outer = this.#enterTemplate();
    const { list, end } = this.#list();
    this.#leaveTemplate(outer);
    if (end.kind !== "end") throw this.#items.error(`unexpected {{${end.kind}}} in ${context}`);
    this.#add(name, list);
  }

  /** A template sees no variables but its own, and no loop around it. */
  #enterTemplate() {
    const outer = { variables: this.#variables, rangeDepth: this.#rangeDepth };
    this.#variables = ["$"];
    this.#rangeDepth = 0;
    return outer;
  }

  #leaveTemplate(outer: { variables: string[]; rangeDepth: number }): void {
    this.#variables = outer.variables;
    this.#rangeDepth = outer.rangeDepth;
  }

  /** A template of white space only may be defined again. */
  #add(name: string, list: readonly Node[]): void {
    const known = this.#trees.get(name);
    if (known === undefined || isBlank(known)) this.#trees.set(name, list);
    else if (!isBlank(list)) {
      throw this.#items.error(`template: multiple definition of template ${quote(name)}`);
    }
  }

  #list(): { list: Node[]; end: Terminator } {
    if (++this.#nesting > NESTING_MAX) throw this.#items.error("template nests too deeply");
    const list: Node[] = [];
    while (this.#items.peekNonSpace().kind !== "eof") {
      const node = this.#textOrAction();
      if (isTerminator(node)) {
        this.#nesting -= 1;
        return { list, end: node };
      }
      list.push(node);
    }
    throw this.#items.error("unexpected EOF");
  }

  #textOrAction(): Node | Terminator {
    const item = this.#items.takeNonSpace();
    if (item.kind === "text") return { kind: "text", pos: item.pos, text: item.text };
    if (item.kind !== "leftDelim") throw this.#items.unexpected(item, "input");
    this.#items.actionLine = item.line;
    const node = this.#action();
    this.#items.actionLine = 0;
    return node;
  }

  #action(): Node | Terminator {
    const start = this.#items.at;
    const item = this.#items.takeNonSpace();
    switch (item.kind) {
      case "block":
        return this.#block();
      case "break":
      case "continue":
        return this.#loop(item.kind, item.pos);
      case "else":
        return this.#else();
      case "end":
        return { kind: "end", pos: this.#items.expect("rightDelim", "end").pos };
      case "if":
      case "range":
      case "with":
        return this.#branch(item.kind);
      case "template":
        return this.#template();
      default: {
        this.#items.at = start;
        const { pos } = this.#items.peekNonSpace();
        return { kind: "action", pos, pipe: this.#pipeline("command", "rightDelim") };
      }
    }
  }

  #loop(kind: "break" | "continue", pos: number): Node {
    const item = this.#items.takeNonSpace();
    if (item.kind !== "rightDelim") throw this.#items.unexpected(item, `{{${kind}}}`);
    if (this.#rangeDepth === 0) throw this.#items.error(`{{${kind}}} outside {{range}}`);
    return { kind, pos };
  }

  #else(): Terminator {
    const item = this.#items.peekNonSpace();
    // {{else if}}: the if is left for the branch that this else belongs to.
    if (item.kind === "if") return { kind: "else", pos: item.pos };
    return { kind: "else", pos: this.#items.expect("rightDelim", "else").pos };
  }

  #branch(kind: "if" | "range" | "with"): BranchNode {
    const visible = this.#variables.length;
    const pipe = this.#pipeline(kind, "rightDelim");
    if (kind === "range") this.#rangeDepth += 1;
    const { list, end } = this.#list();
    if (kind === "range") this.#rangeDepth -= 1;
    const elseList = end.kind === "else" ? this.#elseList(kind) : undefined;
    this.#variables.length = visible;
    return { kind, pos: pipe.pos, pipe, list, elseList };
  }

  /** `{{else if x}}` is `{{else}}{{if x}}` that shares its {{end}}. */
  #elseList(kind: BranchNode["kind"]): readonly Node[] {
    if (kind === "if" && this.#items.peek().kind === "if") {
      this.#items.take();
      if (++this.#nesting > NESTING_MAX) throw this.#items.error("template nests too deeply");
      const node = this.#branch("if");
      this.#nesting -= 1;
      return [node];
    }
    const { list, end } = this.#list();
    if (end.kind !== "end") throw this.#items.error(`expected end; found {{${end.kind}}}`);
    return list;
  }

  #template(): TemplateNode {
    const context = "template clause";
    const item = this.#items.takeNonSpace();
    const name = this.#templateName(item, context);
    const start = this.#items.at;
    let pipe: PipeNode | undefined;
    if (this.#items.takeNonSpace().kind !== "rightDelim") {
      this.#items.at = start;
      pipe = this.#pipeline(context, "rightDelim");
    }
    return { kind: "template", pos: item.pos, name, pipe };
  }

  /** `{{block "name" pipeline}}…{{end}}`: defines a template and runs it here. */
  #block(): TemplateNode {
    const context = "block clause";
    const item = this.#items.takeNonSpace();
    const name = this.#templateName(item, context);
    const pipe = this.#pipeline(context, "rightDelim");
    const outer = this.#enterTemplate();
    const { list, end } = this.#list();
    this.#leaveTemplate(outer);
    if (end.kind !== "end") throw this.#items.error(`unexpected {{${end.kind}}} in ${context}`);
    this.#add(name, list);
    return { kind: "template", pos: item.pos, name, pipe };
  }

  #templateName(item: Item, context: string): string {
    if (item.kind !== "string" && item.kind !== "rawString")
      throw this.#items.unexpected(item, context);
    return this.#unquote(item.text);
  }

  #pipeline(context: string, end: ItemKind): PipeNode {
    if (++this.#nesting > NESTING_MAX) throw this.#items.error("template nests too deeply");
    const { pos } = this.#items.peekNonSpace();
    const { variables, isAssign } = this.#declarations(context);
    const commands: CommandNode[] = [];
    for (;;) {
      const start = this.#items.at;
      const item = this.#items.takeNonSpace();
      if (item.kind === end) break;
      if (!OPERANDS.has(item.kind)) throw this.#items.unexpected(item, context);
      this.#items.at = start;
      commands.push(this.#command());
    }
    this.#checkCommands(commands, context);
    this.#nesting -= 1;
    return { kind: "pipe", pos, isAssign, variables, commands };
  }

  /** `$x :=`, `$x =`, and in a range `$i, $x :=`. */
  #declarations(context: string): { variables: VariableNode[]; isAssign: boolean } {
    const variables: VariableNode[] = [];
    for (;;) {
      const variable = this.#items.peekNonSpace();
      if (variable.kind !== "variable") return { variables, isAssign: false };
      const start = this.#items.at;
      this.#items.take();
      const sign = this.#items.peekNonSpace();
      const isComma = sign.kind === "char" && sign.text === ",";
      if (sign.kind !== "assign" && sign.kind !== "declare" && !isComma) {
        this.#items.at = start;
        return { variables, isAssign: false };
      }
      this.#items.takeNonSpace();
      variables.push({ kind: "variable", pos: variable.pos, names: [variable.text] });
      this.#variables.push(variable.text);
      if (!isComma) return { variables, isAssign: sign.kind === "assign" };
      if (context !== "range" || variables.length >= 2) {
        throw this.#items.error(`too many declarations in ${context}`);
      }
      if (!["variable", "rightDelim", "rightParen"].includes(this.#items.peekNonSpace().kind)) {
        throw this.#items.error("range can only initialize variables");
      }
    }
  }

  #checkCommands(commands: readonly CommandNode[], context: string): void {
    if (commands.length === 0) throw this.#items.error(`missing value for ${context}`);
    // Only the first command may be a value: the others get one as their last argument.
    const index = commands.findIndex(({ args }, at) => at > 0 && VALUES.has(args[0]!.kind));
    if (index > 0) throw this.#items.error(`non executable command in pipeline stage ${index + 1}`);
  }

  #command(): CommandNode {
    const { pos } = this.#items.peekNonSpace();
    const args: ArgNode[] = [];
    for (;;) {
      this.#items.peekNonSpace();
      const operand = this.#operand();
      if (operand !== undefined) args.push(operand);
      const before = this.#items.at;
      const item = this.#items.take();
      if (item.kind === "space") continue;
      if (item.kind === "rightDelim" || item.kind === "rightParen") this.#items.at = before;
      else if (item.kind !== "pipe") throw this.#items.unexpected(item, "operand");
      break;
    }
    if (args.length === 0) throw this.#items.error("empty command");
    return { kind: "command", pos, args };
  }

  /** A term and the fields behind it. */
  #operand(): ArgNode | undefined {
    const term = this.#term();
    if (term === undefined || this.#items.peek().kind !== "field") return term;
    const { pos } = this.#items.peek();
    const names: string[] = [];
    while (this.#items.peek().kind === "field") names.push(this.#items.take().text.slice(1));
    switch (term.kind) {
      case "field":
      case "variable":
        return { kind: term.kind, pos, names: [...term.names, ...names] };
      case "bool":
      case "string":
      case "number":
      case "nil":
      case "dot":
        throw this.#items.error(`unexpected . after term ${quote(printNode(term))}`);
      default:
        return { kind: "chain", pos, base: term, names } satisfies ChainNode;
    }
  }

  #term(): ArgNode | undefined {
    const start = this.#items.at;
    const item = this.#items.takeNonSpace();
    const { pos, text } = item;
    switch (item.kind) {
      case "identifier":
        if (!this.#hasFunction(text))
          throw this.#items.error(`function ${quote(text)} not defined`);
        return { kind: "identifier", pos, name: text };
      case "dot":
      case "nil":
        return { kind: item.kind, pos };
      case "variable":
        if (!this.#variables.includes(text)) {
          throw this.#items.error(`undefined variable ${quote(text)}`);
        }
        return { kind: "variable", pos, names: [text] };
      case "field":
        return { kind: "field", pos, names: [text.slice(1)] };
      case "bool":
        return { kind: "bool", pos, value: text === "true" };
      case "charConstant":
      case "number":
        return readNumber(item, this.#items);
      case "leftParen":
        return this.#pipeline("parenthesized pipeline", "rightParen");
      case "string":
      case "rawString":
        return { kind: "string", pos, quoted: text, text: this.#unquote(text) };
      default:
        this.#items.at = start;
        return undefined;
    }
  }

  #unquote(literal: string): string {
    const text = unquoteString(literal, escapeByte);
    if (text === undefined) throw this.#items.error("invalid syntax");
    return joinBytes(text);
  }
}

const OPERANDS: ReadonlySet<ItemKind> = new Set([
  "bool",
  "charConstant",
  "dot",
  "field",
  "identifier",
  "number",
  "nil",
  "rawString",
  "string",
  "variable",
  "leftParen",
]);

const VALUES: ReadonlySet<ArgNode["kind"]> = new Set(["bool", "dot", "nil", "number", "string"]);

function isTerminator(node: Node | Terminator): node is Terminator {
  return node.kind === "end" || node.kind === "else";
}

function isBlank(list: readonly Node[]): boolean {
  return list.every((node) => node.kind === "text" && node.text.trim() === "");
}
