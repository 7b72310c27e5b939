/** The manual page and the completion scripts of a release, which are made from the command definitions. */
import { assets } from "../docs/assets.ts";
import type { Made } from "./contents.ts";

/**
 * Makes them.
 *
 * @param timeSeconds - of the release, in seconds since 1970
 * @throws Error when one is not made any more
 */
export function documents(timeSeconds: number): Pick<Made, "manual" | "completions"> {
  const texts = new Map(assets(new Date(timeSeconds * 1_000)).map(({ path, text }) => [path, text]));
  const text = (path: string) => {
    const found = texts.get(path);
    if (found === undefined) throw new Error(`scripts/tools/docs/assets.ts: makes no ${path}`);
    return found;
  };
  return {
    manual: text("healthcheck-server.8"),
    completions: {
      "healthcheck-server.bash": text("healthcheck-server.bash"),
      "_healthcheck-server": text("_healthcheck-server"),
      "healthcheck-server.fish": text("healthcheck-server.fish"),
    },
  };
}
