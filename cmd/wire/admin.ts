/** What operators see of this process: whether it is ready, its modules, its configuration, what it is. */
import type { LineJournal } from "../../core/http/journal.ts";
import type { Admin, ServiceState } from "../../core/http/services.ts";
import type { IngesterLife, IngesterPhase } from "../../core/ingester/lifecycle.ts";
import { BUILD } from "../version.ts";
import type { AppSettings } from "./config.ts";
import { readinessOf } from "./readiness.ts";
import { runtime } from "./runtime.ts";

export interface AdminParts {
  readonly life: IngesterLife;
  readonly journal: LineJournal;
  readonly leaving: { readonly now: boolean };
}

const MIN_READY = "ingester.lifecycler.min_ready_duration";

export function makeAdmin(settings: AppSettings, { life, journal, leaving }: AdminParts): Admin {
  const modules = modulesOf(settings);
  const { loaded } = settings;
  // Loki waits so that others hear of a new ingester first. Alone there are none, so only who asks gets it.
  const waitMs = loaded.isSet(MIN_READY) ? loaded.config.ms(MIN_READY) : 0;
  return {
    ready: readinessOf({ phase: () => life.phase, clock: runtime.clock, leaving, waitMs }),
    config: settings.printConfig,
    services: () => modules.map(([name, states]) => ({ name, state: states[life.phase.name] })),
    logLevel: () => journal.level,
    setLogLevel: (level) => {
      journal.level = level;
    },
    build: BUILD,
  };
}

/** The state of a module, by how far the ingester is: everything is started and stopped around it. */
type States = Readonly<Record<IngesterPhase["name"], ServiceState["state"]>>;

const EARLIER: States = {
  ...{ new: "Running", replaying: "Running", running: "Running" },
  ...{ stopping: "Running", stopped: "Running" },
};
const INGESTER: States = {
  ...{ new: "New", replaying: "Starting", running: "Running" },
  ...{ stopping: "Stopping", stopped: "Terminated" },
};
const LATER: States = { ...EARLIER, new: "New", replaying: "New" };

/** Loki's names of what this process has, in the order in which they start. */
function modulesOf({
  loaded,
  limitsReloadMs,
}: AppSettings): readonly (readonly [string, States])[] {
  return [
    ["server", EARLIER],
    ["store", EARLIER],
    ...(loaded.config.bool("pattern_ingester.enabled")
      ? [["pattern-ingester", EARLIER] as const]
      : []),
    ["ingester", INGESTER],
    ["distributor", LATER],
    ["querier", EARLIER],
    ["query-frontend", EARLIER],
    ["compactor", LATER],
    ...(limitsReloadMs > 0 ? [["runtime-config", LATER] as const] : []),
  ];
}
