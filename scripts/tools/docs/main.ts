/** Writes the generated documentation; see scripts/docs. */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { assets } from "./assets.ts";
import { generatedFiles } from "./generated.ts";

const ROOT = join(import.meta.dir, "..", "..", "..");

/** The day of what is documented: of the revision, so that the same revision gives the same bytes. */
function releaseDay(): Date {
  const { SOURCE_DATE_EPOCH } = process.env;
  if (SOURCE_DATE_EPOCH !== undefined) return new Date(Number(SOURCE_DATE_EPOCH) * 1_000);
  const { success, stdout } = Bun.spawnSync(["git", "log", "-1", "--format=%ct"], {
    cwd: ROOT,
    stderr: "ignore",
  });
  return success ? new Date(Number(stdout.toString()) * 1_000) : new Date();
}

const { values } = parseArgs({ options: { assets: { type: "string" } } });
const where = values.assets === undefined ? ROOT : resolve(values.assets);
for (const { path, text } of values.assets === undefined ? generatedFiles() : assets(releaseDay())) {
  await Bun.write(join(where, path), text);
  process.stdout.write(`==> ${join(values.assets ?? "", path)}\n`);
}
