/**
 * healthcheck-server: the health checker of the Seesaw load balancer. Arguments in, exit status out.
 *
 * The rooms, and the way of the data through them:
 *
 *   control ──desired set──▶ manager ──▶ monitor ◀─ticks── scheduler
 *      ▲                                    │  runs its check
 *      └──────batches───── notifier ◀───────┘  one result, at most one state transition, at most one notification
 *                                metrics, http, telemetry only observe
 *
 *   cli/        one file for each command     protocol/   framing, messages, JSON with 64-bit ids
 *   daemon/     the composition root          checks/     one folder for each check type
 *   control/    the port to the client        monitor/    one healthcheck: state machine, schedule, history
 *   config/     the YAML file                 scheduler/  the real clock, timer wheel, running time
 *   manager/    the running monitors          metrics/    families of the server, and of each healthcheck
 *   notifier/   batches of notifications      http/       /metrics, health, status API; page/ runs in the browser
 *   persistence/ states over a restart
 *   overrides/  operators' decisions, and their control socket
 *   systemd/    readiness, status, watchdog   telemetry/  OpenTelemetry traces
 *   model/      the vocabulary                system/     operating system: sockets, clocks, resolver, TLS
 *   logging/    the log
 */

// Before every other import, whose evaluation takes its time; a bare import is not sorted.
import "./system/early-signals.ts";
import { writeSync } from "node:fs";
import { main } from "./cli/program.ts";
import { isJournalStream, withPriority } from "./logging/journal.ts";
import { describeError } from "./model/format-value.ts";
import { printableLines } from "./model/printable.ts";
import { processSignals } from "./system/early-signals.ts";
import { removeRuntimeVariables } from "./system/runtime-variables.ts";

const errorsToJournal = isJournalStream(2, process.env);

// Synchronous, so that nothing is cut off when the process exits.
const output = {
  out: (text: string) => void writeSync(1, text),
  err: (text: string) => void writeSync(2, errorsToJournal ? withPriority("error", text) : text),
};

// Commands get the environment as it was, to report what is set in it.
const env = { ...process.env };
removeRuntimeVariables(process.env);

main(process.argv.slice(2), env, output, processSignals, process.argv0).then(
  (status) => process.exit(status),
  (error: unknown) => {
    output.err(`${printableLines(describeError(error))}\n`);
    process.exit(1);
  },
);
