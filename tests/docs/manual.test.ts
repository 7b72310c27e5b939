/** The manual page, and what scripts/docs writes for packages. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assets } from "../../scripts/tools/docs/assets.ts";
import { VARIABLES } from "../../scripts/tools/docs/environment.ts";
import { manualPage, SIGNALS } from "../../scripts/tools/docs/manual.ts";
import { argument, display, flags, prose, sentence, terms } from "../../scripts/tools/docs/mdoc.ts";
import { DEFAULT_COMMAND } from "../../src/cli/base-program.ts";
import { makeProgram } from "../../src/cli/commands.ts";
import { allCommands, commandTree } from "../../src/cli/completion/tree.ts";
import { SEESAW_FLAGS } from "../../src/cli/seesaw-flags.ts";
import { CAUGHT_SIGNALS } from "../../src/system/signals.ts";
import { peerPath, peerTest } from "../harness/base/peers.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { FakeOutput } from "../harness/fakes/fakes.ts";

const ROOT = join(import.meta.dir, "..", "..");
const DAY = new Date("2026-03-01T23:30:00Z");
const PAGE = manualPage(DAY);
/** Bold and underlined letters are written over each other. */
const OVERSTRUCK = new RegExp(`.${"\b"}`, "g");

function run(command: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const ended = Bun.spawnSync([...command], { cwd: ROOT, env: { ...process.env, ...env }, stdin: "ignore" });
  return `${ended.stdout}${ended.stderr}`;
}

for (const [formatter, args] of [
  ["mandoc", ["-T", "lint", "-W", "style"]],
  ["groff", ["-mdoc", "-Tutf8", "-ww", "-z"]],
] as const) {
  peerTest(`manual: ${formatter} has no warning about the page`, [formatter], async () => {
    await using dir = makeTempDir("man");
    const file = join(dir.path, "healthcheck-server.8");
    writeFileSync(file, PAGE);
    expect(run([peerPath(formatter), ...args, file])).toBe("");
  });
}

peerTest(
  "manual: what is shown can be copied: every option, variable and signal, in ASCII",
  ["mandoc"],
  async () => {
    await using dir = makeTempDir("man");
    const file = join(dir.path, "healthcheck-server.8");
    writeFileSync(file, PAGE);
    const shown = run([peerPath("mandoc"), "-T", "utf8", file]).replace(OVERSTRUCK, "");
    const tree = commandTree(
      makeProgram({}, new FakeOutput(), () => {}),
      DEFAULT_COMMAND,
    );
    const options = allCommands(tree).flatMap((command) => command.options.flatMap((option) => option.flags));
    const names = [...VARIABLES.map(({ name }) => name), ...SEESAW_FLAGS.map(({ name }) => `-${name}`)];
    for (const word of [...options, ...names, ...Object.keys(SIGNALS), "check-config", "probe tcp"])
      expect([word, shown.includes(word)]).toEqual([word, true]);
  },
);

test("manual: its signals are those that the server catches", () => {
  expect<string[]>([...CAUGHT_SIGNALS].sort()).toEqual(Object.keys(SIGNALS).toSorted());
});

test("manual: its date is that of the release", () => {
  expect(PAGE).toStartWith(".Dd March 1, 2026\n.Dt HEALTHCHECK-SERVER 8\n");
});

test("mdoc: nothing of a text is taken for a request", () => {
  expect(prose(".one 'two'")).toBe("\\&.one 'two'");
  expect(prose("a\\rb --x")).toBe("a\\erb \\-\\-x");
  expect(prose("One. Two: three")).toBe("One.\nTwo: three");
  expect(prose(`${"word ".repeat(30)}end`).split("\n").length).toBe(2);
  expect(argument('name: "value"')).toBe('"name: \\(dqvalue\\(dq"');
  expect(flags(["-c", "--config"])).toBe("Fl c , Fl \\-config");
  expect(display("a\n.b")).toBe(".Bd -literal -offset indent\na\n\\&.b\n.Ed");
  expect(terms([["Ar a", "b"]])).toBe(".Bl -tag -width Ds\n.It Ar a\nb\n.El");
  expect([sentence("the file"), sentence("Why?")]).toEqual(["The file.", "Why?"]);
});

test("docs: scripts/docs --assets writes the same bytes whenever it is run", async () => {
  await using dir = makeTempDir("assets");
  const command = [process.execPath, join(ROOT, "scripts", "tools", "docs", "main.ts"), "--assets", dir.path];
  run(command, { SOURCE_DATE_EPOCH: String(DAY.getTime() / 1_000) });
  expect(readdirSync(dir.path).sort()).toEqual([
    "_healthcheck-server",
    "healthcheck-server.8",
    "healthcheck-server.bash",
    "healthcheck-server.fish",
  ]);
  for (const { path, text } of assets(DAY)) expect(readFileSync(join(dir.path, path), "utf8")).toBe(text);
});
