/** Compiles the executable; called by scripts/build, and by tests that find none. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { version } from "../../../package.json";
import { compile } from "./compile.ts";
import { ROOT, revision } from "./source.ts";

const FILE = join("dist", "healthcheck-server");

const built = revision();
process.stdout.write(
  `==> building healthcheck-server ${version} (revision ${built}) with Bun ${Bun.version}\n`,
);
try {
  compile({ file: join(ROOT, FILE), revision: built });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
}
process.stdout.write(`==> ${FILE}: ${Math.round(statSync(join(ROOT, FILE)).size / 1e6)} MB\n`);
