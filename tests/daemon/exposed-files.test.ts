/** Files with secrets in them that every user may read: a warning at the start, on reload and in check-config. Run by `bun test`. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../harness/base/command.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(30_000);

const COMMON = "interval: 1h, timeout: 1s, ip: 127.0.0.1, port: 1";
/** Files with secrets and without, and whether they are configurations. */
const FILES: Readonly<Record<string, { text: string; secret: boolean; config?: true }>> = {
  "an endpoint with a login": {
    text: 'telemetry: { otlp_endpoint: "https://user:hunter2@127.0.0.1:4317" }\n',
    secret: true,
    config: true,
  },
  "an endpoint with a token": {
    text: 'telemetry: { otlp_endpoint: "https://127.0.0.1:4317/?token=hunter2" }\n',
    secret: true,
    config: true,
  },
  "an endpoint": {
    text: 'telemetry: { otlp_endpoint: "http://127.0.0.1:4317" }\n',
    secret: false,
    config: true,
  },
  headers: {
    text: `healthchecks: [{ id: 1, checker_type: http, ${COMMON}, headers: { X-Token: hunter2 } }]\n`,
    secret: true,
  },
  "a text to send": {
    text: `healthchecks: [{ id: 1, checker_type: tcp, ${COMMON}, send: "AUTH hunter2" }]\n`,
    secret: true,
  },
  "a query": {
    text: `healthchecks: [{ id: 1, checker_type: http, ${COMMON}, path: "/x?hunter2" }]\n`,
    secret: true,
  },
  "a URL with a login": {
    text: `healthchecks: [{ id: 1, checker_type: http, ${COMMON}, path: "http://u:hunter2@h/x" }]\n`,
    secret: true,
  },
  "plain checks": { text: `healthchecks: [{ id: 1, checker_type: tcp, ${COMMON} }]\n`, secret: false },
};

const WARNING = /Configuration warning: \S+: this file is readable by every user \(mode 0644\) and contains /;

test.each(Object.entries(FILES))("exposed files: check-config and %s", async (_name, { text, secret }) => {
  await using dir = makeTempDir("exposed");
  const file = join(dir.path, "file.yaml");
  await Bun.write(file, text);
  for (const [mode, warned] of [
    [0o644, secret],
    [0o640, false],
    [0o600, false],
  ] as const) {
    chmodSync(file, mode);
    const { status, out } = await runCommand(["check-config", "--strict-config", file]);
    expect([mode, status, /readable by every user/.test(out)]).toEqual([mode, 0, warned]);
    if (warned) expect(out).toMatch(WARNING);
    expect(out).not.toContain("hunter2");
  }
});

test("exposed files: the server warns at its start and on reload, and not when others may not read", async () => {
  const { text = "" } = FILES["headers"] ?? {};
  await using daemon = await startDaemon({
    config: FILES["an endpoint with a login"]?.text ?? "",
    files: { "checks.yaml": text },
    args: ["--checks", "checks.yaml"],
  });
  const warnings = () => daemon.log.filter((line) => WARNING.test(line) && line.includes(" WARN "));
  expect(warnings().map((line) => / (\S+): this file/.exec(line)?.[1]?.replace(/^.*\//, ""))).toEqual([
    "config.yaml",
    "checks.yaml",
  ]);
  for (const file of ["config.yaml", "checks.yaml"]) chmodSync(join(daemon.dir, file), 0o600);
  daemon.signal("SIGHUP");
  await daemon.waitForLog(/Reloading configuration/, 5_000);
  daemon.signal("SIGTERM");
  await daemon.exited;
  expect(warnings().length).toBe(2);
  expect(daemon.log.join("\n")).not.toContain("hunter2");
});
