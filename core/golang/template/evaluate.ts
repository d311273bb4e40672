/**
 * Evaluates pipelines as the engine of Go's text/template does: the same order, the same types of
 * arguments and, when something fails, the same node and words in the message.
 */
import { BadRequest, LimitExceeded } from "../../model/errors.ts";
import { quote } from "../quote.ts";
import { constantFor, fits } from "./arguments.ts";
import { findFunction, isShortCircuit, type ShortCircuit } from "./funcs.ts";
import type { CallContext, GoFunction, TypeName } from "./functions.ts";
import { checkSize } from "./limits.ts";
import { methodsOf, resultsOf } from "./methods.ts";
import {
  type AnyNode,
  type ArgNode,
  type ChainNode,
  type CommandNode,
  type FieldNode,
  type PipeNode,
  printNode,
  type VariableNode,
} from "./nodes.ts";
import { TemplateError } from "./template-error.ts";
import { isObject, isTrue, LabelMap, typeName, type Value } from "./values.ts";

/** Where messages say they come from: the name and text of the template as a whole. */
export interface Origin {
  readonly name: string;
  readonly text: string;
}

/** Stands for the last argument of a command that nothing is piped into. */
const MISSING = Symbol("missing");
type Final = Value | typeof MISSING;

export interface Variable {
  readonly name: string;
  value: Value;
}

export class Evaluator {
  readonly #origin: Origin;
  readonly #context: CallContext;
  /** Those in sight, the latest last. */
  variables: Variable[] = [];
  /** The template in hand, and the node that messages are about. */
  template: string;
  node: AnyNode | undefined;

  constructor(origin: Origin, context: CallContext) {
    this.#origin = origin;
    this.#context = context;
    this.template = origin.name;
  }

  assign(name: string, value: Value): void {
    this.#variable(name).value = value;
  }

  #variable(name: string): Variable {
    for (let index = this.variables.length - 1; index >= 0; index--) {
      const variable = this.variables[index]!;
      if (variable.name === name) return variable;
    }
    throw this.error(`undefined variable: ${name}`);
  }

  pipeline(dot: Value, pipe: PipeNode): Value {
    this.node = pipe;
    let value: Final = MISSING;
    for (const command of pipe.commands) {
      value = this.#command(dot, command, value) ?? undefined;
    }
    const result = value as Value;
    for (const { names } of pipe.variables) {
      if (pipe.isAssign) this.assign(names[0]!, result);
      else this.variables.push({ name: names[0]!, value: result });
    }
    return result;
  }

  #command(dot: Value, command: CommandNode, final: Final): Value {
    const { args } = command;
    const first = args[0]!;
    switch (first.kind) {
      case "field":
        return this.#field(dot, first, args, final);
      case "chain":
        return this.#chain(dot, first, args, final);
      case "variable":
        return this.#variableChain(dot, first, args, final);
      case "identifier":
        return this.#function(dot, first.name, first, command, args, final);
      case "pipe":
        this.#takesNothing(args, final);
        return this.pipeline(dot, first);
    }
    this.node = first;
    this.#takesNothing(args, final);
    if (first.kind === "nil") throw this.error("nil is not a command");
    if (first.kind === "dot") return dot;
    return constantFor("any", first, this);
  }

  #takesNothing(args: readonly ArgNode[], final: Final): void {
    if (args.length > 1 || final !== MISSING) {
      throw this.error(`can't give argument to non-function ${printNode(args[0]!)}`);
    }
  }

  #field(dot: Value, node: FieldNode, args: readonly ArgNode[], final: Final): Value {
    this.node = node;
    return this.#fields(dot, dot, { node, names: node.names }, args, final);
  }

  #chain(dot: Value, node: ChainNode, args: readonly ArgNode[], final: Final): Value {
    this.node = node;
    if (node.base.kind === "nil") {
      throw this.error(`indirection through explicit nil in ${printNode(node)}`);
    }
    const base = this.#arg(dot, "any", node.base);
    return this.#fields(dot, base, { node, names: node.names }, args, final);
  }

  #variableChain(dot: Value, node: VariableNode, args: readonly ArgNode[], final: Final): Value {
    this.node = node;
    const { value } = this.#variable(node.names[0]!);
    if (node.names.length > 1) {
      return this.#fields(dot, value, { node, names: node.names.slice(1) }, args, final);
    }
    this.#takesNothing(args, final);
    return value;
  }

  /** Names one after the other. The last may be a method, and then takes the arguments. */
  #fields(
    dot: Value,
    receiver: Value,
    { node, names }: { node: AnyNode; names: readonly string[] },
    args: readonly ArgNode[],
    final: Final,
  ): Value {
    let value = receiver;
    for (let index = 0; index < names.length - 1; index++) {
      value = this.#member(dot, value, names[index]!, node, NO_ARGS, MISSING);
    }
    return this.#member(dot, value, names[names.length - 1]!, node, args, final);
  }

  #member(
    dot: Value,
    receiver: Value,
    name: string,
    node: AnyNode,
    args: readonly ArgNode[],
    final: Final,
  ): Value {
    if (receiver === undefined) return undefined;
    if (receiver === null) throw this.error(`nil pointer evaluating interface {}.${name}`);
    const isMap = receiver instanceof LabelMap || isObject(receiver);
    if (!isMap) return this.#method(dot, receiver, name, node, args, final);
    if (args.length > 1 || final !== MISSING) {
      throw this.error(`${name} is not a method but has arguments`);
    }
    // A label that is not there is the empty text; another map has nothing there.
    if (receiver instanceof LabelMap) return receiver.data.get(name) ?? "";
    return Object.hasOwn(receiver, name) ? receiver[name] : null;
  }

  #method(
    dot: Value,
    receiver: Value,
    name: string,
    node: AnyNode,
    args: readonly ArgNode[],
    final: Final,
  ): Value {
    const results = resultsOf(receiver, name);
    if (results > 1) {
      throw this.error(`can't call method/function ${quote(name)} with ${results} results`);
    }
    const methods = methodsOf(receiver);
    if (!Object.hasOwn(methods, name)) {
      throw this.error(`can't evaluate field ${name} in type ${typeName(receiver)}`);
    }
    return this.#invoke(dot, methods[name]!, name, node, args, final);
  }

  #function(
    dot: Value,
    name: string,
    node: ArgNode,
    command: AnyNode,
    args: readonly ArgNode[],
    final: Final,
  ): Value {
    this.node = node;
    if (isShortCircuit(name)) return this.#shortCircuit(dot, name, args, final);
    const callee = findFunction(name);
    if (callee === undefined) throw this.error(`${quote(name)} is not a defined function`);
    return this.#invoke(dot, callee, name, command, args, final);
  }

  /** `and` and `or` return the argument that decides, and look at none behind it. */
  #shortCircuit(dot: Value, name: ShortCircuit, args: readonly ArgNode[], final: Final): Value {
    const rest = args.slice(1);
    if (rest.length === 0 && final === MISSING) {
      throw this.error(`wrong number of args for ${name}: want at least 1 got 0`);
    }
    let value: Value;
    for (const arg of rest) {
      value = this.#arg(dot, "value", arg);
      if (isTrue(value) === (name === "or")) return value;
    }
    return final === MISSING ? value : final;
  }

  #invoke(
    dot: Value,
    callee: GoFunction,
    name: string,
    node: AnyNode,
    args: readonly ArgNode[],
    final: Final,
  ): Value {
    const given = Math.max(args.length - 1, 0);
    this.#checkCount(callee, name, given, final);
    const { params, rest } = callee;
    const values: Value[] = [];
    for (let index = 0; index < given; index++) {
      values.push(this.#arg(dot, params[index] ?? rest!, args[index + 1]!));
    }
    if (final !== MISSING) values.push(this.#check(final, params[given] ?? rest!));
    const { effort } = this.#context;
    effort.step();
    for (const value of values) if (typeof value === "string") effort.read(value.length);
    let result: Value;
    try {
      result = callee.run(values, this.#context);
    } catch (error) {
      throw this.#failed(error, name, node);
    }
    if (typeof result === "string") {
      checkSize(result.length);
      effort.step(result.length);
    }
    return result;
  }

  #checkCount({ params, rest }: GoFunction, name: string, given: number, final: Final): void {
    const count = given + (final === MISSING ? 0 : 1);
    if (rest === undefined ? count === params.length : count >= params.length) return;
    throw this.error(
      rest === undefined
        ? `wrong number of args for ${name}: want ${params.length} got ${count}`
        : `wrong number of args for ${name}: want at least ${params.length} got ${given}`,
    );
  }

  /** What a function throws, with where and by whom; limits and mistakes of ours go on as they are. */
  #failed(error: unknown, name: string, node: AnyNode): unknown {
    if (error instanceof LimitExceeded || !(error instanceof BadRequest)) return error;
    this.node = node;
    return this.error(`error calling ${name}: ${error.message}`);
  }

  /** An argument for a parameter. Constants take the parameter's type. */
  #arg(dot: Value, type: TypeName, node: ArgNode): Value {
    this.node = node;
    switch (node.kind) {
      case "dot":
        return this.#check(dot, type);
      case "nil":
        if (type === "any" || type === "value") return null;
        throw this.error(`cannot assign nil to ${type}`);
      case "field":
        return this.#check(this.#field(dot, node, NO_ARGS, MISSING), type);
      case "variable":
        return this.#check(this.#variableChain(dot, node, NO_ARGS, MISSING), type);
      case "pipe":
        return this.#check(this.pipeline(dot, node), type);
      case "identifier":
        return this.#check(this.#function(dot, node.name, node, node, NO_ARGS, MISSING), type);
      case "chain":
        return this.#check(this.#chain(dot, node, NO_ARGS, MISSING), type);
      default:
        return constantFor(type, node, this);
    }
  }

  /** The value, when a parameter of the type takes it. */
  #check(value: Value, type: TypeName): Value {
    if (type === "any" || type === "value" || fits(value, type)) return value;
    throw this.error(
      value === undefined
        ? `invalid value; expected ${type}`
        : `wrong type for value; expected ${type}; got ${typeName(value)}`,
    );
  }

  /** `template: line:1:10: executing "line" at <substr 50 60>: …` */
  error(reason: string): TemplateError {
    const { name, text } = this.#origin;
    const node = this.node!;
    const before = text.slice(0, node.pos);
    const lineStart = before.lastIndexOf("\n") + 1;
    const line = before.split("\n").length;
    const column = new TextEncoder().encode(before.slice(lineStart)).length;
    const where = `executing ${quote(this.template)} at <${printNode(node)}>`;
    return new TemplateError(`template: ${name}:${line}:${column}: ${where}: ${reason}`);
  }
}

const NO_ARGS: readonly ArgNode[] = [];
