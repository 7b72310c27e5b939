/** The command line: what is wrong usage, and what is help. Nothing here starts the daemon or a probe. */
import { expect, test } from "bun:test";
import { main } from "../../src/cli/program.ts";
import { FakeOutput } from "../harness/fakes/fakes.ts";

async function run(...args: string[]) {
  const output = new FakeOutput();
  const status = await main(args, {}, output);
  return { status, out: output.stdout, err: output.stderr };
}

test.each([
  ["an unknown option", ["--nonsense"]],
  ["an unknown option of a command", ["check-config", "--nonsense"]],
  ["an option without its value", ["run", "--config"]],
  ["a log level that there is not", ["run", "--log-level", "loud"]],
  ["a log format that there is not", ["--log-format", "xml"]],
  ["an argument too many", ["check-config", "a.yaml", "b.yaml"]],
  ["an unknown command", ["nonsense"]],
  ["an unknown probe", ["probe", "smtp", "a:25"]],
  ["a probe without a target", ["probe", "tcp"]],
  ["an invalid target", ["probe", "tcp", "nonsense"]],
  ["an invalid URL", ["probe", "http", "nonsense"]],
  ["an invalid server", ["probe", "dns", "a.example", "10.0.0.53"]],
  ["an invalid count", ["probe", "tcp", "127.0.0.1:1", "--count", "0"]],
  ["an invalid timeout", ["probe", "tcp", "127.0.0.1:1", "--timeout", "soon"]],
  ["a timeout of 0", ["probe", "tcp", "127.0.0.1:1", "--timeout", "0s"]],
  ["a mark that is not a number", ["probe", "tcp", "127.0.0.1:1", "--mark", "seven"]],
  ["a mark out of range", ["probe", "dns", "a.example", "--mark", "4294967296"]],
  ["a source address of the other family", ["probe", "tcp", "127.0.0.1:1", "--source", "::1"]],
  ["a source address without a server", ["probe", "dns", "a.example", "--source", "127.0.0.1"]],
  ["an invalid interface name", ["probe", "http", "http://127.0.0.1:1/", "--interface", "a/b"]],
  ["invalid status codes", ["probe", "http", "http://127.0.0.1:1/", "--expect", "200,ok"]],
  ["an invalid port", ["probe", "tcp", "127.0.0.1:70000"]],
  ["a way to close that there is not", ["probe", "tcp", "127.0.0.1:1", "--close", "slam"]],
  ["an engine that is no path", ["--engine", "nonsense"]],
  ["an engine beside a checks file", ["run", "--engine", "--checks", "a.yaml"]],
])("program: %s is wrong usage: %j", async (_name, args) => {
  const { status, out, err } = await run(...args);
  expect([status, out]).toEqual([2, ""]);
  expect(err).toStartWith("error: ");
});

test.each([
  [
    ["run", "--log-level", "loud"],
    '--log-level: "loud" is not valid; must be one of error, warn, info, debug, trace',
  ],
  [["run", "--log-format", "xml"], '--log-format: "xml" is not valid; must be one of text, json'],
  [["explain", "x7"], 'id: "x7" is not valid; must be an integer from 0 to 18446744073709551615'],
  [["status", "--addr", "foo"], '--addr: "foo" is not valid; must be HOST:PORT, IPv6 in brackets'],
  [
    ["status", "--timeout", "0s"],
    '--timeout: "0s" is out of range; must be a duration such as "500ms", "5s" or "1m30s", above 0 and at most a year',
  ],
  [
    ["--engine", "e"],
    '--engine: "e" is not valid; must be the path of a Unix socket, absolute or starting with ./, of at most 107 bytes',
  ],
  [
    ["run", "--checks", "a", "--engine", "/e/s"],
    "--engine: not allowed with --checks, which names another source; must be absent",
  ],
  [["completion", "tcsh"], 'shell: "tcsh" is not valid; must be one of bash, zsh, fish'],
  [
    ["check-config", "a", "--checks", "b"],
    "file: not allowed with --checks, which names a file too; must be absent",
  ],
  [["probe", "tcp", "a"], 'host:port: "a" is not valid; must be HOST:PORT, IPv6 in brackets'],
  [
    ["probe", "tcp", "a:1", "--count", "0"],
    '--count: "0" is out of range; must be an integer from 1 to 1000000',
  ],
  [
    ["probe", "tcp", "a:1", "--count", "1e3"],
    '--count: "1e3" is not valid; must be an integer from 1 to 1000000',
  ],
  [
    ["probe", "tcp", "a:1", "--close", "slam"],
    '--close: "slam" is not valid; must be one of reset, graceful',
  ],
  [["probe", "http", "ftp://a"], 'url: "ftp://a" is not valid; must be an http or https URL'],
  [
    ["probe", "http", "http://a", "--expect", "200,ok"],
    '--expect: "200,ok" is not valid; must be status codes such as 200,204',
  ],
  [
    ["probe", "http", "http://a", "--connect", "a"],
    '--connect: "a" is not valid; must be HOST:PORT, IPv6 in brackets',
  ],
  [
    ["probe", "http", "http://a", "--header", "secret"],
    '--header: a string (not shown) is not valid; must be "Name: value"',
  ],
  [
    ["probe", "dns", "a.test", "10.0.0.53"],
    'server: "10.0.0.53" is not valid; must be @ADDRESS or @ADDRESS:PORT',
  ],
])("program: an invalid option or argument is reported as any field is: %j", async (args, message) => {
  const { status, out, err } = await run(...args);
  expect([status, out, err]).toEqual([2, "", `error: ${message}\n`]);
});

test("program: probe alone is wrong usage, and prints its help", async () => {
  const { status, out, err } = await run("probe");
  expect([status, out]).toEqual([2, ""]);
  expect(err).toContain("Usage: healthcheck-server probe");
});

test.each([
  ["--help", "Usage: healthcheck-server "],
  ["-h", "Usage: healthcheck-server "],
  ["help", "Usage: healthcheck-server "],
  ["help run", "Usage: healthcheck-server run"],
  ["run --help", "--strict-config"],
  ["check-config --help", "--print"],
  ["probe --help", "1 unhealthy, 2 usage error"],
  ["probe tcp --help", "--receive"],
  ["probe http --help", "--connect"],
  ["probe dns --help", "@server"],
])("program: %s prints help", async (args, words) => {
  const { status, out, err } = await run(...args.split(" "));
  expect([status, err]).toEqual([0, ""]);
  expect(out).toContain(words);
});

test("program: prints its version", async () => {
  const { status, out } = await run("--version");
  expect(status).toBe(0);
  expect(out).toMatch(/^healthcheck-server \d+\.\d+\.\d+ \(revision .+, Bun \d.+, linux-\w+\)\n$/);
});

test("program: check-config exits with the status of its verdict", async () => {
  const { status, out } = await run("check-config", "/nonexistent/a.yaml");
  expect(status).toBe(1);
  expect(out).toContain("cannot be read");
});
