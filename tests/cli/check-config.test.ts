/** `check-config`: validation as a command. */
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { checkConfig } from "../../src/cli/check-config.ts";
import { DEFAULT_CONFIG, toFile } from "../../src/config/schema.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { FakeOutput } from "../harness/fakes/fakes.ts";

async function check(text: string, options: Parameters<typeof checkConfig>[1] = {}) {
  await using dir = makeTempDir("check");
  const path = join(dir.path, "a.yaml");
  writeFileSync(path, text);
  const output = new FakeOutput();
  const status = checkConfig(path, options, {}, output);
  const relative = (written: string) => written.replaceAll(path, "FILE");
  return { status, out: relative(output.stdout), err: relative(output.stderr) };
}

test("check-config: a valid file", async () => {
  expect(await check("batching:\n  delay: 1s\n")).toEqual({
    status: 0,
    out: "FILE: valid configuration file\n",
    err: "",
  });
});

test("check-config: every error in one run, and status 1", async () => {
  const { status, out, err } = await check("batching:\n  delay: soon\n  max_size: 0\n");
  expect([status, err]).toEqual([1, ""]);
  expect(out.split("\n").map((line) => line.split(": ").slice(0, 3).join(": "))).toEqual([
    "Configuration error: FILE:2:10: batching.delay",
    "Configuration error: FILE:3:13: batching.max_size",
    "",
  ]);
});

test("check-config: an unknown key is a warning, or a fault when that is wanted", async () => {
  const warning = "Configuration warning: FILE:1:1: sever: unknown key, ignored; did you mean server?\n";
  const lenient = await check("sever: {}\n");
  expect([lenient.status, lenient.out.startsWith(warning)]).toEqual([0, true]);
  expect((await check("sever: {}\n", { strictConfig: true })).status).toBe(1);
});

test("check-config: prints what is in effect, defaults filled in", async () => {
  const { status, out } = await check("batching:\n  max_size: 7\n", { print: true });
  expect(status).toBe(0);
  const defaults = toFile(DEFAULT_CONFIG);
  expect(parse(out)).toEqual({ ...defaults, batching: { ...defaults["batching"], max_size: 7 } });
});

test("check-config: what it prints is valid", async () => {
  const { out } = await check("", { print: true });
  expect((await check(out)).out).toBe("FILE: valid configuration file\n");
});

test("check-config: a file that does not exist is a fault", () => {
  const output = new FakeOutput();
  expect(checkConfig("/nonexistent/a.yaml", {}, {}, output)).toBe(1);
  expect(output.stdout).toStartWith("Configuration error: /nonexistent/a.yaml: cannot be read: ");
});

const ENTRY = "checker_type: tcp, interval: 1s, timeout: 1s, ip: 127.0.0.1";

test("check-config: a file with healthchecks alone is validated as a checks file", async () => {
  const sound = await check(`healthchecks:\n  - {id: 1, port: 22, ${ENTRY}}\n`, { strictConfig: true });
  expect(sound).toEqual({ status: 0, out: "FILE: valid checks file, 1 healthcheck\n", err: "" });
  const other = await check("healthchecks: []\nserver: {}\n");
  expect(other.out).toContain("FILE:1:1: healthchecks: unknown key");
});

test("check-config: every fault of a checks file, and status 1", async () => {
  const { status, out } = await check(
    `healthchecks:\n  - {id: 1, port: 0, ${ENTRY}}\n  - {id: x, port: 1, ${ENTRY}}\n`,
  );
  expect(status).toBe(1);
  expect(out.split("\n").map((line) => line.split(": ").slice(0, 3).join(": "))).toEqual([
    "Configuration error: FILE:2:19: healthchecks[0].port",
    "Configuration error: FILE:3:10: healthchecks[1].id",
    "",
  ]);
  for (const [given, shown] of [
    ["5", "a number (not shown)"],
    ["{}", "an object (not shown)"],
  ]) {
    const none = await check(`healthchecks: ${given}\n`);
    expect([none.status, none.out]).toEqual([
      1,
      `Configuration error: FILE:1:15: healthchecks: ${shown} is not valid; must be a list of healthchecks\n`,
    ]);
  }
});

test("check-config: an unknown field of a healthcheck is a warning, or a fault when that is wanted", async () => {
  const text = `healthchecks:\n  - {id: 1, prot: 1, port: 22, ${ENTRY}}\n`;
  const { status, out } = await check(text);
  expect([status, out]).toEqual([
    0,
    "Configuration warning: FILE:2:13: healthchecks[0].prot: unknown field, ignored; did you mean port?\n" +
      "FILE: valid checks file, 1 healthcheck, 1 warning\n",
  ]);
  expect((await check(text, { strictConfig: true })).status).toBe(1);
  const secret = await check(`healthchecks:\n  - {id: 1, port: 22, "X-Key: hunter2": 1, ${ENTRY}}\n`);
  expect(secret.out).toStartWith(
    "Configuration warning: FILE:2:23: healthchecks[0]: unknown field (not shown), ignored\n",
  );
});

test("check-config: x- keys with anchors are allowed in both files, other second keys of a checks file are not", async () => {
  const common = "x-common: &c {interval: 1s, timeout: 1s, checker_type: tcp, ip: 127.0.0.1}\n";
  const merged = `${common}healthchecks:\n  - {<<: *c, id: 1, port: 22}\n`;
  expect(await check(merged, { strictConfig: true })).toEqual({
    status: 0,
    out: "FILE: valid checks file, 1 healthcheck\n",
    err: "",
  });
  const config = await check("x-d: &d {delay: 1s}\nbatching:\n  <<: *d\n", { strictConfig: true });
  expect([config.status, config.out]).toEqual([0, "FILE: valid configuration file\n"]);
  const other = await check("healtchecks: 1\nhealthchecks: []\n", { strictConfig: true });
  expect([other.status, other.out.split("\n")[0]]).toEqual([
    1,
    "Configuration warning: FILE:1:1: healtchecks: unknown key, ignored; did you mean healthchecks?",
  ]);
});

test("check-config: a wrong value that was merged has the place of its source", async () => {
  const text = "x-common: &c\n  interval: soon\n  prot: 1\nhealthchecks:\n  - <<: *c\n";
  const { out } = await check(
    `${text}    ${ENTRY.replaceAll(", ", "\n    ").replace("interval: 1s\n    ", "")}\n    id: 1\n    port: 1\n`,
  );
  expect(
    out
      .split("\n")
      .slice(0, 2)
      .map((line) => line.split(": ").slice(0, 3).join(": ")),
  ).toEqual([
    "Configuration error: FILE:2:13: healthchecks[0].interval",
    "Configuration warning: FILE:3:3: healthchecks[0].prot",
  ]);
});

test("check-config: a file of neither kind is an error that names both", async () => {
  const { status, out } = await check("nonsense: 1\nfoo: {}\n");
  expect([status, out]).toEqual([
    1,
    "Configuration error: FILE: neither a configuration file nor a checks file; must have sections (server, batching, channels, " +
      "manager, checks, network, events, advanced, logging, metrics, telemetry), or the key healthchecks\n",
  ]);
});

test("check-config: --checks marks a checks file", async () => {
  await using dir = makeTempDir("check");
  const path = join(dir.path, "a.yaml");
  writeFileSync(path, "server: {}\n");
  const output = new FakeOutput();
  expect(checkConfig(undefined, { checks: path }, {}, output)).toBe(1);
  expect(output.stdout).toContain("healthchecks: missing; must be a list of healthchecks");
  expect(() => checkConfig(path, { checks: path }, {}, output)).toThrow(
    "file: not allowed with --checks, which names a file too; must be absent",
  );
});

test("check-config: values that are amended are warnings with their places, and no faults when it is strict", async () => {
  const text =
    "healthchecks:\n  - {id: 1, checker_type: tcp, ip: 127.0.0.1, port: 1, interval: 100ns, timeout: 0s, retries: -1}\n";
  expect(await check(text, { strictConfig: true })).toEqual({
    status: 0,
    out:
      "Configuration warning: FILE:2:66: healthchecks[0].interval: 100ns is out of range, using 10ms; must be a duration from 10ms to a year\n" +
      "Configuration warning: FILE:2:82: healthchecks[0].timeout: 0s is out of range, using 10s, the default of tcp checks; must be a duration from 1ms to a year\n" +
      "Configuration warning: FILE:2:95: healthchecks[0].retries: -1 is out of range, using 1000000; must be an integer from 0 to 1000000\n" +
      "FILE: valid checks file, 1 healthcheck, 3 warnings\n",
    err: "",
  });
});

test("check-config: hexadecimal digits need no quotes, also where YAML takes them for a number", async () => {
  for (const digits of ["00", "0012", "12e4", "1234567890123456789012", "00 ff", "ff:00", "'00'"]) {
    const text = `healthchecks:\n  - {id: 1, port: 22, send_hex: ${digits}, receive_hex: ${digits}, ${ENTRY}}\n`;
    const { status, out } = await check(text);
    expect([digits, status]).toEqual([digits, 0]);
    expect(out).toEndWith("FILE: valid checks file, 1 healthcheck\n");
  }
});

test("check-config: a checks file has nothing to print", async () => {
  await expect(check("healthchecks: []\n", { print: true })).rejects.toThrow(
    /^--print: not allowed for .*, a checks file without defaults; must be absent$/,
  );
});
