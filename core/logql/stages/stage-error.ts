/** Stages that cannot be built (spec logql-parse-errors §6). */
import { BadRequest } from "../../model/errors.ts";
import type { Stage } from "../syntax/ast.ts";
import { printStage } from "../syntax/print.ts";

/** Makes something of a stage; when it cannot be made, says which stage it was. */
export function makeOf<T>(stage: Stage, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error;
    throw new BadRequest(`parse error : stage '${printStage(stage)}' : ${error.message}`, {
      cause: error,
    });
  }
}
