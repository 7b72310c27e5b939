/**
 * The signals that the daemon answers. It imports nothing, because every import would be evaluated before it: see
 * early-signals.ts.
 */

/** Signals whose default action ends a process, and that are not the sign of a crash. */
export const CAUGHT_SIGNALS = [
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGTERM",
  "SIGUSR1",
  "SIGUSR2",
  "SIGALRM",
  "SIGVTALRM",
  "SIGPROF",
  "SIGIO",
  "SIGXCPU",
] as const;

/** A signal that the daemon handles. */
export type CaughtSignal = (typeof CAUGHT_SIGNALS)[number];

/** Catches signals from its creation on, and keeps them until a listener takes them over; one for each process. */
export class SignalQueue {
  /** Each at most once, as the kernel keeps pending ones. */
  readonly #waiting = new Set<CaughtSignal>();
  readonly #handlers: readonly (readonly [CaughtSignal, () => void])[];
  #listener: ((signal: CaughtSignal) => void) | undefined;

  constructor() {
    this.#handlers = CAUGHT_SIGNALS.map((signal) => [signal, () => this.#caught(signal)]);
    for (const [signal, handler] of this.#handlers) process.on(signal, handler);
  }

  /** Hands every signal to a listener from here on, those first that came before it. */
  listen(listener: (signal: CaughtSignal) => void): void {
    this.#listener = listener;
    for (const signal of this.#waiting) listener(signal);
    this.#waiting.clear();
  }

  /** Restores the default actions, and lets those signals act that came before. */
  release(): void {
    for (const [signal, handler] of this.#handlers) process.off(signal, handler);
    for (const signal of this.#waiting) process.kill(process.pid, signal);
    this.#waiting.clear();
  }

  #caught(signal: CaughtSignal): void {
    if (this.#listener === undefined) this.#waiting.add(signal);
    else this.#listener(signal);
  }
}
