/**
 * Executes the tree of a template on the labels of a row, as the engine of Go's text/template does.
 * What stands inside actions is evaluated in evaluate.ts.
 */
import { quote } from "../quote.ts";
import { wellFormed } from "./byte-text.ts";
import { Evaluator, type Origin } from "./evaluate.ts";
import type { CallContext } from "./functions.ts";
import { checkSize, type Effort } from "./limits.ts";
import type { BranchNode, Node, PipeNode, TemplateNode } from "./nodes.ts";
import type { Trees } from "./parse.ts";
import {
  entriesOf,
  Int,
  isArray,
  isObject,
  isTrue,
  LabelMap,
  printValue,
  type Value,
} from "./values.ts";

/** What a template is made of: its name, its text for locations, its trees. */
export interface Source extends Origin {
  readonly trees: Trees;
}

export function runTemplate(source: Source, data: LabelMap, context: CallContext): string {
  return new Execution(source, context).run(data);
}

/** How a list ended: at its end, or with a break or continue for the loop around it. */
type Flow = "done" | "break" | "continue";

class Execution {
  readonly #source: Source;
  readonly #effort: Effort;
  readonly #eval: Evaluator;
  #out = "";

  constructor(source: Source, context: CallContext) {
    this.#source = source;
    this.#effort = context.effort;
    this.#eval = new Evaluator(source, context);
  }

  run(data: LabelMap): string {
    this.#eval.variables = [{ name: "$", value: data }];
    this.#list(data, this.#source.trees.get(this.#source.name)!);
    return wellFormed(this.#out);
  }

  #list(dot: Value, nodes: readonly Node[]): Flow {
    this.#effort.enter();
    let flow: Flow = "done";
    for (const node of nodes) {
      flow = this.#walk(dot, node);
      if (flow !== "done") break;
    }
    this.#effort.leave();
    return flow;
  }

  #walk(dot: Value, node: Node): Flow {
    this.#effort.step();
    this.#eval.node = node;
    switch (node.kind) {
      case "text":
        this.#write(node.text);
        return "done";
      case "action": {
        const value = this.#eval.pipeline(dot, node.pipe);
        if (node.pipe.variables.length === 0) {
          this.#write(value === undefined || value === null ? "<no value>" : printValue(value));
        }
        return "done";
      }
      case "if":
      case "with":
        return this.#branch(dot, node);
      case "range":
        return this.#range(dot, node);
      case "template":
        this.#call(dot, node);
        return "done";
      default:
        return node.kind;
    }
  }

  #write(text: string): void {
    this.#out += text;
    checkSize(this.#out.length);
    this.#effort.step(text.length);
  }

  #branch(dot: Value, { kind, pipe, list, elseList }: BranchNode): Flow {
    const mark = this.#eval.variables.length;
    const value = this.#eval.pipeline(dot, pipe);
    let flow: Flow = "done";
    if (isTrue(value)) flow = this.#list(kind === "with" ? value : dot, list);
    else if (elseList !== undefined) flow = this.#list(dot, elseList);
    this.#eval.variables.length = mark;
    return flow;
  }

  #range(dot: Value, node: BranchNode): Flow {
    const mark = this.#eval.variables.length;
    const value = this.#eval.pipeline(dot, node.pipe);
    const inner = this.#eval.variables.length;
    const entries = this.#entries(value);
    for (const [index, element] of entries) {
      this.#bind(node.pipe, index, element);
      const flow = this.#list(element, node.list);
      this.#eval.variables.length = inner;
      if (flow === "break") break;
    }
    let flow: Flow = "done";
    if (entries.length === 0 && node.elseList !== undefined) flow = this.#list(dot, node.elseList);
    this.#eval.variables.length = mark;
    return flow;
  }

  /** What a range goes through: an index or a key, and the element. */
  #entries(value: Value): readonly (readonly [Value, Value])[] {
    if (value === undefined || value === null) return [];
    if (isArray(value)) return value.map((element, index) => [new Int(index), element]);
    if (value instanceof LabelMap) return value.entries();
    if (isObject(value)) return entriesOf(value);
    throw this.#eval.error(`range can't iterate over ${printValue(value)}`);
  }

  /** Gives the variables of a range their values: one takes the element, of two the first the index. */
  #bind({ variables, isAssign }: PipeNode, index: Value, element: Value): void {
    const values = variables.length > 1 ? [index, element] : [element];
    variables.forEach(({ names }, place) => {
      if (isAssign) this.#eval.assign(names[0]!, values[place]);
      else
        this.#eval.variables[this.#eval.variables.length - variables.length + place]!.value =
          values[place];
    });
  }

  #call(dot: Value, node: TemplateNode): void {
    const tree = this.#source.trees.get(node.name);
    if (tree === undefined) throw this.#eval.error(`template ${quote(node.name)} not defined`);
    const value = node.pipe === undefined ? undefined : this.#eval.pipeline(dot, node.pipe);
    const outer = { template: this.#eval.template, variables: this.#eval.variables };
    this.#eval.template = node.name;
    this.#eval.variables = [{ name: "$", value }];
    this.#list(value, tree);
    this.#eval.template = outer.template;
    this.#eval.variables = outer.variables;
  }
}
