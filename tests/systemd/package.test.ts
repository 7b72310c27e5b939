/** The Debian package under a running systemd: installed, upgraded, removed, and beside other installations. Run by `bun test`. */
// alone: its files share one booted system
import { afterAll, beforeAll, expect } from "bun:test";
import { chmodSync, existsSync } from "node:fs";
import { startSink } from "../harness/backends/sink.ts";
import { printFigure } from "../harness/base/figures.ts";
import { hasPeer, testUnless } from "../harness/base/peers.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { type Booted, bootDebian } from "./nspawn.ts";
import { absentForNspawn, ROOT_LIMIT_MS } from "./nspawn-root.ts";
import {
  CONFIG,
  connectInside,
  makePackages,
  type Packages,
  placeProxy,
  SOCKET,
  SOON_MS,
  UNIT,
  waitForStatus,
} from "./nspawn-server.ts";

const LIMIT_MS = 180_000;
const ABSENT = hasPeer("dpkg-deb")
  ? absentForNspawn()
  : [{ name: "dpkg-deb", words: "dpkg-deb is not installed" }];
const CHECKS = 2_000;
/** State files of the server: with the unit's drop-in for the engine in a directory of its own. */
const STATES = ["/run/seesaw/healthcheck-server.state", "/run/healthcheck-server/healthcheck-server.state"];
const HINT = "Start it with: systemctl enable --now healthcheck-server";

let booted: Booted;
let packages: Packages;

beforeAll(async () => {
  if (ABSENT.length > 0) return;
  packages = makePackages();
  booted = await bootDebian();
}, ROOT_LIMIT_MS);

afterAll(async () => {
  await booted?.[Symbol.asyncDispose]();
  packages?.[Symbol.dispose]();
});

/** A test in the booted system; each continues where the one before has ended. */
const packageTest = (name: string, fn: () => Promise<void>) =>
  testUnless(`package: ${name}`, ABSENT, fn, LIMIT_MS);

const active = async () => (await booted.show(UNIT, "ActiveState")).ActiveState;
/** dpkg's letters for the package's state, `ii` when it is installed, and its version. */
const installed = async () => {
  const line = await booted.ok("dpkg -l healthcheck-server | tail -n 1");
  return line.split(/ +/).filter((_, at) => at === 0 || at === 2);
};

packageTest(
  "an installation starts nothing and prints the command; once enabled, the socket exists when the start returns",
  async () => {
    const out = await booted.ok(`dpkg -i ${packages.present}`);
    expect(out).toContain(HINT);
    expect([await active(), (await booted.run(`systemctl is-enabled ${UNIT}`)).out]).toEqual([
      "inactive",
      "disabled\n",
    ]);
    await booted.ok(`systemctl enable --now ${UNIT}`);
    expect(existsSync(booted.path(SOCKET))).toBe(true);
    expect((await booted.ok(`stat -c '%U %G %a' ${SOCKET} /run/seesaw`)).split("\n")).toEqual([
      "seesaw seesaw 660",
      "seesaw seesaw 755",
      "",
    ]);
    await waitForStatus(booted, /^0 healthy, 0 unhealthy, 0 unknown; no client connected$/);
    expect(await booted.ok("healthcheck-server check-config --strict-config")).toContain(`${CONFIG}: valid`);
  },
);

packageTest("an upgrade and a downgrade while 2,000 checks run lose no state and change none", async () => {
  await using sink = await startSink(1, booted.inNetwork);
  const [target = { hostname: "", port: 0 }] = sink.targets;
  const dead = { hostname: "127.0.0.1", port: 1 };
  const checks = times(CHECKS, (id) => tcpCheck(id, id % 20 === 0 ? dead : target, { interval: "2s" }));
  const stateOf = (id: number) => (id % 20 === 0 ? "unhealthy" : "healthy");
  const allKnown = (client: Awaited<ReturnType<typeof connectInside>>) =>
    times(CHECKS, (id) => client.latest.get(String(id))?.state === stateOf(id)).every(Boolean);
  let client = await connectInside(booted);
  client.update(checks);
  await until(() => allKnown(client), SOON_MS, "the first states");
  for (const [file, version] of [
    [packages.next, packages.nextVersion],
    [packages.present, packages.presentVersion],
  ] as const) {
    const before = client;
    const dpkg = booted.ok(`dpkg --force-downgrade -i ${file}`);
    await before.closed;
    const awayMs = performance.now();
    // What the old connection brought to its end: no state has changed.
    expect(allKnown(before)).toBe(true);
    client = await connectInside(booted);
    const backMs = performance.now();
    client.update(checks);
    await until(() => client.latest.size === CHECKS, SOON_MS, "every state again");
    const reportedMs = performance.now();
    expect(allKnown(client)).toBe(true);
    await dpkg;
    expect(await installed()).toEqual(["ii", version]);
    printFigure("upgrade: the socket was away for", backMs - awayMs, "ms");
    printFigure("upgrade: every state reported again after", reportedMs - backMs, "ms");
  }
  const changes = await booted.journal("-u", UNIT, "-g", "'Health state changed'");
  // The first server has found out each state once, and the others have continued with it.
  expect(changes.length).toBe(CHECKS);
  expect(changes.filter(({ MESSAGE }) => !MESSAGE.includes("old_state=unknown"))).toEqual([]);
  await client[Symbol.asyncDispose]();
  const restored = await booted.journal("-u", UNIT, "-g", "'States restored'");
  expect(restored.map(({ MESSAGE }) => / states=(\d+) /.exec(MESSAGE)?.[1])).toEqual(
    times(2, () => `${CHECKS}`),
  );
});

packageTest(
  "a service that does not start again blocks no upgrade: it is reported, and comes back when it can",
  async () => {
    await booted.ok(`systemctl stop ${UNIT}`);
    // Another program has the socket; the service was enabled and is about to be tried again and again.
    await booted.ok(
      `systemd-run --quiet --unit=squatter socat UNIX-LISTEN:${SOCKET},fork,user=seesaw,mode=660 EXEC:cat`,
    );
    await until(() => existsSync(booted.path(SOCKET)), SOON_MS, "the squatter");
    const start = await booted.run(`systemctl start ${UNIT}`);
    expect(start.status).toBe(1);
    const { status, err } = await booted.run(`dpkg -i ${packages.next}`);
    expect([status, await installed()]).toEqual([0, ["ii", packages.nextVersion]]);
    expect(err).toContain(
      "the package is installed, but the service did not restart: systemctl status healthcheck-server",
    );
    await waitForStatus(
      booted,
      /^cannot start: already running: another server listens on \S+healthcheck-proxy\.sock$/,
    );
    await booted.ok("systemctl stop squatter");
    await waitForStatus(booted, /^0 healthy/);
    expect(await active()).toBe("active");
  },
);

packageTest("policy-rc.d keeps an upgrade from restarting the service", async () => {
  booted.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n");
  chmodSync(booted.path("/usr/sbin/policy-rc.d"), 0o755);
  const { MainPID: before } = await booted.show(UNIT, "MainPID");
  await booted.ok(`dpkg --force-downgrade -i ${packages.present}`);
  expect(await booted.show(UNIT, "MainPID")).toEqual({ MainPID: before });
  await booted.ok("rm /usr/sbin/policy-rc.d");
});

packageTest(
  "a removal stops the service for good while the proxy's unit runs; a reinstallation prints the start command",
  async () => {
    placeProxy(booted);
    await booted.ok("systemctl daemon-reload && systemctl enable --now healthcheck-proxy");
    await waitForStatus(booted, /client connected/);
    await booted.ok("dpkg -r healthcheck-server");
    const restarts = async () => Number((await booted.show("healthcheck-proxy", "NRestarts")).NRestarts);
    const before = await restarts();
    await until(async () => (await restarts()) >= before + 2, SOON_MS, "two restarts of the proxy");
    expect([await active(), existsSync(booted.path(SOCKET))]).toEqual(["inactive", false]);
    expect(existsSync(booted.path(CONFIG))).toBe(true);
    expect(STATES.map((file) => existsSync(booted.path(file)))).toEqual([true, false]);
    expect(await booted.ok(`dpkg -i ${packages.present}`)).toContain(HINT);
    expect((await booted.run(`systemctl is-enabled ${UNIT}`)).out).toBe("disabled\n");
  },
);

packageTest(
  "a purge leaves the group while the proxy's unit has it, and nothing when it has gone",
  async () => {
    const group = async () => (await booted.run("getent group seesaw")).status === 0;
    const [, engineStates = ""] = STATES;
    booted.write(engineStates, "healthcheck-server state 1");
    const { err } = await booted.run("dpkg -P healthcheck-server");
    expect(await booted.ok("find /run -name 'healthcheck-server*' -not -path '/run/systemd/*'")).toBe("");
    expect(err).toContain(
      "the user and the group seesaw stay, they are used: /etc/systemd/system/healthcheck-proxy.service",
    );
    expect([await group(), existsSync(booted.path("/etc/seesaw"))]).toEqual([true, false]);
    await booted.ok(
      "systemctl disable --now healthcheck-proxy && rm /etc/systemd/system/healthcheck-proxy.service",
    );
    await booted.ok("userdel seesaw; ! getent group seesaw || groupdel seesaw");
    await booted.ok(`dpkg -i ${packages.present} && dpkg -P healthcheck-server`);
    expect([await group(), (await booted.run("getent passwd seesaw")).status]).toEqual([false, 2]);
    expect(
      await booted.ok(
        "find / -xdev -iname '*healthcheck-server*' -not -path '/project*' -not -path '/var/log/*'",
      ),
    ).toBe("");
  },
);

packageTest(
  "a unit and an executable that were installed by hand are named, and neither restarted nor stopped",
  async () => {
    await booted.ok("install -D /project/dist/healthcheck-server /usr/local/bin/healthcheck-server");
    await booted.ok(`install -D -m 0644 /project/examples/systemd/${UNIT} /etc/systemd/system/${UNIT}`);
    await booted.ok(
      "install -D -m 0644 /project/examples/systemd/seesaw-sysusers.conf /etc/sysusers.d/seesaw.conf",
    );
    await booted.ok(
      `systemd-sysusers seesaw.conf && systemctl daemon-reload && systemctl enable --now ${UNIT}`,
    );
    const { MainPID: before } = await booted.show(UNIT, "MainPID");
    for (const file of [packages.present, packages.next]) {
      const { status, err } = await booted.run(`dpkg -i ${file}`);
      expect(status).toBe(0);
      expect(err).toContain("/usr/local/bin/healthcheck-server is another installation");
      expect(err).toContain(`/etc/systemd/system/${UNIT} stays in effect in place of the package's unit`);
    }
    await booted.ok("dpkg -P healthcheck-server");
    expect(await booted.show(UNIT, "MainPID", "ActiveState", "UnitFileState")).toEqual({
      MainPID: before,
      ActiveState: "active",
      UnitFileState: "enabled",
    });
    expect((await booted.run("getent passwd seesaw")).status).toBe(0);
  },
);
