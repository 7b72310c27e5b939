/** The command line of scripts/release. */
import { join, resolve } from "node:path";
import { parseOptions, UsageError } from "../arguments.ts";
import { ROOT } from "../build/source.ts";
import { TARGETS, type Target } from "./targets.ts";

/** Command of the release tool. */
export type Command =
  | { readonly do: "help" }
  | { readonly do: "fetch"; readonly targets: readonly Target[] }
  | { readonly do: "notices"; readonly out: string }
  | ReleaseCommand;

/** Options of a release. */
export interface ReleaseCommand {
  readonly do: "release";
  readonly targets: readonly Target[];
  /** An absolute path. */
  readonly out: string;
  /** True when `out` is the default directory, which may be emptied. */
  readonly ownOut: boolean;
  /** Also from a tree that differs from its revision. */
  readonly allowModified: boolean;
  /** The file of the key that signs the checksums; undefined leaves them unsigned. */
  readonly signingKey: string | undefined;
}

const OPTIONS = {
  help: { type: "boolean" },
  fetch: { type: "boolean" },
  notices: { type: "string" },
  sign: { type: "string" },
  targets: { type: "string" },
  out: { type: "string" },
  "allow-modified": { type: "boolean" },
} as const;

/** Output of `--help`. */
export const HELP = `Usage: scripts/release [OPTION…]
Builds the release of this revision: for each target healthcheck-server-VERSION-TARGET.tar.gz and its SBOM (CycloneDX), a Debian
package for each glibc target, and SHA256SUMS. The same revision gives the same bytes.

  --targets NAME[,NAME]  these only, of ${TARGETS.map(({ name }) => name).join(", ")}
  --out DIR              an empty or new directory (dist/release, which is emptied)
  --allow-modified       also from a tree that differs from its revision; its version is marked
  --sign KEY             signs SHA256SUMS, in SHA256SUMS.minisig, with a secret key of minisign without a password (minisign -G -W)
  --notices DIR          only writes THIRD-PARTY-LICENSES.txt and the SBOM of dist/healthcheck-server, for an image
  --fetch                only fetches the runtimes of other machines, for building without a network later
  --help                 says this

SOURCE_DATE_EPOCH, in seconds, sets the time of the files in place of the revision's. Runtimes for other machines than this one
come from npm's registry. Debian packages need dpkg-deb (Debian package dpkg).
`;

/**
 * Reads the arguments.
 *
 * @throws UsageError when they make no sense
 */
export function readOptions(args: readonly string[], cwd: string): Command {
  const values = parseOptions(args, OPTIONS);
  if (values.help === true) return { do: "help" };
  if (values.notices !== undefined) return { do: "notices", out: resolve(cwd, values.notices) };
  const targets = values.targets === undefined ? TARGETS : named(values.targets);
  if (values.fetch === true) return { do: "fetch", targets };
  return {
    do: "release",
    targets,
    out: values.out === undefined ? join(ROOT, "dist", "release") : resolve(cwd, values.out),
    ownOut: values.out === undefined,
    allowModified: values["allow-modified"] ?? false,
    signingKey: values.sign === undefined ? undefined : resolve(cwd, values.sign),
  };
}

function named(list: string): Target[] {
  const names = list.split(",").filter((name) => name !== "");
  const unknown = names.find((name) => !TARGETS.some((target) => target.name === name));
  if (unknown !== undefined)
    throw new UsageError(
      `--targets ${unknown}: no such target (${TARGETS.map(({ name }) => name).join(", ")})`,
    );
  if (names.length === 0) throw new UsageError("--targets: names no target");
  return TARGETS.filter(({ name }) => names.includes(name));
}
