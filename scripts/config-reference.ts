/** Writes core/config/REFERENCE.md. A test says when it has to be run again. */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { referencePage } from "../core/config/reference.ts";

const file = join(resolve(import.meta.dirname, ".."), "core/config/REFERENCE.md");
writeFileSync(file, referencePage());
console.log(`wrote ${file}`);
