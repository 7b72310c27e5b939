/** Tests of the benchmark's command line. */
import { expect, test } from "bun:test";
import { UsageError } from "../../scripts/tools/arguments.ts";
import { readOptions } from "../../scripts/tools/bench/options.ts";

const NAMES = ["tcp", "http", "idle"];

test("options: none is everything, three rounds", () => {
  expect(readOptions([], NAMES)).toEqual({
    do: "run",
    only: [],
    jsonFile: undefined,
    write: false,
    settings: { quick: false, rounds: 3, seconds: undefined },
  });
});

test("options: all of them", () => {
  const args = ["--quick", "--only", "tcp,idle", "--rounds", "5", "--seconds", "20", "--json", "out.json"];
  expect(readOptions(args, NAMES)).toEqual({
    do: "run",
    only: ["tcp", "idle"],
    jsonFile: "out.json",
    write: false,
    settings: { quick: true, rounds: 5, seconds: 20 },
  });
});

test("options: --quick alone has two rounds", () => {
  expect(readOptions(["--quick"], NAMES)).toMatchObject({ settings: { rounds: 2 } });
});

test("options: --write", () => {
  expect(readOptions(["--write"], NAMES)).toMatchObject({ write: true });
});

test.each([
  [
    ["--write", "--quick"],
    "--write: cannot be combined with --quick, whose figures are too short for the documentation",
  ],
  [["--only", "udp"], "--only udp: no such scenario (see --list)"],
  [["--only", ","], "--only: names no scenario"],
  [["--rounds", "0"], "--rounds 0: not an integer from 1 to 100"],
  [["--seconds", "1.5"], "--seconds 1.5: not an integer from 1 to 3600"],
])("options: %j is refused", (args, words) => {
  expect(() => readOptions(args, NAMES)).toThrow(new UsageError(words));
});

test.each([[["--fast"]], [["tcp"]], [["--json"]]])(
  "options: %j is rejected with the parser's message",
  (args) => {
    expect(() => readOptions(args, NAMES)).toThrow(UsageError);
  },
);
