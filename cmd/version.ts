/** The version that we say we are. */
import manifest from "../package.json" with { type: "json" };

export const VERSION: string = manifest.version;
