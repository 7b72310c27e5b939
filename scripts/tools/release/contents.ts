/** Contents of the packages: the one place to add a file to them. Called by the release. */
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** A file of a package, or a directory with all that is in it. */
export interface Item {
  /** Path in the tree, or the text itself. */
  readonly from: string | { readonly text: string | Uint8Array };
  /** Its place in the tarball's directory; absent: not in the tarball. */
  readonly tarball?: string;
  /** Its place below the root of the file system; absent: not in the Debian package. */
  readonly debian?: string;
  readonly executable?: boolean;
  /** Applied to its text in the Debian package, where places differ from those of a hand-made installation. */
  readonly debianEdit?: (text: string) => string;
}

/** Files that are generated for a release. */
export interface Made {
  /** Path of the executable. */
  readonly executable: string;
  readonly thirdPartyLicences: string;
  readonly sbom: string;
  /** Text of the manual page, and of the completion scripts by the names of their files. */
  readonly manual: string;
  readonly completions: Readonly<Record<CompletionFile, string>>;
}

/** As scripts/tools/docs/assets.ts names them. */
type CompletionFile = "healthcheck-server.bash" | "_healthcheck-server" | "healthcheck-server.fish";

/** Directories in which Debian's shells look for completions. */
const DEBIAN_COMPLETIONS: Readonly<Record<CompletionFile, string>> = {
  "healthcheck-server.bash": "usr/share/bash-completion/completions/healthcheck-server",
  "_healthcheck-server": "usr/share/zsh/vendor-completions/_healthcheck-server",
  "healthcheck-server.fish": "usr/share/fish/vendor_completions.d/healthcheck-server.fish",
};

/** Directory of the Debian package's documents. */
export const DEBIAN_DOC = "usr/share/doc/healthcheck-server";
/** The configuration file that postinst copies to /etc/seesaw when it is missing. */
const DEBIAN_CONFIG = "usr/share/healthcheck-server/healthcheck-server.yaml";

/** Everything, in the order in which people look for it. */
export function contents(made: Made): Item[] {
  const { executable, thirdPartyLicences, sbom, manual, completions } = made;
  return [
    {
      from: executable,
      tarball: "healthcheck-server",
      debian: "usr/bin/healthcheck-server",
      executable: true,
    },
    { from: "README.md", tarball: "README.md", debian: `${DEBIAN_DOC}/README.md` },
    { from: "LICENSE", tarball: "LICENSE" },
    {
      from: { text: thirdPartyLicences },
      tarball: "THIRD-PARTY-LICENSES.txt",
      debian: `${DEBIAN_DOC}/THIRD-PARTY-LICENSES.txt`,
    },
    {
      from: { text: sbom },
      tarball: "healthcheck-server.cdx.json",
      debian: `${DEBIAN_DOC}/healthcheck-server.cdx.json`,
    },
    { from: { text: manual }, tarball: "man/healthcheck-server.8" },
    {
      from: { text: gzipSync(manual, { level: 9 }) },
      debian: "usr/share/man/man8/healthcheck-server.8.gz",
    },
    // The cast restates the type of the table: Object.entries forgets the names.
    ...(Object.entries(completions) as [CompletionFile, string][]).map(([name, text]) => ({
      from: { text },
      tarball: `completions/${name}`,
      debian: DEBIAN_COMPLETIONS[name],
    })),
    { from: "docs", tarball: "docs", debian: `${DEBIAN_DOC}/docs` },
    { from: "examples", tarball: "examples", debian: `${DEBIAN_DOC}/examples` },
    {
      from: "examples/systemd/healthcheck-server.service",
      debian: "usr/lib/systemd/system/healthcheck-server.service",
      debianEdit: (unit) => packagedUnit(unit),
    },
    {
      from: "examples/systemd/seesaw-tmpfiles.conf",
      debian: "usr/lib/tmpfiles.d/healthcheck-server.conf",
    },
    { from: debianFile("healthcheck-server.yaml"), debian: DEBIAN_CONFIG },
    { from: debianFile("copyright"), debian: `${DEBIAN_DOC}/copyright` },
  ];
}

/** The unit without the words on its installation by hand, and with the package's place of the executable. */
function packagedUnit(unit: string): string {
  const own = "# What fits another host otherwise goes into a drop-in: systemctl edit healthcheck-server\n\n";
  return unit.replace(/^(?:#.*\n)+\n/, own).replaceAll("/usr/local/bin/", "/usr/bin/");
}

/** A file that only the Debian package needs. */
export function debianFile(name: string): string {
  return join("scripts", "tools", "release", "debian", name);
}
