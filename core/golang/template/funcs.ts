/** All functions that a template may call. */
import { BUILTINS } from "./builtins.ts";
import { NUMBER_FUNCTIONS } from "./funcs-number.ts";
import { TEXT_FUNCTIONS } from "./funcs-text.ts";
import { TIME_FUNCTIONS } from "./funcs-time.ts";
import type { FunctionTable, GoFunction } from "./functions.ts";

const FUNCTIONS: ReadonlyMap<string, GoFunction> = new Map(
  Object.entries({
    ...BUILTINS,
    ...TEXT_FUNCTIONS,
    ...NUMBER_FUNCTIONS,
    ...TIME_FUNCTIONS,
  } satisfies FunctionTable),
);

/** These stop at the argument that decides, so the engine evaluates them itself. */
export type ShortCircuit = "and" | "or";

export function isShortCircuit(name: string): name is ShortCircuit {
  return name === "and" || name === "or";
}

export function findFunction(name: string): GoFunction | undefined {
  return FUNCTIONS.get(name);
}

export function hasFunction(name: string): boolean {
  return isShortCircuit(name) || FUNCTIONS.has(name);
}
