/**
 * A small assembler for WebAssembly text: how the two innermost loops of lokits, CRC-32C and snappy,
 * reach the speed of native code without a native module or a build step. It knows the folded form
 * and the instructions that our kernels use, nothing more:
 *
 *   (module (memory (export "memory") 2)
 *     (func $add (export "add") (param $a i32) (param $b i32) (result i32)
 *       (i32.add (local.get $a) (local.get $b))))
 *
 * The same text is accepted by the usual tools (wat2wasm), which is what makes it worth having
 * in place of bytes.
 */
import { Bug } from "../model/errors.ts";
import { ByteWriter } from "./writer.ts";

/**
 * Assembles and starts a module. Undefined where the runtime does not compile WebAssembly from bytes
 * (workers on the edge forbid it): the caller then takes its portable path, which gives equal answers.
 */
export function startKernel(text: string): WebAssembly.Exports | undefined {
  if (typeof WebAssembly === "undefined") return undefined;
  const binary = assemble(text);
  let module: WebAssembly.Module;
  try {
    module = new WebAssembly.Module(binary);
  } catch {
    return undefined;
  }
  return new WebAssembly.Instance(module).exports;
}

/** The binary module of a text. Throws Bug on anything it does not know. */
export function assemble(text: string): Uint8Array<ArrayBuffer> {
  const [module] = parse(text);
  const fields = list(module).slice(1).map(list);
  const funcs = fields.filter(([kind]) => kind === "func").map(readFunc);
  const memory = fields.find(([kind]) => kind === "memory");
  const indexes = new Map(funcs.map(({ name }, index) => [name, index]));

  const out = new ByteWriter(4096);
  out.raw(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  section(out, 1, funcs, (body, func) => {
    body.u8(0x60);
    vector(body, func.params, (type) => body.u8(typeByte(type.type)));
    vector(body, func.result, (type) => body.u8(typeByte(type)));
  });
  section(out, 3, [...funcs.keys()], (body, index) => body.uvarint(index));
  section(out, 5, memory ? [memory] : [], (body, field) => {
    body.u8(0); // No maximum.
    body.uvarint(Number(field.at(-1)));
  });
  const exports = funcs.flatMap(({ exported }, index) => exported.map((name) => ({ name, index })));
  section(out, 7, [...(memory ? [undefined] : []), ...exports], (body, item) => {
    body.string(item?.name ?? "memory");
    body.u8(item ? 0 : 2);
    body.uvarint(item?.index ?? 0);
  });
  section(out, 10, funcs, (body, func) => {
    const code = new ByteWriter(1024);
    vector(code, func.locals, ({ type }) => {
      code.uvarint(1);
      code.u8(typeByte(type));
    });
    const slots = new Map([...func.params, ...func.locals].map(({ name }, slot) => [name, slot]));
    for (const node of func.body) emit(code, node, { slots, indexes, labels: [] });
    code.u8(END);
    body.uvarint(code.size);
    body.raw(code.view());
  });
  return out.take();
}

type Node = string | Node[];

interface Func {
  name: string;
  exported: string[];
  params: Variable[];
  result: string[];
  locals: Variable[];
  body: Node[];
}

interface Variable {
  name: string;
  type: string;
}

interface Scope {
  readonly slots: ReadonlyMap<string, number>;
  readonly indexes: ReadonlyMap<string, number>;
  /** Innermost last. */
  readonly labels: readonly string[];
}

const END = 0x0b;
const ELSE = 0x05;
const EMPTY_BLOCK = 0x40;

function readFunc(field: Node[]): Func {
  const func: Func = { name: "", exported: [], params: [], result: [], locals: [], body: [] };
  for (const node of field.slice(1)) {
    if (typeof node === "string") {
      func.name = node;
      continue;
    }
    const [kind, first, second] = node as string[];
    if (kind === "export") func.exported.push(first!.slice(1, -1));
    else if (kind === "param") func.params.push({ name: first!, type: second! });
    else if (kind === "local") func.locals.push({ name: first!, type: second! });
    else if (kind === "result") func.result.push(first!);
    else func.body.push(node);
  }
  return func;
}

/** Operands first, then the instruction: folded text turned into the order of a stack machine. */
function emit(out: ByteWriter, node: Node, scope: Scope): void {
  const [name, ...rest] = list(node) as [string, ...Node[]];
  if (name === "block" || name === "loop") emitBlock(out, name, rest, scope);
  else if (name === "if") emitIf(out, rest, scope);
  else emitPlain(out, name, rest, scope);
}

function emitPlain(out: ByteWriter, name: string, rest: Node[], scope: Scope): void {
  for (const operand of rest) if (typeof operand !== "string") emit(out, operand, scope);
  const words = rest.filter((item) => typeof item === "string");
  out.raw(Uint8Array.from(opcode(name)));
  if (name.startsWith("local.")) out.uvarint(known(scope.slots, words[0]));
  else if (name === "call") out.uvarint(known(scope.indexes, words[0]));
  else if (name.startsWith("br")) out.uvarint(depth(scope, words[0]));
  else if (name.endsWith(".const")) signed(out, Number(words[0]), name);
  else if (name === "memory.fill") out.u8(0);
  else if (name.includes("load") || name.includes("store")) {
    out.u8(0); // Alignment is a hint; one byte is always true.
    out.uvarint(words[0] === undefined ? 0 : Number(words[0].slice("offset=".length)));
  }
}

function emitBlock(out: ByteWriter, name: string, rest: Node[], scope: Scope): void {
  const label = typeof rest[0] === "string" ? rest[0] : "";
  out.u8(opcode(name)[0]!);
  out.u8(EMPTY_BLOCK);
  const inner = { ...scope, labels: [...scope.labels, label] };
  for (const node of rest) if (typeof node !== "string") emit(out, node, inner);
  out.u8(END);
}

function emitIf(out: ByteWriter, [condition, then, otherwise]: Node[], scope: Scope): void {
  emit(out, condition!, scope);
  out.u8(opcode("if")[0]!);
  out.u8(EMPTY_BLOCK);
  const inner = { ...scope, labels: [...scope.labels, ""] };
  for (const node of list(then).slice(1)) emit(out, node, inner);
  if (otherwise !== undefined) {
    out.u8(ELSE);
    for (const node of list(otherwise).slice(1)) emit(out, node, inner);
  }
  out.u8(END);
}

function section<T>(
  out: ByteWriter,
  id: number,
  items: readonly T[],
  each: (body: ByteWriter, item: T) => void,
): void {
  const body = new ByteWriter(1024);
  vector(body, items, (item) => each(body, item));
  out.u8(id);
  out.uvarint(body.size);
  out.raw(body.view());
}

function vector<T>(out: ByteWriter, items: readonly T[], each: (item: T) => void): void {
  out.uvarint(items.length);
  for (const item of items) each(item);
}

/** Signed LEB128. An i32 may be written as an unsigned number, as in 0xa282ead8. */
function signed(out: ByteWriter, value: number, name: string): void {
  let left = name === "i32.const" ? value | 0 : value;
  if (!Number.isSafeInteger(left)) throw new Bug(`${name} of ${value}`);
  let bits = left & 0x7f;
  while (left < -64 || left > 63) {
    out.u8(bits | 0x80);
    left = Math.floor(left / 128);
    bits = left & 0x7f;
  }
  out.u8(bits);
}

function depth(scope: Scope, label: string | undefined): number {
  const at = scope.labels.lastIndexOf(label ?? "");
  if (label === undefined || at < 0) throw new Bug(`no block is called ${label}`);
  return scope.labels.length - 1 - at;
}

function known(names: ReadonlyMap<string, number>, name: string | undefined): number {
  const index = names.get(name ?? "");
  if (index === undefined) throw new Bug(`nothing is called ${name}`);
  return index;
}

function opcode(name: string): readonly number[] {
  const bytes = OPCODES[name];
  if (bytes === undefined) throw new Bug(`instruction ${name} is not known here`);
  return bytes;
}

function typeByte(type: string): number {
  const byte = TYPES[type];
  if (byte === undefined) throw new Bug(`type ${type} is not known here`);
  return byte;
}

function list(node: Node | undefined): Node[] {
  if (!Array.isArray(node)) throw new Bug(`a list is wanted, not ${node}`);
  return node;
}

function parse(text: string): Node[] {
  const open: Node[][] = [[]];
  for (const [token] of text.matchAll(/;;.*|[()]|"[^"]*"|[^\s()]+/g)) {
    if (token.startsWith(";;")) continue;
    if (token === "(") open.push([]);
    else if (token !== ")") open.at(-1)!.push(token);
    else {
      const done = open.pop()!;
      if (open.length === 0) throw new Bug("a parenthesis too many");
      open.at(-1)!.push(done);
    }
  }
  if (open.length !== 1) throw new Bug(`${open.length - 1} parentheses are not closed`);
  return open[0]!;
}

const TYPES: Readonly<Record<string, number>> = { i32: 0x7f, i64: 0x7e, v128: 0x7b };

const OPCODES: Readonly<Record<string, readonly number[]>> = {
  block: [0x02],
  loop: [0x03],
  if: [0x04],
  br: [0x0c],
  br_if: [0x0d],
  return: [0x0f],
  call: [0x10],
  select: [0x1b],
  "local.get": [0x20],
  "local.set": [0x21],
  "local.tee": [0x22],
  "i32.load": [0x28],
  "i64.load": [0x29],
  "i32.load8_u": [0x2d],
  "i32.load16_u": [0x2f],
  "i32.store": [0x36],
  "i64.store": [0x37],
  "i32.store8": [0x3a],
  "i32.store16": [0x3b],
  "i32.const": [0x41],
  "i64.const": [0x42],
  "i32.eqz": [0x45],
  "i32.eq": [0x46],
  "i32.ne": [0x47],
  "i32.lt_s": [0x48],
  "i32.lt_u": [0x49],
  "i32.gt_s": [0x4a],
  "i32.gt_u": [0x4b],
  "i32.le_u": [0x4d],
  "i32.ge_s": [0x4e],
  "i32.ge_u": [0x4f],
  "i64.eqz": [0x50],
  "i32.add": [0x6a],
  "i32.sub": [0x6b],
  "i32.mul": [0x6c],
  "i32.and": [0x71],
  "i32.or": [0x72],
  "i32.xor": [0x73],
  "i32.shl": [0x74],
  "i32.shr_u": [0x76],
  "i64.ctz": [0x7a],
  "i64.xor": [0x85],
  "i64.shr_u": [0x88],
  "i32.wrap_i64": [0xa7],
  "memory.fill": [0xfc, 0x0b],
  "v128.load": [0xfd, 0x00],
  "v128.store": [0xfd, 0x0b],
};
