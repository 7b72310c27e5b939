/**
 * Tests that need a foreign program. Called by every test that starts nginx, Knot DNS, BIND, Go, OpenSSL, socat, curl, Prometheus or
 * Chromium: on a developer's machine such a test is skipped when the program is missing, in CI it fails.
 */

import { test } from "bun:test";
import { canUnshare } from "../machines/namespace.ts";

const PACKAGES = {
  nginx: "nginx-light",
  knotd: "knot",
  unbound: "unbound",
  named: "bind9",
  fping: "fping",
  nft: "nftables",
  freeradius: "freeradius",
  tinyproxy: "tinyproxy",
  go: "golang-go",
  openssl: "openssl",
  socat: "socat",
  prometheus: "prometheus",
  promtool: "prometheus",
  curl: "curl",
  haproxy: "haproxy",
  keepalived: "keepalived",
  node: "nodejs",
  python3: "python3",
  chromium: "chromium",
  ip: "iproute2",
  nsenter: "util-linux",
  dpkg: "dpkg",
  "dpkg-deb": "dpkg",
  "qemu-aarch64": "qemu-user",
  gcc: "gcc",
  useradd: "passwd",
  strace: "strace",
  faketime: "faketime",
  bash: "bash",
  zsh: "zsh",
  fish: "fish",
  mandoc: "mandoc",
  groff: "groff-base",
  "systemd-analyze": "systemd",
  "systemd-sysusers": "systemd",
  "systemd-tmpfiles": "systemd",
  setpriv: "util-linux",
  setcap: "libcap2-bin",
  unshare: "util-linux",
  "systemd-nspawn": "systemd-container",
  debootstrap: "debootstrap",
  "apt-get": "apt",
  minisign: "minisign",
} as const;

/** A program that a test may need. */
export type Peer = keyof typeof PACKAGES;

/**
 * Finds the program of a peer; the sbin directories are searched too, which a user's PATH often lacks.
 * @returns its absolute path, or null when it is not installed
 */
export function findPeer(name: Peer): string | null {
  const { PATH = "" } = process.env;
  return Bun.which(name, { PATH: `${PATH}:/usr/local/sbin:/usr/sbin:/sbin` });
}

/** Returns true when the program of a peer is installed. */
export function hasPeer(name: Peer): boolean {
  return findPeer(name) !== null;
}

/**
 * The program of a peer, for those who are about to start it.
 * @throws Error naming the program and its Debian package when it is missing
 */
export function peerPath(name: Peer): string {
  const path = findPeer(name);
  if (path === null) throw new Error(missingPeer(name));
  return path;
}

/**
 * Registers a test that needs peers. With one missing it is skipped; with `CI=true` it fails instead.
 * @param timeoutMs the limit of the whole test in milliseconds
 * @example peerTest("http: a 503 is unhealthy", ["nginx"], async () => { … });
 */
export function peerTest(
  name: string,
  needs: readonly Peer[],
  fn: () => void | Promise<void>,
  timeoutMs = 30_000,
): void {
  testUnless(
    name,
    needs.filter((peer) => !hasPeer(peer)).map((peer) => ({ name: peer, words: missingPeer(peer) })),
    fn,
    timeoutMs,
  );
}

/** Something that a test needs and does not find here. */
export interface Absent {
  /** For the name of a skipped test. */
  readonly name: string;
  /** For the failure in CI: what is missing, and where it comes from. */
  readonly words: string;
}

/** {@link peerTest} for what is no program: with something absent the test is skipped, in CI it fails. */
export function testUnless(
  name: string,
  absent: readonly Absent[],
  fn: () => void | Promise<void>,
  timeoutMs = 30_000,
): void {
  if (absent.length === 0) {
    test(name, fn, timeoutMs);
    return;
  }
  const { CI } = process.env;
  if (CI === "true") {
    test(name, () => {
      throw new Error(absent.map(({ words }) => words).join("; "));
    });
    return;
  }
  test.skip(`${name} (needs ${absent.map((one) => one.name).join(", ")})`, fn);
}

/** {@link peerTest} for what needs root as well; skipped without. */
export function rootTest(
  name: string,
  needs: readonly Peer[],
  fn: () => void | Promise<void>,
  timeoutMs?: number,
): void {
  if (canUnshare()) peerTest(name, needs, fn, timeoutMs);
  else test.skip(`${name} (needs root)`, fn);
}

/** The failure in CI for a peer that is not installed: its name and its Debian package. */
export function missingPeer(peer: Peer): string {
  return `${peer} is not installed (Debian package ${PACKAGES[peer]})`;
}
