/**
 * healthcheck-server: the health checker of the Seesaw load balancer. Arguments in, exit status out.
 *
 * The house, and the way of the data through it:
 *
 *   upstream ──desired set──▶ manager ──▶ monitor ◀─ticks── scheduler
 *      ▲                                     │  runs its checker
 *      └──────batches────── notifier ◀───────┘  one result, one state transition, maybe one notification
 *                                  metrics, http, telemetry only read
 *
 *   cli/        one file a command            protocol/   lines, messages, JSON with 64-bit ids
 *   daemon.ts   wires everything              checkers/   tcp, http, dns
 *   checking.ts what checks run on            monitor/    one check's life; transition is the pure state machine
 *   config/     the YAML file                 scheduler/  the real clock; wheel and running time are pure
 *   serving.ts  what people look at           metrics/    families of the server, and of each healthcheck
 *   supervision.ts  what systemd is told      http/       /metrics, health, status API; page/ runs in the browser
 *   tracing.ts  traces, put together          notifier/   delivery; pending is pure
 *   model/      the vocabulary                telemetry/  OpenTelemetry
 *   logging/    the log                       system/     whatever touches the operating system
 */

// Before every other import, whose evaluation takes its time; a bare import is not sorted.
import "./system/early-signals.ts";
import { writeSync } from "node:fs";
import { main } from "./cli/program.ts";
import { isJournalStream, withPriority } from "./logging/journal.ts";
import { errorWords } from "./model/format-value.ts";
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

main(process.argv.slice(2), env, output, processSignals).then(
  (status) => process.exit(status),
  (error: unknown) => {
    output.err(`${printableLines(errorWords(error))}\n`);
    process.exit(1);
  },
);
