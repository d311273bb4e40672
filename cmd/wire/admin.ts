/** What operators see of this process: whether it is ready, its modules, its configuration, what it is. */
import type { LineJournal } from "../../core/http/journal.ts";
import type { Admin, ServiceState } from "../../core/http/services.ts";
import type { IngesterLife, IngesterPhase } from "../../core/ingester/lifecycle.ts";
import { BUILD } from "../version.ts";
import type { AppSettings } from "./config.ts";

export interface AdminParts {
  readonly life: IngesterLife;
  readonly journal: LineJournal;
  readonly leaving: { readonly now: boolean };
}

export function makeAdmin(settings: AppSettings, { life, journal, leaving }: AdminParts): Admin {
  const modules = modulesOf(settings);
  return {
    ready: () => (leaving.now ? { ok: false, text: "Application is stopping" } : readiness(life)),
    config: settings.printConfig,
    services: () => modules.map(([name, states]) => ({ name, state: states[life.phase.name] })),
    logLevel: () => journal.level,
    setLogLevel: (level) => {
      journal.level = level;
    },
    build: BUILD,
  };
}

function readiness({ phase }: IngesterLife): { ok: boolean; text: string } {
  switch (phase.name) {
    case "running":
      return { ok: true, text: "ready" };
    case "replaying": {
      const percent = phase.total === 0 ? 0 : Math.floor((100 * phase.done) / phase.total);
      return {
        ok: false,
        text: `Ingester not ready: replaying the WAL, ${percent}% of ${phase.total} bytes`,
      };
    }
    default:
      return { ok: false, text: `Ingester not ready: ${phase.name}` };
  }
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
