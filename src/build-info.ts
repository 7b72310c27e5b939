/** Build information of this executable; filled in by scripts/build. */
import { version } from "../package.json";

declare const BUILD_REVISION: string;

/** The version of package.json. */
export const VERSION: string = version;
/** The git revision that it was built from. */
export const REVISION: string = typeof BUILD_REVISION === "string" ? BUILD_REVISION : "unbuilt";

/** Returns the output of `--version`. */
export function versionText(): string {
  return `healthcheck-server ${VERSION} (revision ${REVISION}, Bun ${Bun.version}, ${process.platform}-${process.arch})`;
}
