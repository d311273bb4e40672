/** `lokits compact`: one pass of the compactor, or with a word after it one of the tools for buckets. */
export { command } from "./compact-run.ts";
