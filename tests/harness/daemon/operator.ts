/** A daemon with a control socket, and the commands of its operators. Called by the tests of overrides. */
import { join } from "node:path";
import { type Daemon, type DaemonOptions, NO_REFRESH, startDaemon } from "./daemon.ts";
import { daemonPath } from "./executable.ts";

/** Starts a daemon with a control socket. @param dir - of its sockets and its state file @param config - further sections */
export function startControlled(
  dir: string,
  options: Omit<DaemonOptions, "config" | "socketPath"> = {},
  config = "batching: { delay: 1ms }\n",
): Promise<Daemon> {
  const socketPath = join(dir, "proxy.sock");
  const server = `proxy_socket: ${socketPath}, control_socket: ${dir}/control.sock, state_file: ${dir}/states`;
  return startDaemon({ config: `server: { ${server} }\n${config}${NO_REFRESH}`, socketPath, ...options });
}

/** Outcome of a command. */
export interface Outcome {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command against the daemon of a directory, by the path of its socket unless `-c` is among the arguments. */
export function operate(dir: string, ...args: readonly string[]): Promise<Outcome> {
  return operateAs([], dir, ...args);
}

/** {@link operate} as the arguments of another command: `["setpriv", "--reuid=1"]`. */
export async function operateAs(
  prefix: readonly string[],
  dir: string,
  ...args: readonly string[]
): Promise<Outcome> {
  const place = args.includes("-c") ? [] : ["--socket", join(dir, "control.sock")];
  const command = [...prefix, daemonPath(), ...args, ...place];
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "pipe" });
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { status: await child.exited, out, err };
}

/** Sends bytes to the control socket. @returns the answer, when the server has closed the connection */
export async function raw(dir: string, bytes: string | Uint8Array): Promise<string> {
  const closed = Promise.withResolvers<void>();
  let answer = "";
  let rest = Buffer.from(bytes);
  const write = (socket: Bun.Socket<undefined>) => {
    rest = rest.subarray(Math.max(0, socket.write(rest)));
  };
  const connecting = Bun.connect<undefined>({
    unix: join(dir, "control.sock"),
    socket: {
      open: write,
      drain: write,
      data: (_socket, chunk) => {
        answer += chunk.toString();
      },
      close: () => closed.resolve(),
    },
  });
  // A connection above the maximum is reset, maybe before it is established.
  connecting.catch(() => closed.resolve());
  await closed.promise;
  return answer;
}
