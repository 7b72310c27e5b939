/** The manual page healthcheck-server(8), made from the command definitions and the facts of the program. */

import { DEFAULT_COMMAND } from "../../../src/cli/base-program.ts";
import { makeProgram } from "../../../src/cli/commands.ts";
import {
  type ArgumentEntry,
  allCommands,
  type CommandEntry,
  commandTree,
  type OptionEntry,
} from "../../../src/cli/completion/tree.ts";
import { EXIT } from "../../../src/cli/exit.ts";
import { SEESAW_FLAGS, type SeesawFlag } from "../../../src/cli/seesaw-flags.ts";
import { SEESAW_HEALTHCHECK } from "../../../src/cli/seesaw-name.ts";
import { configPlaces } from "../../../src/config/places.ts";
import { DEFAULT_CONFIG } from "../../../src/config/schema.ts";
import { VARIABLES } from "./environment.ts";
import { argument, display, flags, prose, sentence, terms } from "./mdoc.ts";

/** Meaning of each exit status; a missing one is a type error here. */
const STATUSES: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: "The server was stopped in good order. Of the commands: yes, it is so: healthy, valid, ready.",
  failure:
    "A fault: the server could not start, or ended unexpectedly. Of the commands: unhealthy, invalid, not ready, no answer.",
  usage: "Wrong usage of the command line.",
  inconclusive:
    "Of probe alone: nothing could be found out, through a fault of this host and not of the target.",
};

/** Effect of each signal; a test compares them with the sources. */
export const SIGNALS: Readonly<Record<string, string>> = {
  SIGHUP:
    "The configuration file is read again, and the checks file and the CA certificates. An invalid file " +
    "changes nothing. Keys that need a restart are named in the log. During the start it waits until the server runs.",
  SIGTERM:
    "Stops in good order: pending notifications are sent to the client for at most 2 seconds. A second signal ends the server immediately.",
  SIGINT: "Likewise.",
  SIGQUIT: "Likewise.",
  SIGUSR1:
    "Logs one line, Server state, with the healthchecks by state, whether a client or the engine is connected, and the pending notifications.",
  SIGUSR2: "Ignored, with a line in the log.",
  SIGALRM: "Likewise.",
  SIGVTALRM: "Likewise.",
  SIGPROF: "Likewise.",
  SIGIO: "Likewise.",
  SIGXCPU: "Likewise.",
};

const DESCRIPTION = `The health checker of the Seesaw load balancer. \
A client connects to its Unix socket and hands it the list of healthchecks; with --engine the server fetches them from \
the Seesaw engine. The server runs them on time, indefinitely, and sends a notification whenever one changes state.`;

const IN_PLACE = `Under the name ${SEESAW_HEALTHCHECK}, or with one of the flags below, the server takes the place of Google's \
health checker: it serves the engine, logs to standard error, and its flags take precedence over the configuration file. \
The syntax is that of Go: one or two dashes, a value after = or as the next argument, a boolean without a value or with =. \
A value out of range is replaced by the nearest one, a flag without effect is accepted; both are logged. The other commands \
are available as the first argument.`;

const CONFIGURED = `No configuration file is needed. \
An invalid one is logged, every error with its line, and the server runs on the defaults unless it was started with \
--strict-config. Every key is explained in docs/configuration.md.`;

const EXAMPLES: readonly (readonly [string, string])[] = [
  [
    "Validate a configuration file before it is rolled out:",
    "healthcheck-server check-config --strict-config FILE",
  ],
  ["Load it into the running server:", "systemctl kill -s HUP healthcheck-server"],
  [
    "Why is a backend unhealthy? Ask the running server, then the backend:",
    "healthcheck-server explain 13758215386640154624\n" +
      "healthcheck-server probe http http://10.0.0.1/healthz --expect 200",
  ],
];

/**
 * The page.
 *
 * @param day - of the release, UTC
 */
export function manualPage(day: Date): string {
  const silent = { out: () => {}, err: () => {} };
  const program = makeProgram({}, silent, () => {});
  const tree = commandTree(program, DEFAULT_COMMAND);
  const commands = allCommands(tree).filter(
    ({ path, commands: below }) => path.length > 0 && below.length === 0,
  );
  const own = commands.filter(({ path }) => path.at(-1) !== "help");
  const name = program.name();
  return `${[
    `.Dd ${new Intl.DateTimeFormat("en-US", { dateStyle: "long", timeZone: "UTC" }).format(day)}`,
    `.Dt ${name.toUpperCase()} 8`,
    ".Os",
    `.Sh NAME\n.Nm ${name}\n.Nd the health checker of the Seesaw load balancer`,
    `.Sh SYNOPSIS\n${own.map(synopsis).join("\n")}\n.Nm\n.Fl h | \\-help\n.Nm\n.Fl V | \\-version`,
    `.Sh DESCRIPTION\n${prose(DESCRIPTION)}\n.Pp\n${prose(CONFIGURED)}`,
    `.Sh COMMANDS\n${own.map(section).join("\n")}`,
    `.Sh IN PLACE OF SEESAW_HEALTHCHECK\n${prose(IN_PLACE)}\n${terms(SEESAW_FLAGS.map(flagItem))}`,
    `.Sh SIGNALS\n${terms(Object.entries(SIGNALS).map(([signal, about]) => [`Dv ${signal}`, about]))}`,
    `.Sh ENVIRONMENT\n${terms(VARIABLES.map((variable) => [`Ev ${variable.name}`, variable.about]))}`,
    `.Sh FILES\n${files()}`,
    `.Sh EXIT STATUS\n${statuses()}`,
    `.Sh EXAMPLES\n${EXAMPLES.map(([words, shown]) => `${prose(words)}\n${display(shown)}`).join("\n.Pp\n")}`,
  ].join("\n")}\n`;
}

function synopsis({ path, options, args }: CommandEntry): string {
  const named = path[0] === DEFAULT_COMMAND ? `.Op Cm ${path.join(" ")}` : `.Cm ${path.join(" ")}`;
  return [
    ".Nm",
    named,
    ...(options.length > 0 ? [".Op Ar option ..."] : []),
    ...args.map(argumentMacro),
  ].join("\n");
}

function argumentMacro({ name, required }: ArgumentEntry): string {
  return `.${required ? "" : "Op "}Ar ${argument(name)}`;
}

function section({ path, about, options, args }: CommandEntry): string {
  const items: (readonly [string, string])[] = [
    ...args
      .filter((arg) => arg.about !== "")
      .map((arg) => [`Ar ${argument(arg.name)}`, describe(arg)] as const),
    ...options.map((option) => [optionTerm(option), describe(option)] as const),
  ];
  return `.Ss ${path.join(" ")}\n${prose(sentence(about))}\n${terms(items)}`;
}

function optionTerm({ flags: list, value }: OptionEntry): string {
  return value === "" ? flags(list) : `${flags(list)} Ar ${argument(value)}`;
}

function describe(entry: ArgumentEntry | OptionEntry): string {
  const { takes } = entry;
  const choices = takes.kind === "words" ? ` One of ${takes.words.join(", ")}.` : "";
  const fallback =
    "fallback" in entry && entry.fallback !== undefined ? ` The default is ${String(entry.fallback)}.` : "";
  return `${sentence(entry.about)}${choices}${fallback}`;
}

/** A flag of Google's health checker. */
function flagItem(flag: SeesawFlag): readonly [string, string] {
  const { name, kind, about, fallback } = flag;
  const value = kind.word === "" ? "" : ` Ar ${kind.word}`;
  const words = fallback === undefined ? "" : ` The default is ${fallback.replaceAll('"', "")}.`;
  return [`Fl ${name}${value}`, `${sentence(about)}${words}`];
}

function files(): string {
  const [first, ...others] = configPlaces({}, "~");
  return terms([
    [
      `Pa ${argument(first ?? "")}`,
      "The configuration file, unless --config or HEALTHCHECK_CONFIG names another.",
    ],
    ...others.map(
      (place) => [`Pa ${argument(place)}`, "Where it is looked for next, except as root."] as const,
    ),
    [
      `Pa ${DEFAULT_CONFIG.server.proxy_socket}`,
      "The socket for the client, unless server.proxy_socket is another.",
    ],
    [
      `Pa ${DEFAULT_CONFIG.server.engine_socket}`,
      "The socket of the Seesaw engine, unless --engine or server.engine_socket is another.",
    ],
  ]);
}

function statuses(): string {
  return terms(
    Object.entries(EXIT).map(([key, status]) => [`${status}`, STATUSES[key as keyof typeof EXIT]] as const),
  );
}
