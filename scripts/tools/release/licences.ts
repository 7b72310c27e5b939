/** The licenses of everything inside the executable, in one text: most of them ask that it goes along. Called by the release. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../build/source.ts";
import { licenceOf, type Package } from "./dependencies.ts";
import { type RuntimePart, runtimeParts } from "./runtime-parts.ts";

const RULE = "-".repeat(78);

/** About the runtime, whose package comes without a text. */
function runtimeWords({ version }: Package): string {
  return `Bun ${version} (MIT), https://bun.com

The runtime inside the executable. It contains JavaScriptCore and parts of WebKit, under version 2 or later of the GNU Library General Public
License, and TinyCC, under version 2.1 of the GNU Lesser General Public License. How to build Bun from its sources with changes to these is in
https://github.com/oven-sh/bun/blob/bun-v${version}/LICENSE.md

To use such a Bun in this program, build the program from its sources with it: \`bun scripts/tools/build/main.ts\`.`;
}

/**
 * The whole text: packages with their own license files, then the parts of the runtime, then the text of each license that these are under.
 *
 * @param versions - what the runtime says of itself, `process.versions`
 * @throws Error when a package has no license
 */
export function licenceText(
  runtime: Package,
  packages: readonly Package[],
  versions: Readonly<Record<string, string | undefined>>,
): string {
  const own = packages.map((one) => {
    const { id, text } = licenceOf(one);
    return `${one.name} ${one.version} (${id})\n\n${text}`;
  });
  const parts = runtimeParts(versions);
  const list = `Inside Bun ${runtime.version}:\n\n${parts.map(partWords).join("\n")}`;
  const texts = licenseIds(parts).map((id) => `License text: ${id}\n\n${licenseText(id)}`);
  const head = "healthcheck-server contains the following works of others.";
  return `${[head, ...own, runtimeWords(runtime), list, ...texts].join(`\n\n${RULE}\n\n`)}\n`;
}

function partWords({ name, version, license, copyright, url }: RuntimePart): string {
  return `${name}${version === undefined ? "" : ` ${version}`} (${license})\n  ${url}\n  Copyright: ${copyright}`;
}

/** Every license and exception that an SPDX expression of the parts names, and MIT, the runtime's own. */
function licenseIds(parts: readonly RuntimePart[]): string[] {
  const named = parts.flatMap(({ license }) => license.split(/ (?:AND|OR|WITH) /));
  return [...new Set(["MIT", ...named])].sort();
}

/** SPDX's text of a license. */
function licenseText(id: string): string {
  if (id === "LLVM-exception") return LLVM_EXCEPTION;
  const file = join(ROOT, "node_modules", "spdx-license-list", "licenses", `${id}.json`);
  // The cast names what the package's own types say of its files.
  const { licenseText: text } = JSON.parse(readFileSync(file, "utf8")) as { readonly licenseText: string };
  return text.trim();
}

/** Exceptions are not in SPDX's list of licenses. */
const LLVM_EXCEPTION = `As an exception, if, as a result of your compiling your source code, portions of this Software are embedded into an Object
form of such source code, you may redistribute such embedded portions in such Object form without complying with the conditions of Sections
4(a), 4(b) and 4(d) of the License.

In addition, if you combine or link compiled forms of this Software with software that is licensed under the GPLv2 ("Combined Software") and
if a court of competent jurisdiction determines that the patent provision (Section 3), the indemnity provision (Section 9) or other Section of
the License conflicts with the conditions of the GPLv2, you may retroactively and prospectively choose to deem waived or otherwise exclude
such Section(s) of the License, but only in their entirety and only with respect to the Combined Software.`;
