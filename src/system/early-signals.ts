/**
 * Catches the process's signals. `main.ts` imports this file before every other one: a signal that comes while the rest of
 * the program is evaluated waits for the daemon, and does not end the process.
 */
import { SignalQueue } from "./signals.ts";

/** The signals of this process; the command that runs listens to them or releases them. */
export const processSignals = new SignalQueue();
