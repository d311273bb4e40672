/** A tenant's limits as its page shows them: `limits_config` with the tenant's overrides over it. */
import type { LoadedConfig } from "../../core/config/load.ts";
import { configTree } from "../../core/config/print.ts";
import type { LimitsPage } from "../../core/http/services.ts";
import type { TenantLimits } from "./limits.ts";

/** Free blocks that may hold passwords: whoever may see the limits is not who may see those. */
const HIDDEN = /^ruler_remote_write_(headers|config|relabel_configs)$/;

export function limitsPage(loaded: LoadedConfig, limits: TenantLimits): LimitsPage {
  return {
    of(tenant) {
      const layer = limits.overrides.limits.get(tenant);
      const config = layer === undefined ? loaded.config : loaded.withOverrides(layer);
      const shown = configTree(config, "all")["limits_config"] ?? {};
      return Object.fromEntries(Object.entries(shown).filter(([name]) => !HIDDEN.test(name)));
    },
  };
}
