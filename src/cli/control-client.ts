/** The control socket of a running server, asked by `force`, `pause`, `release` and `overrides`. */
import { socketPath } from "../config/address-values.ts";
import { sentence } from "../model/printable.ts";
import { positiveDurationMs } from "../schema/durations.ts";
import { systemReason } from "../system/system-reason.ts";
import type { Output } from "./check-config.ts";
import { RemoteError } from "./remote-error.ts";
import type { Environment } from "./settings.ts";
import { readWritten } from "./value-option.ts";

/** Options of commands that use the control socket. */
export interface ControlOptions {
  readonly socket?: string;
  readonly config?: string;
  readonly timeout: string;
  readonly json?: boolean;
}

/** Maximum length of an answer: an override has some 500 bytes. */
const MAX_ANSWER_BYTES = 64 * 1_024 * 1_024;

/**
 * Sends a request to the server, and prints its warning, if it has one.
 *
 * @returns the answer
 * @throws RemoteError when the server cannot be reached, or rejects the request
 * @throws UsageError
 */
export async function command(
  request: Readonly<Record<string, unknown>>,
  options: ControlOptions,
  env: Environment,
  output: Output,
): Promise<Readonly<Record<string, unknown>>> {
  const path = await controlSocketPath(options, env);
  const timeoutMs = readWritten("--timeout", positiveDurationMs, options.timeout);
  const line = await exchange(path, `${JSON.stringify(request)}\n`, timeoutMs, options.timeout);
  const answer = parseAnswer(line);
  if (typeof answer["error"] === "string") throw new RemoteError(sentence(answer["error"]));
  if (typeof answer["warning"] === "string") output.err(`warning: ${sentence(answer["warning"])}\n`);
  return answer;
}

/** Returns the path from the command line, or from the server's configuration file, whose reader is loaded only then. */
async function controlSocketPath({ socket, config }: ControlOptions, env: Environment): Promise<string> {
  if (socket !== undefined) return readWritten("--socket", socketPath, socket);
  const { configuredSocket } = await import("./configured-socket.ts");
  return configuredSocket(config, env);
}

async function exchange(path: string, request: string, timeoutMs: number, timeout: string): Promise<string> {
  const answered = Promise.withResolvers<string>();
  const failed = (why: string) => answered.reject(new RemoteError(`cannot reach ${path}: ${why}`));
  const timer = setTimeout(() => failed(`no response within ${timeout}`), timeoutMs);
  const chunks: Buffer[] = [];
  let bytes = 0;
  const connecting = Bun.connect({
    unix: path,
    socket: {
      open: (socket) => void socket.write(request),
      data: (socket, chunk) => {
        chunks.push(Buffer.from(chunk));
        bytes += chunk.length;
        if (bytes <= MAX_ANSWER_BYTES) return;
        failed(`the response is larger than ${MAX_ANSWER_BYTES} bytes, the maximum`);
        socket.terminate();
      },
      close: () => answered.resolve(Buffer.concat(chunks).toString("utf8")),
      error: (_socket, error) => failed(systemReason(error)),
    },
  });
  connecting.catch((error: unknown) => failed(connectProblem(error)));
  try {
    return await answered.promise;
  } finally {
    clearTimeout(timer);
  }
}

function connectProblem(error: unknown): string {
  const reason = systemReason(error);
  return reason === "permission denied" ? `${reason}; only the server's user and root may connect` : reason;
}

function parseAnswer(line: string): Readonly<Record<string, unknown>> {
  try {
    const answer: unknown = JSON.parse(line);
    // The fields are checked where they are used.
    if (typeof answer === "object" && answer !== null) return answer as Readonly<Record<string, unknown>>;
  } catch {
    // Reported below.
  }
  throw new RemoteError(
    line === "" ? "the server closed the connection without a response" : "the response is not JSON",
  );
}
