/** Loops that take every core. Called by tests whose outcome must not depend on how busy the machine is. */
import { stopProcess } from "./process.ts";

/** Starts busy loops; disposing ends them. */
export function startBusyLoops(count: number): AsyncDisposable {
  const loops = Array.from({ length: count }, () =>
    Bun.spawn(["sh", "-c", "while :; do :; done"], { stdin: "ignore", stdout: "ignore" }),
  );
  return {
    [Symbol.asyncDispose]: async () => void (await Promise.all(loops.map((loop) => stopProcess(loop)))),
  };
}
