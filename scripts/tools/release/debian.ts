/**
 * The Debian package. Its unit, configuration and maintainer scripts are in debian/. dpkg-deb takes the time of its files from
 * SOURCE_DATE_EPOCH.
 */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DEBIAN_DOC, debianFile, type Item } from "./contents.ts";
import { run } from "./run.ts";
import { stage } from "./stage.ts";

const MAINTAINER = "The healthcheck-server maintainers <healthcheck-server@localhost>";
const SCRIPTS = ["postinst", "prerm", "postrm"] as const;

/** Contents of a package. */
export interface DebianOptions {
  readonly items: readonly Item[];
  readonly version: string;
  readonly architecture: "amd64" | "arm64";
  /** An absolute path: where it goes. */
  readonly out: string;
  /** A directory to work in. */
  readonly workDir: string;
  /** Modification time of every file, in seconds since 1970. */
  readonly timeSeconds: number;
}

/**
 * Packs it.
 *
 * @returns its file name
 * @throws Error when the tree lacks something, or dpkg-deb is missing or fails
 */
export async function writeDebian(options: DebianOptions): Promise<string> {
  const { items, version, architecture, out, workDir, timeSeconds } = options;
  const root = join(workDir, `debian-${architecture}`);
  stage(
    root,
    items.flatMap(({ debian, debianEdit, ...item }) =>
      debian === undefined
        ? []
        : [{ ...item, to: debian, ...(debianEdit === undefined ? {} : { edit: debianEdit }) }],
    ),
  );
  const changes = gzipSync(changelog(version, timeSeconds), { level: 9 });
  stage(root, [
    { from: { text: changes }, to: `${DEBIAN_DOC}/changelog.gz` },
    { from: { text: control(version, architecture, kilobytes(root)) }, to: "DEBIAN/control" },
    ...SCRIPTS.map((name) => ({ from: debianFile(name), to: `DEBIAN/${name}`, executable: true })),
  ]);
  const file = `healthcheck-server_${version}_${architecture}.deb`;
  // gzip: every dpkg reads it, and it is packed in seconds.
  await run("dpkg-deb", ["--root-owner-group", "-Zgzip", "-z6", "--build", root, join(out, file)], {
    SOURCE_DATE_EPOCH: String(timeSeconds),
  });
  return file;
}

/** deb-control(5). */
function control(version: string, architecture: string, installedKilobytes: number): string {
  return `Package: healthcheck-server
Version: ${version}
Architecture: ${architecture}
Maintainer: ${MAINTAINER}
Installed-Size: ${installedKilobytes}
Depends: libc6 (>= 2.17), passwd
Recommends: ca-certificates
Section: net
Priority: optional
Description: health checker of the Seesaw load balancer
 Checks backends over TCP, HTTP, HTTPS and DNS for a client on a Unix
 socket, and notifies it of each state change.
`;
}

/** deb-changelog(5). */
function changelog(version: string, timeSeconds: number): string {
  const date = new Date(timeSeconds * 1_000).toUTCString().replace("GMT", "+0000");
  return `healthcheck-server (${version}) stable; urgency=medium

  * Version ${version}.

 -- ${MAINTAINER}  ${date}
`;
}

function kilobytes(root: string): number {
  const files = readdirSync(root, { recursive: true, withFileTypes: true });
  const sizes = files.map((file) => (file.isFile() ? statSync(join(file.parentPath, file.name)).size : 0));
  return sizes.reduce((sum, size) => sum + Math.ceil(size / 1_024), 0);
}
