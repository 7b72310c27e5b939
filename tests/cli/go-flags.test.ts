/** The command line syntax of Go, held against Go's own `flag` package. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { type GoFlag, GoUsageError, goUsage, parseGoFlags } from "../../src/cli/go-flags.ts";
import {
  type GoKind,
  GoValueError,
  glogLevel,
  glogLines,
  glogModules,
  glogSeverity,
  goBoolean,
  goDuration,
  goInteger,
  goString,
} from "../../src/cli/go-values.ts";
import { buildGoProgram } from "../harness/base/go-program.ts";
import { peerTest } from "../harness/base/peers.ts";
import { pseudoRandom } from "../harness/base/random.ts";

setDefaultTimeout(120_000);

/** Those of tests/goflags. */
const FLAGS: readonly GoFlag[] = [
  { name: "batch_delay", kind: goDuration, about: "a delay", fallback: "100ms" },
  { name: "batch_size", kind: goInteger, about: "a size", fallback: "100" },
  { name: "dry_run", kind: goBoolean, about: "a choice" },
  { name: "log_dir", kind: goString, about: "a place" },
  { name: "logtostderr", kind: goBoolean, about: "a choice" },
];

interface Outcome {
  readonly help: boolean;
  readonly error: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly rest: readonly string[];
}

function outcomeOf(args: readonly string[]): Outcome {
  try {
    const { values, rest } = parseGoFlags(FLAGS, args);
    return { help: false, error: "", values: Object.fromEntries(values), rest };
  } catch (error) {
    if (!(error instanceof GoUsageError)) throw error;
    return { help: error.isHelp, error: error.message, values: {}, rest: [] };
  }
}

/** Results of Go itself for command lines; the values of a wrong one are left out, and durations are in milliseconds. */
async function outcomesOfGo(lines: readonly (readonly string[])[]): Promise<Outcome[]> {
  const child = Bun.spawn([await buildGoProgram("goflags")], {
    stdin: new Blob([JSON.stringify(lines)]),
    stdout: "pipe",
    stderr: "inherit",
  });
  // The cast names the type of what our own Go program writes.
  const outcomes = (await new Response(child.stdout).json()) as Outcome[];
  return outcomes.map((outcome) => {
    if (outcome.help || outcome.error !== "") return { ...outcome, values: {}, rest: [] };
    const { batch_delay: ns, ...values } = outcome.values;
    return { ...outcome, values: ns === undefined ? values : { ...values, batch_delay: Number(ns) / 1e6 } };
  });
}

const INTEGERS = [
  ..."0 7 -7 +7 00 007 08 0x1F 0XfF 0b101 0B2 0o17 0O8 1_000 1__0 _1 1_ 0_7 0x_1 0x 0b - + -0 1e3 1.0".split(
    " ",
  ),
  ..."9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809".split(" "),
  ...["", " 1", "1 ", "1\n", "٣", "0x-1", "--1"],
];
const DURATIONS = [
  ..."0 +0 -0 00 0s 5 5s -5s +5s 1m30s 100ms 1.5h .5s 1.s . .s s 1h1h 1s1m 1ns 1us 1µs 1μs 1d 1S 1ms2 -.5m".split(
    " ",
  ),
  ..."2562047h47m16.854775807s 2562047h47m16.854775808s -2562047h47m16.854775808s 9223372036854775808ns".split(
    " ",
  ),
  ..."1.0000000000000000000001s 3000000h 1e3s 0x1s 1_0s --5s -+5s 5s- 0.000001ms".split(" "),
  ...["", " 5s", "5s ", "5 s", "1h 1m", "5s\n"],
];
const BOOLEANS = "1 t T TRUE true True 0 f F FALSE false False yes tRUE 2 on".split(" ");
const FORMS: readonly (readonly string[])[] = [
  [],
  ["-"],
  ["--"],
  ["--", "-dry_run"],
  ["---dry_run"],
  ["-=x"],
  ["--=x"],
  ["-dry_run", "false"],
  ["-dry_run=", "x"],
  ["-dry_run", "-", "-logtostderr"],
  ["-log_dir"],
  ["-log_dir="],
  ["-log_dir", ""],
  ["-log_dir", "-dry_run"],
  ["-log_dir", "--"],
  ["-log_dir", "--", "-dry_run"],
  ["-log_dir=a=b"],
  ["--log_dir=a", "-log_dir=b"],
  ["-log_dir", "/var/log/seesaw", "positional", "-dry_run"],
  ["-h"],
  ["-help"],
  ["--help=x"],
  ["-dry_run", "-h"],
  ["-dry_run=maybe", "-h"],
  ["-nonsense"],
  ["-nonsense=1"],
  ["-DRY_RUN"],
  ["-dry_run\n"],
  ["", "-dry_run"],
];

peerTest("go flags: every form and value is what Go makes of it", ["go"], async () => {
  const random = pseudoRandom(17);
  const below = (bound: number) => Math.floor(random() * bound);
  const words = [
    "-dry_run",
    "-log_dir",
    "x",
    "--",
    "-batch_size=3",
    "-batch_delay",
    "1s",
    "-h",
    "--logtostderr=0",
  ];
  const lines = [
    ...FORMS,
    ...INTEGERS.flatMap((text) => [[`-batch_size=${text}`], ["-batch_size", text]]),
    ...DURATIONS.flatMap((text) => [[`--batch_delay=${text}`], ["--batch_delay", text]]),
    ...BOOLEANS.map((text) => [`-dry_run=${text}`]),
    ...Array.from({ length: 2_000 }, () =>
      Array.from({ length: below(5) }, () => words[below(words.length)] ?? ""),
    ),
  ];
  const wanted = await outcomesOfGo(lines);
  expect(lines.map((line) => [line, plain(outcomeOf(line))])).toEqual(
    lines.map((line, at) => [line, plain(wanted[at])]),
  );
});

/** -0 and 0 are one number to Go. */
const plain = (outcome: Outcome | undefined): unknown => JSON.parse(JSON.stringify(outcome));

test("go flags: the usage lists the flags by name, with the defaults that are not zero", () => {
  expect(goUsage("a/seesaw_healthcheck", FLAGS.slice(0, 3).toReversed())).toBe(
    "Usage of a/seesaw_healthcheck:\n" +
      "  -batch_delay duration\n    \ta delay (default 100ms)\n" +
      "  -batch_size int\n    \ta size (default 100)\n" +
      "  -dry_run\n    \ta choice\n",
  );
});

test.each<[string, GoKind, readonly string[], readonly string[]]>([
  ["level", glogLevel, ["0", "2", "-1", "+3", "2147483647"], ["", "x", "0x1", "1.5", "2147483648", " 1"]],
  ["severity", glogSeverity, ["INFO", "warning", "2", "Fatal"], ["", "DEBUG", "1.5"]],
  ["modules", glogModules, ["", "a=1", "a=1,b*=2,"], ["a", "a=", "=1", "a=b", "a=-1", "a=1=2"]],
  ["lines", glogLines, ["", "a.go:7", "a.go:7,b.go:8"], ["a.go", "a:7", "a.go:0", "a.go:x", "a.go:7:8"]],
])("go flags: glog's %s", (_name, kind, valid, invalid) => {
  for (const text of valid) expect(() => kind.read(text)).not.toThrow();
  for (const text of invalid) expect(() => kind.read(text)).toThrow(GoValueError);
});
