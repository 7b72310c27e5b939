/**
 * Sees to it that no process outlives the benchmark, however it ends: Ctrl-C, SIGTERM, an error. Called by main.ts, and by
 * whoever starts a process that does not end by itself.
 */

const pids = new Set<number>();
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Ends a process when the benchmark ends; disposing says that it has ended already. */
export function endWithUs(pid: number): Disposable {
  pids.add(pid);
  return { [Symbol.dispose]: () => void pids.delete(pid) };
}

/** To be called once, first of all. */
export function watchOverChildren(): void {
  for (const [signal, status] of Object.entries(SIGNALS)) process.on(signal, () => process.exit(status));
  process.on("exit", () => {
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
  });
}
