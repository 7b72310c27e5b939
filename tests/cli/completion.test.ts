/** Completion scripts: what the definitions hold, and what three real shells make of it. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Argument, Command, Option } from "commander";
import { DEFAULT_COMMAND } from "../../src/cli/base-program.ts";
import { makeProgram } from "../../src/cli/commands.ts";
import { allCommands, commandTree } from "../../src/cli/completion/tree.ts";
import { completionScript, SHELLS } from "../../src/cli/completion.ts";
import { main } from "../../src/cli/program.ts";
import { runCommand } from "../harness/base/command.ts";
import { peerTest } from "../harness/base/peers.ts";
import { propose } from "../harness/base/shells.ts";
import { makeTempDir, type TempDir } from "../harness/base/tempdir.ts";
import { FakeOutput } from "../harness/fakes/fakes.ts";

setDefaultTimeout(60_000);

const program = makeProgram({}, new FakeOutput(), () => {});
const tree = commandTree(program, DEFAULT_COMMAND);
const COMMANDS = [
  "check-config",
  "completion",
  "explain",
  "force",
  "help",
  "overrides",
  "pause",
  "probe",
  "release",
  "run",
  "status",
];
const LEVELS = ["debug", "error", "info", "trace", "warn"];

test("completion: the tree has commands, options and what they take", () => {
  const toy = new Command("toy").option("-f, --from <file>", "where from").addHelpCommand(false);
  toy
    .command("go", { isDefault: true })
    .description("goes")
    .addOption(new Option("--how <how>", "the way").choices(["fast", "slow"]))
    .option("--again <x>", "as often as wanted", (value, before: string[]) => [...before, value], [])
    .addArgument(new Argument("[where]", "the goal").choices(["home"]));
  const read = commandTree(toy, "go");
  expect(allCommands(read).map(({ path }) => path)).toEqual([[], ["go"]]);
  const [from, help, how] = read.options;
  expect(from).toMatchObject({
    flags: ["-f", "--from"],
    takes: { kind: "file" },
    value: "file",
    again: false,
  });
  expect(help).toMatchObject({ flags: ["-h", "--help"], takes: { kind: "nothing" } });
  // Options of the default command may follow the program itself.
  expect(how).toMatchObject({ flags: ["--how"], takes: { kind: "words", words: ["fast", "slow"] } });
  expect(read.options[3]).toMatchObject({ flags: ["--again"], takes: { kind: "text" }, again: true });
  expect(read.commands[0]?.args).toEqual([
    { name: "where", takes: { kind: "words", words: ["home"] }, required: false, about: "the goal" },
  ]);
});

test.each(SHELLS)("completion: the executable prints the script of %s", async (shell) => {
  const { status, out, err } = await runCommand(["completion", shell]);
  expect([status, err]).toEqual([0, ""]);
  expect(out).toBe(completionScript(program, DEFAULT_COMMAND, shell));
});

test("completion: a shell that there is no script for is wrong usage", async () => {
  const output = new FakeOutput();
  expect(await main(["completion", "tcsh"], {}, output)).toBe(2);
  expect(output.stderr).toBe('error: shell: "tcsh" is not valid; must be one of bash, zsh, fish\n');
});

/** A directory with the script, and two files to choose from. */
function withScript(shell: (typeof SHELLS)[number]): TempDir {
  const dir = makeTempDir("tab");
  writeFileSync(join(dir.path, "_healthcheck-server"), completionScript(program, DEFAULT_COMMAND, shell));
  writeFileSync(join(dir.path, "one file.yaml"), "");
  mkdirSync(join(dir.path, "onwards"));
  return dir;
}

const CASES: readonly (readonly [string, readonly string[]])[] = [
  ["", COMMANDS],
  ["ch", ["check-config"]],
  ["--log", ["--log-format", "--log-level"]],
  ["--log-level ", LEVELS],
  ["--log-level=d", ["debug"]],
  ["run --log-level ", LEVELS],
  ["run --log-format t", ["text"]],
  ["run --strict-config --log-format=j", ["json"]],
  ["probe ", ["dns", "help", "http", "icmp", "radius", "tcp", "udp"]],
  ["probe tcp --clo", ["--close"]],
  ["probe tcp 127.0.0.1:22 --close ", ["graceful", "reset"]],
  // A value that looks like a command, or like nothing at all, is a value.
  ["probe tcp --send run --re", ["--receive"]],
  ["--checks probe ", COMMANDS],
  ["probe http --header ", []],
  ["explain ", []],
  ["completion ", ["bash", "fish", "zsh"]],
  ["help pro", ["probe"]],
];

for (const shell of SHELLS) {
  peerTest(
    `completion: ${shell} proposes commands, options and their values`,
    [shell],
    async () => {
      await using dir = withScript(shell);
      for (const [line, proposals] of CASES) {
        expect([line, await propose(shell, dir, `healthcheck-server ${line}`)]).toEqual([
          line,
          [...proposals],
        ]);
      }
    },
    60_000,
  );

  peerTest(
    `completion: ${shell} proposes every long option of every command`,
    [shell],
    async () => {
      await using dir = withScript(shell);
      for (const { path, options } of allCommands(tree)) {
        const long = options.flatMap(({ flags }) => flags).filter((flag) => flag.startsWith("--"));
        if (long.length === 0) continue;
        const line = ["healthcheck-server", ...path, "--"].join(" ");
        expect([line, await propose(shell, dir, line)]).toEqual([line, long.sort()]);
      }
    },
    60_000,
  );

  peerTest(`completion: ${shell} proposes files where a file is wanted`, [shell], async () => {
    await using dir = withScript(shell);
    for (const line of ["check-config o", "run -c o", "--config=o", "status --config o", "--checks o"]) {
      const proposals = await propose(shell, dir, `healthcheck-server ${line}`);
      const plain = proposals.map((one) => one.replaceAll("\\", "").replace(/\/$/, ""));
      expect([line, plain]).toEqual([line, ["one file.yaml", "onwards"]]);
    }
  });
}
