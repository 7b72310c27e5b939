/** The server in a booted system: its package, its client, and a stand-in for Seesaw's proxy. Called by the tests in tests/systemd. */
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { version } from "../../package.json";
import { ROOT } from "../../scripts/tools/build/source.ts";
import { until } from "../harness/base/wait.ts";
import { type Client, connectClient } from "../harness/client/client.ts";
import { daemonPath } from "../harness/daemon/executable.ts";
import { NATIVE, sharedRelease } from "../release/release.ts";
import type { Booted } from "./nspawn.ts";

/** The unit, as systemd names it. */
export const UNIT = "healthcheck-server.service";
/** The configuration file. */
export const CONFIG = "/etc/seesaw/healthcheck-server.yaml";
/** The socket; /run and not /var/run, whose link would lead out of the booted system. */
export const SOCKET = "/run/seesaw/healthcheck-proxy.sock";
/** For whatever the server does within a second or two. */
export const SOON_MS = 30_000;
const EXAMPLES = join(ROOT, "examples", "systemd");

/** Installs the executable under test and the units of the examples, as deployment.md has it, and starts nothing. */
export async function installByHand(booted: Booted): Promise<void> {
  for (const [from, to] of [
    [daemonPath(), "/usr/local/bin/healthcheck-server"],
    [join(EXAMPLES, UNIT), `/etc/systemd/system/${UNIT}`],
    [join(EXAMPLES, "seesaw-sysusers.conf"), "/etc/sysusers.d/seesaw.conf"],
    [join(EXAMPLES, "seesaw-tmpfiles.conf"), "/etc/tmpfiles.d/seesaw.conf"],
  ] as const) {
    mkdirSync(booted.path(dirname(to)), { recursive: true });
    // A program that runs cannot be written over.
    rmSync(booted.path(to), { force: true });
    cpSync(from, booted.path(to));
  }
  await booted.ok(
    "systemd-sysusers seesaw.conf && systemd-tmpfiles --create seesaw.conf && systemctl daemon-reload",
  );
}

/** Packages under the paths that a booted system has them at; disposing removes them. */
export interface Packages extends Disposable {
  /** Packages of this version and of the next. */
  readonly present: string;
  readonly presentVersion: string;
  readonly next: string;
  readonly nextVersion: string;
}

/** Packs the release's Debian package again, uncompressed, so that dpkg unpacks it quickly, and once more as the next version. */
export function makePackages(): Packages {
  const file = join(sharedRelease(), `healthcheck-server_${version}_${NATIVE?.debian}.deb`);
  // Below the project, which the booted system sees.
  mkdirSync(join(ROOT, "dist"), { recursive: true });
  const dir = mkdtempSync(join(ROOT, "dist", ".packages-"));
  chmodSync(dir, 0o755);
  const tree = join(dir, "tree");
  run("dpkg-deb", "-R", file, tree);
  const pack = (name: string) => {
    run("dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, join(dir, name));
    return `/project/dist/${basename(dir)}/${name}`;
  };
  const present = pack("present.deb");
  const nextVersion = "999";
  const control = join(tree, "DEBIAN", "control");
  writeFileSync(control, readFileSync(control, "utf8").replace(/^Version: .*$/m, `Version: ${nextVersion}`));
  const next = pack("next.deb");
  rmSync(tree, { recursive: true });
  return {
    present,
    presentVersion: version,
    next,
    nextVersion,
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/**
 * Puts a program in the place of Seesaw's proxy, with the unit of the examples: it needs the socket to start, and ends when its connection
 * does.
 */
export function placeProxy(booted: Booted): void {
  const program = "/usr/local/bin/healthcheck-proxy";
  booted.write(program, `#!/bin/sh\nexec socat -u UNIX-CONNECT:${SOCKET} OPEN:/dev/null\n`);
  chmodSync(booted.path(program), 0o755);
  const unit = "healthcheck-proxy.service";
  mkdirSync(booted.path("/etc/systemd/system"), { recursive: true });
  cpSync(join(EXAMPLES, unit), booted.path(`/etc/systemd/system/${unit}`));
}

/** Connects a client of this process as soon as the socket takes one. */
export async function connectInside(booted: Booted): Promise<Client> {
  const connect = () => connectClient(booted.path(SOCKET)).catch(() => undefined);
  const client = await until(connect, SOON_MS, "the server's socket");
  await client.waitFor(({ type }) => type === "ready", SOON_MS);
  return client;
}

/** Waits until the service's status text is as wanted. */
export async function waitForStatus(booted: Booted, wanted: RegExp): Promise<string> {
  let text = "";
  const look = async () => {
    ({ StatusText: text } = await booted.show(UNIT, "StatusText"));
    return wanted.test(text) && text;
  };
  return await until(look, SOON_MS, () => `the status ${wanted}; it is ${text}`);
}

function run(...command: readonly string[]): void {
  const { success, stderr } = Bun.spawnSync([...command], { stdin: "ignore" });
  if (!success) throw new Error(`${command.join(" ")}: ${stderr}`);
}
