/** The version that we say we are. */
import type { BuildInfo } from "../core/http/services.ts";
import manifest from "../package.json" with { type: "json" };

export const VERSION: string = manifest.version;

/**
 * What clients of the API are told. Grafana finds out by the version what it may ask for, so it is that
 * of the Loki whose API this is; our own stands where Loki has its commit.
 */
export const BUILD: BuildInfo = {
  version: "2.9.1",
  revision: `lokits-${VERSION}`,
  branch: "lokits",
  buildUser: "",
  buildDate: "",
  goVersion: `bun${Bun.version}`,
};

/** What `serve -version` prints, laid out as every program of that family does. */
export function versionPage(): string {
  return [
    `lokits, version ${VERSION} (branch: ${BUILD.branch}, revision: ${BUILD.revision})`,
    `  build user:       ${BUILD.buildUser}`,
    `  build date:       ${BUILD.buildDate}`,
    `  go version:       none, ${BUILD.goVersion}`,
    `  platform:         ${process.platform}/${process.arch}`,
    `  tags:             API of Loki ${BUILD.version}`,
  ].join("\n");
}
