/** The command line of Google's health checker: when it is one, and what its flags do. Nothing here starts the daemon. */
import { expect, test } from "bun:test";
import { parseGoFlags } from "../../src/cli/go-flags.ts";
import { main } from "../../src/cli/program.ts";
import { SEESAW_FLAGS } from "../../src/cli/seesaw-flags.ts";
import { seesawOptions } from "../../src/cli/seesaw-healthcheck.ts";
import { isSeesawHealthcheck } from "../../src/cli/seesaw-name.ts";
import { overridden } from "../../src/config/load.ts";
import { DEFAULT_CONFIG } from "../../src/config/schema.ts";
import { FakeOutput } from "../harness/fakes/fakes.ts";

const COMMANDS = ["status", "help"];
const options = (...args: string[]) => seesawOptions(parseGoFlags(SEESAW_FLAGS, args));
/** The log lines about a command line, with their fields. */
const notes = (...args: string[]) =>
  (options(...args).notes ?? []).map(({ level, message, fields }) => [level, message, fields]);

test.each<[string, string, boolean]>([
  ["seesaw_healthcheck", "", true],
  ["/usr/local/seesaw/seesaw_healthcheck", "", true],
  ["./seesaw_healthcheck", "-nonsense", true],
  ["seesaw_healthcheck", "something", true],
  ["seesaw_healthcheck", "run --checks a.yaml", true],
  ["seesaw_healthcheck", "-log_dir status", true],
  ["seesaw_healthcheck", "status --json", false],
  ["seesaw_healthcheck", "help", false],
  ["seesaw_healthcheck.old", "", false],
  ["/seesaw_healthcheck/healthcheck-server", "", false],
  ["", "", false],
  ["healthcheck-server", "", false],
  ["healthcheck-server", "--engine /a/b", false],
  ["healthcheck-server", "--config a.yaml", false],
  ["healthcheck-server", "-c a.yaml", false],
  ["healthcheck-server", "-h", false],
  ["healthcheck-server", "-V", false],
  ["healthcheck-server", "-v", false],
  ["healthcheck-server", "-v=1", true],
  ["healthcheck-server", "-v 1", true],
  ["healthcheck-server", "-engine /a/b", true],
  ["healthcheck-server", "-engine=/a/b", true],
  ["healthcheck-server", "--engine /a/b -batch_delay 1s", true],
  ["healthcheck-server", "--log_dir=/var/log/seesaw", true],
  ["healthcheck-server", "-nonsense -dry_run", true],
  ["healthcheck-server", "probe tcp 10.0.0.1:80 --send -engine", false],
  ["healthcheck-server", "--config a.yaml -- -engine", false],
])("seesaw_healthcheck: started as %j with %j: %p", (argv0, args, isOne) => {
  expect(isSeesawHealthcheck(argv0, args === "" ? [] : args.split(" "), COMMANDS)).toBe(isOne);
});

test("seesaw_healthcheck: without flags the engine is the control plane, at its default socket, and the file's other settings hold", () => {
  const { overrides = {}, dryRun, logFd, logLevel } = options();
  const batching = { delay: 7, max_size: 8 };
  const config = overridden({ ...DEFAULT_CONFIG, batching }, overrides);
  expect(config).toEqual({
    ...DEFAULT_CONFIG,
    batching,
    server: { ...DEFAULT_CONFIG.server, control: "engine" },
  });
  expect([dryRun, logFd, logLevel]).toEqual([false, 2, undefined]);
  expect(notes()).toEqual([]);
});

test("seesaw_healthcheck: flags with a setting replace it", () => {
  const { overrides = {} } = options(
    ...["-engine=/run/e.sock", "-batch_delay", "1.5s", "--batch_size=0x10", "-fetch_interval=1m"],
    ...["-notify_interval=20s", "-retry_delay=100ms"],
  );
  const { server, batching, advanced } = overridden(DEFAULT_CONFIG, overrides);
  expect([server.control, server.engine_socket]).toEqual(["engine", "/run/e.sock"]);
  expect(batching).toEqual({ delay: 1_500, max_size: 16 });
  expect(advanced).toEqual({
    ...DEFAULT_CONFIG.advanced,
    fetch_interval: 60_000,
    notify_interval: 20_000,
    retry_delay: 100,
  });
});

test.each([
  ["-batch_delay=-5s", "-5s", "1ms"],
  ["-batch_delay=0", "0s", "1ms"],
  ["-batch_delay=1h", "1h", "10s"],
  ["-batch_size=0", "0", "1"],
  ["-batch_size=-1", "-1", "1"],
  ["-batch_size=9223372036854775807", "9223372036854776000", "10000"],
  ["-fetch_interval=1ms", "1ms", "1s"],
  ["-notify_interval=0s", "0s", "1s"],
  ["-retry_delay=2h", "2h", "1m"],
])("seesaw_healthcheck: %s is out of range, and the nearest value is used", (flag, value, used) => {
  const [name] = flag.split("=");
  expect(notes(flag)).toEqual([
    ["warn", "Flag is out of range, using the nearest value", { flag: name, value, used }],
  ]);
});

test("seesaw_healthcheck: each flag either has an effect, or one log line that names it", () => {
  const values: Readonly<Record<string, string>> = {
    bool: "true",
    duration: "2s",
    int: "20",
    string: "/a/b",
    value: "",
  };
  const before = JSON.stringify(options());
  for (const { name, kind } of SEESAW_FLAGS) {
    const value = { v: "1", stderrthreshold: "ERROR" }[name as string] ?? values[kind.word || "bool"];
    const flag = `-${name}=${value}`;
    const lines = notes(flag).filter(([, message]) => message === "Flag has no effect");
    const { notes: _, ...effect } = options(flag);
    const isEffective =
      JSON.stringify({ ...effect, notes: [] }) !== JSON.stringify({ ...options(), notes: [] });
    expect([name, lines.length, isEffective]).toEqual([name, isEffective ? 0 : 1, lines.length === 0]);
    if (lines.length > 0)
      expect(lines).toEqual([["info", "Flag has no effect", expect.objectContaining({ flag: `-${name}` })]]);
  }
  expect(JSON.stringify(options())).toBe(before);
});

test.each([
  ["0", undefined],
  ["-1", undefined],
  ["1", "debug"],
  ["2", "trace"],
  ["9", "trace"],
] as const)("seesaw_healthcheck: -v=%s is the log level %p", (level, logLevel) => {
  expect(options(`-v=${level}`).logLevel).toBe(logLevel);
});

test("seesaw_healthcheck: a dry run and positional arguments are warned about", () => {
  expect(options("-dry_run").dryRun).toBe(true);
  expect(options("-dry_run=false").dryRun).toBe(false);
  expect(notes("-dry_run", "one", "-two")).toEqual([
    ["warn", "Ignoring arguments", { arguments: "one -two" }],
    ["warn", "Dry run: no check is made, and every healthcheck is reported as healthy", { flag: "-dry_run" }],
  ]);
});

test("seesaw_healthcheck: the socket may be a relative path; an invalid path is wrong usage", () => {
  expect(options("-engine", "a/b").overrides?.server?.engine_socket).toBe("./a/b");
  for (const path of ["", "/", "/a/", `/${"a".repeat(107)}`, "a\0b"])
    expect(() => options("-engine", path)).toThrow("for flag -engine: must be the path of a Unix socket");
});

async function run(argv0: string, ...args: string[]) {
  const output = new FakeOutput();
  const status = await main(args, {}, output, undefined, argv0);
  return { status, out: output.stdout, err: output.stderr };
}

test.each([
  ["-nonsense", "flag provided but not defined: -nonsense"],
  ["-batch_size=many", 'invalid value "many" for flag -batch_size: parse error'],
  ["-batch_delay=5", 'invalid value "5" for flag -batch_delay: parse error'],
  ["-dry_run=maybe", 'invalid boolean value "maybe" for -dry_run: parse error'],
  ["-log_dir", "flag needs an argument: -log_dir"],
  ["-v=x", 'invalid value "x" for flag -v: parse error'],
  ["--strict-config", "flag provided but not defined: -strict-config"],
])(
  "seesaw_healthcheck: %s is wrong usage, status 2, with the usage on standard error",
  async (flag, message) => {
    const { status, out, err } = await run("/usr/local/seesaw/seesaw_healthcheck", flag);
    expect([status, out]).toEqual([2, ""]);
    expect(err).toStartWith(
      `${message}\nUsage of /usr/local/seesaw/seesaw_healthcheck:\n  -alsologtostderr\n`,
    );
  },
);

test.each(["-h", "-help", "--help"])("seesaw_healthcheck: %s prints the usage, status 0", async (flag) => {
  const { status, out, err } = await run("seesaw_healthcheck", flag);
  expect([status, out]).toEqual([0, ""]);
  expect(err).toStartWith("Usage of seesaw_healthcheck:\n");
  expect(err).toMatch(/\n\nThis is healthcheck-server \d.*\n$/);
});

test("seesaw_healthcheck: commands that ask a server are available under its name", async () => {
  const { status, out } = await run("seesaw_healthcheck", "status", "--help");
  expect(status).toBe(0);
  expect(out).toStartWith("Usage: healthcheck-server status");
});
