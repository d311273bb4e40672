/**
 * Faults as data: which operation of a simulated disk or store fails, on what, the how-manieth time.
 *
 *   new Faults([{ op: "sync", nth: 2 }, { op: "write", path: "checkpoint.*", error: "ENOSPC" }])
 */
import { Unavailable } from "../model/errors.ts";

export interface Fault {
  /** The method that fails: "write", "sync", "get", "put", … or "*" for any. */
  readonly op: string;
  /** Only for paths or keys like this one; `*` stands for any text. */
  readonly path?: string;
  /** Only the nth such operation, counted from 1; absent means every one. */
  readonly nth?: number;
  /** What the error says; EIO unless given. */
  readonly error?: string;
  /** Of what the operation carries, the share in [0, 1] that arrives all the same. */
  readonly part?: number;
  /** The machine stops here: every later operation fails until it is started again. */
  readonly stop?: boolean;
}

export class Faults {
  #faults: { readonly fault: Fault; readonly pattern: RegExp; seen: number }[] = [];

  constructor(faults: readonly Fault[] = []) {
    for (const fault of faults) this.add(fault);
  }

  add(fault: Fault): void {
    this.#faults.push({ fault, pattern: globOf(fault.path ?? "*"), seen: 0 });
  }

  clear(): void {
    this.#faults = [];
  }

  /** The fault that strikes this operation, if any. Counts the operation. */
  strike(op: string, path: string): Fault | undefined {
    let struck: Fault | undefined;
    for (const item of this.#faults) {
      if (item.fault.op !== "*" && item.fault.op !== op) continue;
      if (!item.pattern.test(path)) continue;
      item.seen++;
      if (item.fault.nth === undefined || item.fault.nth === item.seen) struck ??= item.fault;
    }
    return struck;
  }

  /** Throws the fault that strikes this operation, if any. */
  check(op: string, path: string): void {
    const fault = this.strike(op, path);
    if (fault !== undefined) throw faultError(fault, op, path);
  }
}

export function faultError(fault: Fault, op: string, path: string): Unavailable {
  return new Unavailable(`${fault.error ?? "EIO"}: ${op} ${path}`);
}

function globOf(glob: string): RegExp {
  const escaped = glob.replace(/[\\^$.+?()[\]{}|]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*")}$`, "s");
}
