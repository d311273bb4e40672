/** What a push brings: streams with their rows, as decoders hand them to validation and the ingester. */
import type { Block } from "./block.ts";
import type { Labels } from "./labels.ts";

export interface PushStream {
  readonly labels: Labels;
  /** Canonical text of the labels, `{app="x", env="prod"}`. */
  readonly labelText: string;
  /**
   * The entries in the order they came, which need not be that of time: otherwise as Block says.
   * `text` is a view of the request's (decompressed) body where the format allows, so it is only
   * good until the push is answered; whoever keeps lines copies them.
   */
  readonly rows: Block;
}
