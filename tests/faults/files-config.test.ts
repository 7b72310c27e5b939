/** Invalid configuration files: wrong types at every key, binary, cut off, bombs, no file at all. Run by `bun test`. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { leaves } from "../../src/config/schema.ts";
import { runCommand } from "../harness/base/command.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { daemonPath } from "../harness/daemon/executable.ts";

setDefaultTimeout(30_000);

/** Values as written in a file, and as the message shows them. Each is valid only for keys of its kind. */
const VALUES: Readonly<
  Record<string, { readonly text: string; readonly of: readonly string[]; readonly free?: boolean }>
> = {
  // In a map and in a list each element is reported by its own place.
  map: { text: "{ a: 1 }", of: ["map or off"] },
  "list of texts": { text: "[x, y]", of: ["list of numbers", "list of host names", "list of addresses"] },
  boolean: { text: "true", of: ["boolean"], free: true },
  "negative number": { text: "-1", of: [], free: true },
  fraction: { text: "0.5", of: ["number"], free: true },
  "huge number": { text: "1e300", of: [], free: true },
  "no number": { text: ".nan", of: [], free: true },
  // Any other format of the log is text, with a warning.
  date: { text: "2026-01-31T00:00:00Z", of: ["string", "log format"] },
  "text with a NUL": { text: '"\\0"', of: ["string", "log format"] },
  "long text": { text: `"${"x".repeat(100_000)}"`, of: ["string", "log format"] },
};

for (const [what, { text, of, free = false }] of Object.entries(VALUES)) {
  test(`files: a ${what} at every key is reported with position, value and rule`, async () => {
    await using dir = makeTempDir("types");
    const file = join(dir.path, "hc.yaml");
    const wrong = leaves().filter(
      ({ name, about }) => !of.includes(about.kind) && !(free && name === "service_name"),
    );
    const sections = Map.groupBy(wrong, ({ section }) => section);
    const lines: string[] = [];
    const expected: string[] = [];
    const ignored: string[] = [];
    for (const [section, keys] of sections) {
      lines.push(`${section}:`);
      for (const { name, about } of keys) {
        lines.push(`  ${name}: ${text}`);
        const column = name.length + 5;
        // A key without effect causes a warning only.
        (about.withoutEffect === undefined ? expected : ignored).push(
          `Configuration ${about.withoutEffect === undefined ? "error" : "warning"}: ${file}:${lines.length}:${column}: ${section}.${name}: … ${about.rule}${about.withoutEffect === undefined ? "" : `; the key ${about.withoutEffect} and is ignored`}`,
        );
      }
    }
    writeFileSync(file, `${lines.join("\n")}\n`);
    const { status, out } = await runCommand(["check-config", file]);
    expect(status).toBe(1);
    const reports = out.trimEnd().split("\n");
    // The message has the given value, truncated, between the key and the rule.
    if (text === ".nan") expect(out).toContain("telemetry.sampling_rate: NaN is not valid; must be ");
    expect(
      reports.map((line) =>
        line.replace(/( \S+:\d+:\d+: [\w.]+: ).* is (?:not valid|out of range); must be /, "$1… "),
      ),
    ).toEqual([...expected, ...ignored]);
    expect(Math.max(...reports.map((line) => line.length))).toBeLessThan(file.length + 300);
  });
}

/** A list of lists of lists …, a billion in the end. */
const BOMB = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
  .concat(
    [..."bcdefghi"].map((name, n) => {
      const before = `*${"abcdefgh"[n]}`;
      return `${name}: &${name} [${Array.from({ length: 10 }, () => before).join(", ")}]`;
    }),
  )
  .join("\n");

/** Invalid files, and their errors. */
const FILES: Readonly<Record<string, { make(file: string): void; message: RegExp }>> = {
  "a bomb of aliases": {
    make: (file) => writeFileSync(file, `${BOMB}\n`),
    message: /hc\.yaml: not valid YAML: Excessive alias count/,
  },
  "a map that is its own key": {
    make: (file) => writeFileSync(file, "server: &s { proxy_socket: *s }\n"),
    message: /hc\.yaml:1:\d+: not valid YAML: the alias \*s refers to a value that contains it/,
  },
  "a list that is its own element, far in": {
    make: (file) => writeFileSync(file, "metrics:\n  response_time_buckets: &b [1, { x: [*b] }]\n"),
    message: /hc\.yaml:2:\d+: not valid YAML: the alias \*b refers to a value/,
  },
  "random bytes": {
    make: (file) =>
      writeFileSync(
        file,
        Uint8Array.from({ length: 5_000 }, (_, n) => (n * 7_919 + 13) % 256),
      ),
    message: /Configuration error: \S+hc\.yaml:\d+:\d+: /,
  },
  "an executable": {
    make: (file) => writeFileSync(file, Buffer.from("\x7fELF\x02\x01\x01\0\0\0\0\0", "latin1")),
    message: /Configuration error: \S+hc\.yaml:\d+:\d+: /,
  },
  NULs: {
    make: (file) => writeFileSync(file, new Uint8Array(10_000)),
    message: /Configuration error: \S+hc\.yaml:\d+:\d+: /,
  },
  "a value cut off": {
    make: (file) => writeFileSync(file, 'server:\n  proxy_socket: "/tmp/x.so'),
    message: /hc\.yaml:2:\d+: not valid YAML/,
  },
  "a key cut off": {
    make: (file) => writeFileSync(file, "batching:\n  delay: 20ms\n  max_s"),
    message: /hc\.yaml:3:\d+: /,
  },
  "deep nesting": {
    make: (file) => writeFileSync(file, `server: ${"[".repeat(100_000)}`),
    message: /hc\.yaml:1:\d+: not valid YAML: nested more than 100 levels deep, the maximum/,
  },
  "100 MB": {
    make: (file) => {
      writeFileSync(file, "");
      truncateSync(file, 100_000_000);
    },
    message: /hc\.yaml: cannot be read: .* is larger than 4194304 bytes, the maximum/,
  },
  "a directory": {
    make: (file) => mkdirSync(file),
    message: /hc\.yaml: cannot be read: .* is a directory, not a regular file/,
  },
  "a device": {
    make: (file) => symlinkSync("/dev/zero", file),
    message: /hc\.yaml: cannot be read: .* is a device, not a regular file/,
  },
  "a pipe without a writer": {
    make: (file) => void Bun.spawnSync(["mkfifo", file]),
    message: /hc\.yaml: cannot be read: .* is an empty pipe/,
  },
};

for (const [what, { make, message }] of Object.entries(FILES)) {
  test(`files: a configuration that is ${what} is reported, and nothing else happens`, async () => {
    await using dir = makeTempDir("file");
    const file = join(dir.path, "hc.yaml");
    make(file);
    const { status, out, err } = await runCommand(["check-config", file]);
    expect([status, err]).toEqual([1, ""]);
    expect(out).toMatch(message);
    expect(out.length).toBeLessThan(20_000);
  });
}

test("files: check-config validates the content of a pipe like a file", async () => {
  const validated = async (text: string) => {
    const command = ["sh", "-c", 'printf "$1" | "$0" check-config /dev/stdin', daemonPath(), text];
    const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe" });
    return [await new Response(child.stdout).text(), await child.exited];
  };
  expect(await validated("batching: { delay: 1s }\n")).toEqual(["/dev/stdin: valid configuration file\n", 0]);
  expect(await validated("healthchecks: []\n")).toEqual([
    "/dev/stdin: valid checks file, 0 healthchecks\n",
    0,
  ]);
  const rule = "an integer from 1 to 10000";
  expect(await validated("batching: { max_size: 0 }\n")).toEqual([
    `Configuration error: /dev/stdin:1:23: batching.max_size: 0 is out of range; must be ${rule}\n`,
    1,
  ]);
});

test.each(["a pipe", "a device"])("files: a start does not wait for a file that is %s", async (what) => {
  await using dir = makeTempDir("start");
  const file = join(dir.path, "hc.yaml");
  if (what === "a pipe") Bun.spawnSync(["mkfifo", file]);
  else symlinkSync("/dev/zero", file);
  const message = `${file}: cannot be read: ${file} is ${what}, not a regular file`;
  const config = await runCommand(["run", "--config", file, "--strict-config"]);
  expect([config.status, config.out.includes(`ERROR Configuration error: ${message}`)]).toEqual([1, true]);
  const checks = await runCommand(["run", "--config", file, "--checks", file]);
  expect(checks.status).toBe(1);
  expect(checks.out).toContain("using the defaults");
  expect(checks.out).toContain(`ERROR Cannot start error="${message}"`);
});
