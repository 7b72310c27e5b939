/**
 * Kills the child processes of a script when it ends, however it ends: Ctrl-C, SIGTERM, an error. Called by the benchmark and the soak, which
 * start processes that would otherwise continue.
 */

const pids = new Set<number>();
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Kills a process when this one ends; dispose it when the child has exited. */
export function killOnExit(pid: number): Disposable {
  pids.add(pid);
  return { [Symbol.dispose]: () => void pids.delete(pid) };
}

/** Installs the signal and exit handlers; call it once, before the first child. */
export function cleanUpChildren(): void {
  for (const [signal, status] of Object.entries(SIGNALS)) process.on(signal, () => process.exit(status));
  process.on("exit", () => {
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has exited already.
      }
    }
  });
}
