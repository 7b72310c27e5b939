/** The licences of what is inside the executable, in one text: most of them ask that it goes along. */
import { licenceOf, type Package } from "./dependencies.ts";

const RULE = "-".repeat(78);

/** Said of the runtime, whose package comes without a text. */
function runtimeWords({ version }: Package): string {
  return `Bun ${version} (MIT), https://bun.com

The runtime inside the executable. It is linked with JavaScriptCore and parts of WebKit (LGPL version 2), and with libraries under
other free licences. Their list, their licences, and how to build Bun from its sources with changes of your own are in
https://github.com/oven-sh/bun/blob/bun-v${version}/LICENSE.md

To use such a Bun in this program: build the program from its sources with it (\`bun scripts/build.ts\`).`;
}

/**
 * The whole text.
 *
 * @throws Error when a package has no licence
 */
export function licenceText(runtime: Package, packages: readonly Package[]): string {
  const parts = packages.map((one) => {
    const { id, text } = licenceOf(one);
    return `${one.name} ${one.version} (${id})\n\n${text}`;
  });
  const head = "healthcheck-server contains the following works of others.";
  return `${[head, runtimeWords(runtime), ...parts].join(`\n\n${RULE}\n\n`)}\n`;
}
