/** What a file of overrides says, apart from how it is read: without a file nothing of the reader is loaded. */
import type { Layer } from "./value.ts";

export interface Overrides {
  /** What a tenant has otherwise than `limits_config`: keys by their whole path. */
  readonly limits: ReadonlyMap<string, Layer>;
  /** What to log of a tenant's pushes. */
  readonly switches: ReadonlyMap<string, PushSwitches>;
  /** The switches of tenants that have none of their own. */
  readonly defaultSwitches: PushSwitches;
  readonly warnings: readonly string[];
}

export interface PushSwitches {
  readonly logStreamCreation: boolean;
  readonly logPushRequest: boolean;
  readonly logPushRequestStreams: boolean;
  readonly limitedLogPushErrors: boolean;
}

export const SILENT_PUSHES: PushSwitches = {
  logStreamCreation: false,
  logPushRequest: false,
  logPushRequestStreams: false,
  limitedLogPushErrors: true,
};

export const NO_OVERRIDES: Overrides = {
  limits: new Map(),
  switches: new Map(),
  defaultSwitches: SILENT_PUSHES,
  warnings: [],
};
