/** What is in the packages, and where: the one place to add a file to them. Called by the release. */
import { join } from "node:path";

/** A file of a package, or a directory with all that is in it. */
export interface Item {
  /** Where the tree has it, or the text itself. */
  readonly from: string | { readonly text: string };
  /** Its place in the tarball's directory; absent: not in the tarball. */
  readonly tarball?: string;
  /** Its place below the root of the file system; absent: not in the Debian package. */
  readonly debian?: string;
  readonly executable?: boolean;
  /** Applied to its text in the Debian package, where places differ from those of a hand-made installation. */
  readonly debianEdit?: (text: string) => string;
}

/** What is made for a release. */
export interface Made {
  /** Path of the executable. */
  readonly executable: string;
  readonly thirdPartyLicences: string;
  readonly sbom: string;
}

/** Where the Debian package has its documents. */
export const DEBIAN_DOC = "usr/share/doc/healthcheck-server";
/** Its configuration file, which dpkg leaves alone once it was changed. */
export const DEBIAN_CONFIG = "etc/seesaw/healthcheck-server.yaml";

/** Everything, in the order in which people look for it. */
export function contents({ executable, thirdPartyLicences, sbom }: Made): Item[] {
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
    { from: "docs", tarball: "docs", debian: `${DEBIAN_DOC}/docs` },
    { from: "examples", tarball: "examples", debian: `${DEBIAN_DOC}/examples` },
    {
      from: "examples/systemd/healthcheck-server.service",
      debian: "usr/lib/systemd/system/healthcheck-server.service",
      debianEdit: (unit) => unit.replaceAll("/usr/local/bin/", "/usr/bin/"),
    },
    { from: debianFile("healthcheck-server.yaml"), debian: DEBIAN_CONFIG },
    { from: debianFile("copyright"), debian: `${DEBIAN_DOC}/copyright` },
  ];
}

/** A file that only the Debian package needs. */
export function debianFile(name: string): string {
  return join("scripts", "releasing", "debian", name);
}
