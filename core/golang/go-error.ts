/** What Go's standard library answers to a text that is not what it claims to be, in Go's words. */
import { BadRequest } from "../model/errors.ts";

/** A text that Go cannot read as a duration, number, time, size, … The message is Go's. */
export class GoError extends BadRequest {
  override readonly name = "GoError";
}
