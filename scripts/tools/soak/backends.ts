/** The backends of the soak, their truth, and the few that flap. Called by main.ts. */
import { join } from "node:path";
import { makeCa } from "../../../tests/harness/backends/certs.ts";
import { readLines, stopProcess } from "../../../tests/harness/base/process.ts";
import { until } from "../../../tests/harness/base/wait.ts";
import { killOnExit } from "../child-cleanup.ts";
import { checkOf, KINDS, kindOf } from "./kinds.ts";

const START_MS = 30_000;
/** One backend in this many flaps: a multiple of the kinds, so that {@link startBackends} finds some of each. */
const FLAPPING = 3 * KINDS.length;
const MAX_TOGGLED = 10;

/** All of them; disposing ends their process. */
export interface Backends extends AsyncDisposable {
  /** A CONFIG for each, its id the index. */
  readonly configs: readonly string[];
  /** Trusted for https. */
  readonly caFile: string;
  /** True while a backend is healthy. */
  isUp(index: number): boolean;
  /** True for a backend that changes. */
  flaps(index: number): boolean;
  /** Changes a few of those that flap; settles when it is done. */
  toggleSome(): Promise<void>;
}

/** Starts the backends. @throws Error when they do not start */
export async function startBackends(count: number): Promise<Backends> {
  await using stack = new AsyncDisposableStack();
  const ca = stack.use(await makeCa());
  const { certFile, keyFile } = ca.issue({ name: "soak", sans: ["DNS:soak.test"] });
  const program = join(import.meta.dir, "backends-process.ts");
  const child = Bun.spawn([process.execPath, program, String(count), certFile, keyFile], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  stack.use(killOnExit(child.pid));
  const lines: string[] = [];
  const reading = readLines(child.stdout, (line) => lines.push(line));
  stack.defer(async () => {
    await stopProcess(child);
    await reading;
  });
  const first = await until(() => lines.shift(), START_MS, "the backends' ports");
  // The cast names what backends-process.ts writes.
  const ports = JSON.parse(first) as number[];
  const up = ports.map(() => true);
  // Some of each kind, which a plain remainder would not give; the kernel's answers to pings cannot be changed.
  const flaps = (index: number) =>
    index % FLAPPING === Math.floor(index / FLAPPING) % KINDS.length && kindOf(index) !== "icmp";
  const flapping = ports.map((_, index) => index).filter(flaps);
  const owned = stack.move();
  return {
    configs: ports.map((port, index) => checkOf(index, port)),
    caFile: ca.caFile,
    isUp: (index) => up[index] === true,
    flaps,
    async toggleSome() {
      const chosen = Array.from({ length: 1 + Math.floor(Math.random() * MAX_TOGGLED) }, () => {
        const index = flapping[Math.floor(Math.random() * flapping.length)] ?? 0;
        up[index] = !up[index];
        return [index, up[index]] as const;
      });
      child.stdin.write(`${JSON.stringify(chosen)}\n`);
      await child.stdin.flush();
      await until(() => lines.shift(), START_MS, "the backends to change");
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
