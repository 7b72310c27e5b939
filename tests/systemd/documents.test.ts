/**
 * README.md, docs/deployment.md and docs/migration.md: every block of commands is run in a booted system, as it is written, one after the other. The
 * tables below say what a page needs beforehand, which lines cannot run there and why, and which ones do not end. Run by `bun test`.
 */
// alone: its files share one booted system
import { afterAll, describe, expect, test } from "bun:test";
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { version } from "../../package.json";
import { readSigningKey, signatureOf } from "../../scripts/tools/release/signature.ts";
import { readText } from "../harness/base/markdown.ts";
import { hasPeer, missingPeer, testUnless } from "../harness/base/peers.ts";
import { dnsCheck, httpCheck, tcpCheck } from "../harness/client/checks.ts";
import type { Client } from "../harness/client/client.ts";
import { daemonPath } from "../harness/daemon/executable.ts";
import { NATIVE, sharedRelease } from "../release/release.ts";
import { type Booted, bootDebian } from "./nspawn.ts";
import { startPeers } from "./nspawn-peers.ts";
import { absentForNspawn, ROOT_LIMIT_MS } from "./nspawn-root.ts";
import { CONFIG, connectInside, installByHand, UNIT, waitForStatus } from "./nspawn-server.ts";

const LIMIT_MS = 120_000;
const NEEDS = (["openssl", "dpkg-deb"] as const).filter((peer) => !hasPeer(peer));
const ABSENT = [...absentForNspawn(), ...NEEDS.map((peer) => ({ name: peer, words: missingPeer(peer) }))];
/** Directories of the commands: those of a checkout and of a download. */
const WORK = "/srv/work";

/** Lines that cannot run in the system, and why. */
const CANNOT: Readonly<Record<string, string>> = {
  "scripts/build": "needs Node and npm's registry",
  "scripts/demo": "needs Node and npm's registry",
  "scripts/test": "runs this test",
  "docker build -t healthcheck-server .": "needs Docker",
  "docker compose -f examples/docker-compose.yml up": "needs Docker",
};

/** Lines that run until they are stopped: here until the next such line, or the end of the page. */
const ENDLESS = [
  "healthcheck-server",
  "healthcheck-server --engine",
  "healthcheck-server run --checks examples/checks-standalone.yaml",
  "healthcheck-server run --checks examples/checks-standalone.yaml --config parallel.yaml",
  "healthcheck-server-next run --checks /etc/seesaw/next-checks.yaml --config /etc/seesaw/next.yaml",
];

/** Lines whose exit status is not 0 here, and why. */
const STATUS: Readonly<Record<string, readonly [status: number, why: string]>> = {
  "healthcheck-server explain 42": [1, "the example's checks have no such id"],
};

/** Placeholders, and what this page's reader would write. */
const PLACEHOLDERS: readonly (readonly [RegExp, string])[] = [
  [/\bFILE\b/g, CONFIG],
  [/_VERSION_/g, `_${version}_`],
  [/linux-x64/g, NATIVE?.name ?? ""],
];

/** Steps that a page's reader has taken before a block, by the block's first line. */
const BEFORE: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  // README.md
  "sudo install healthcheck-server /usr/local/bin/": ({ booted }) =>
    booted.ok("userdel --force seesaw || true"),
  // docs/deployment.md
  "ls -l /var/run/seesaw/healthcheck-proxy.sock": ({ booted }) => startByHand(booted),
  "sudo dpkg -i healthcheck-server_VERSION_amd64.deb": ({ booted }) =>
    booted.ok(
      `systemctl disable --now ${UNIT}; rm /etc/systemd/system/${UNIT} /usr/local/bin/healthcheck-server`,
    ),
  "sudo mv /etc/systemd/system/healthcheck-server.service /var/backups/healthcheck-server.service.before": ({
    booted,
  }) => startByHand(booted),
  "sudo install -D -m 0755 dist/healthcheck-server /usr/local/bin/healthcheck-server": ({ booted }) =>
    booted.ok("dpkg -P healthcheck-server && rm -rf /etc/sysusers.d /etc/tmpfiles.d && userdel seesaw"),
  "grep 'open files' /proc/$(pidof -s healthcheck-server)/limits": (page) => page.connect(),
  "./healthcheck-server --version": ({ booted }) => booted.ok(`cp ${WORK}/dist/healthcheck-server ${WORK}/`),
  "healthcheck-server explain 13758215386640154624": (page) => page.connect(),
  // docs/migration.md
  "sudo cp -p /usr/local/seesaw/seesaw_healthcheck /usr/local/seesaw/seesaw_healthcheck.google": ({
    booted,
  }) => startWatchdog(booted),
  "sudo install dist/healthcheck-server /usr/local/bin/healthcheck-server-next": ({ booted }) =>
    booted.ok("systemctl stop watchdog"),
  "healthcheck-server check-config --strict-config /etc/seesaw/healthcheck-server.yaml": ({ booted }) =>
    startByHand(booted),
};

/** The old installation of a reader who reads on from here. */
async function startByHand(booted: Booted): Promise<void> {
  await installByHand(booted);
  await booted.ok(`systemctl enable ${UNIT} && systemctl restart ${UNIT}`);
}

/** A stand-in for Seesaw's watchdog, and for the executable that it runs: that of this tree. */
async function startWatchdog(booted: Booted): Promise<void> {
  const program = "/usr/local/seesaw/seesaw_healthcheck";
  const log = "/var/log/seesaw/seesaw_healthcheck.log.2026";
  const start = `(exec -c -a seesaw_healthcheck ${program} -log_dir=/var/log/seesaw) < /dev/null >> ${log} 2>&1`;
  await booted.ok(
    `mkdir -p /var/log/seesaw && install -D ${WORK}/dist/healthcheck-server ${program} && ` +
      `systemd-run --quiet --collect --unit=watchdog bash -c 'while :; do ${start}; sleep 2; done' && ` +
      `until grep -q 'server running' ${log}; do sleep 0.1; done`,
  );
}

/** A page, and the system that its blocks are run in. */
class Page {
  readonly booted: Booted;
  readonly #stack: AsyncDisposableStack;
  #client: Client | undefined;

  constructor(booted: Booted, stack: AsyncDisposableStack) {
    this.booted = booted;
    this.#stack = stack;
  }

  /** Boots a system with the peers that the documents name, and the files of a checkout. */
  static async boot(): Promise<Page> {
    const stack = new AsyncDisposableStack();
    const release = sharedRelease();
    daemonPath();
    const booted = stack.use(await bootDebian());
    stack.use(await startPeers(booted));
    await booted.ok(`mkdir -p ${WORK}/dist && cp -a /project/examples ${WORK}/`);
    cpSync(daemonPath(), booted.path(`${WORK}/dist/healthcheck-server`));
    await booted.ok(`cd ${WORK} && minisign -G -W -p healthcheck-server.pub -s /srv/key`);
    const key = readSigningKey(booted.path("/srv/key"));
    const signature = signatureOf(readFileSync(join(release, "SHA256SUMS")), "a release", key);
    booted.write(`${WORK}/SHA256SUMS.minisig`, signature);
    for (const name of readdirSync(release).filter((name) => /SUMS$|\.(deb|tar\.gz)$/.test(name)))
      cpSync(join(release, name), booted.path(`${WORK}/${name}`));
    booted.write(CONFIG, "metrics: { enabled: true }\n");
    booted.write("/run/documents.cwd", WORK);
    return new Page(booted, stack);
  }

  /** The proxy has come, with the checks of examples/checks-standalone.yaml. */
  async connect(): Promise<void> {
    await this.#client?.[Symbol.asyncDispose]();
    this.#client = await connectInside(this.booted);
    const here = { hostname: "127.0.0.1", port: 22 };
    this.#client.update([
      tcpCheck(1, here, { receive: "SSH-" }),
      httpCheck(
        2,
        { ...here, port: 8080 },
        { path: "http://www.example.com/healthz", expected_codes: [200] },
      ),
      dnsCheck("13758215386640154624", "localhost", { expected_ips: ["127.0.0.1"] }),
    ]);
    await waitForStatus(this.booted, /^3 healthy/);
  }

  async run(block: Block): Promise<void> {
    const [first = ""] = block.lines;
    await BEFORE[first]?.(this);
    if (block.file !== undefined) {
      this.booted.write(block.file, block.lines.join("\n"));
      return;
    }
    const script = [
      "set -e",
      "cd $(cat /run/documents.cwd)",
      ...block.lines.map(asScript),
      "pwd > /run/documents.cwd",
      "kill $(jobs -p) 2>/dev/null || true",
    ];
    const { status, out, err } = await this.booted.run(
      `{\n${script.join("\n")}\n} > /run/documents.out 2>&1 || { cat /run/documents.out; false; }`,
    );
    expect([block.lines.join("\n"), status, `${out}${err}`]).toEqual([block.lines.join("\n"), 0, ""]);
  }

  async end(): Promise<void> {
    await this.#client?.[Symbol.asyncDispose]();
    await this.#stack.disposeAsync();
  }
}

/** A block of a page: commands, or a file whose first line is a comment with its path. */
interface Block {
  readonly lines: readonly string[];
  readonly file: string | undefined;
}

function blocksOf(page: string): Block[] {
  return [...readText(page).matchAll(/^```(bash|yaml)\n(.*?)^```$/gms)].flatMap(([, info, text = ""]) => {
    const file = /^# (\/[^\s:]+)/.exec(text)?.[1];
    if (info === "yaml" && file === undefined) return [];
    return [{ lines: text.trimEnd().split("\n"), file: info === "yaml" ? file : undefined }];
  });
}

/** A line without its comment. */
const commandOf = (line: string) => line.replace(/\s+# .*$/, "").trim();

/** A line as the shell is to run it. */
function asScript(line: string): string {
  const command = commandOf(line);
  if (CANNOT[command] !== undefined) return ":";
  const filled = PLACEHOLDERS.reduce(
    (text, [placeholder, value]) => text.replaceAll(placeholder, value),
    line,
  );
  if (ENDLESS.includes(command)) return endless(commandOf(filled));
  const [status] = STATUS[command] ?? [0];
  return status === 0 ? filled : `${filled.replace(/\s+# .*$/, "")} || [ $? -eq ${status} ]`;
}

/** Starts a program as if in another terminal, in place of the one before, and waits until it serves. */
function endless(command: string): string {
  return [
    "systemctl stop terminal 2>/dev/null || true",
    `systemd-run --quiet --collect --unit=terminal --same-dir --setenv=HOME=/root bash -c 'exec ${command}'`,
    "until journalctl -u terminal _SYSTEMD_INVOCATION_ID=$(systemctl show -P InvocationID terminal) | grep -q 'server running'",
    "do systemctl --quiet is-active terminal || { journalctl -u terminal; false; }; sleep 0.1; done",
  ].join("\n");
}

const PAGES = ["README.md", "docs/deployment.md", "docs/migration.md"];

describe.each(PAGES)("%s", (path) => {
  let page: Page | undefined;
  afterAll(async () => await page?.end());
  for (const [at, block] of blocksOf(path).entries()) {
    const [first = ""] = block.lines;
    const run = async () => {
      page ??= await Page.boot();
      await page.run(block);
    };
    testUnless(
      `documents: ${path}, block ${at + 1}: ${first}`,
      ABSENT,
      run,
      at === 0 ? ROOT_LIMIT_MS : LIMIT_MS,
    );
  }
});

test("documents: every line that is marked is in a document", () => {
  const lines = PAGES.flatMap(blocksOf).flatMap((block) => block.lines);
  const commands = new Set(lines.map(commandOf));
  const marked = [...Object.keys(CANNOT), ...ENDLESS, ...Object.keys(STATUS)];
  expect(marked.filter((line) => !commands.has(line))).toEqual([]);
  expect(Object.keys(BEFORE).filter((line) => !lines.includes(line))).toEqual([]);
});
