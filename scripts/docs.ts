/** Writes the generated documentation; see scripts/docs. */
import { join } from "node:path";
import { generatedFiles } from "./documenting/generated.ts";

const ROOT = join(import.meta.dir, "..");

for (const { path, text } of generatedFiles()) {
  await Bun.write(join(ROOT, path), text);
  process.stdout.write(`==> ${path}\n`);
}
