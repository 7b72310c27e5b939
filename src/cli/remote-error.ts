/** The outcome of a command that asks a running server. */
import type { Output } from "./check-config.ts";
import { EXIT } from "./exit.ts";

/** The error of a server that cannot be asked or does not answer. */
export class RemoteError extends Error {
  override readonly name = "RemoteError";
}

/**
 * Formats a response whose shape was not validated.
 *
 * @throws RemoteError when it has another shape
 */
export function formatAnswer(format: () => string): string {
  try {
    return format();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new RemoteError("the response is not from this version of healthcheck-server", { cause: error });
  }
}

/** Prints what a command returns, or why it failed. @returns the exit status */
export async function report(output: Output, act: () => Promise<string>): Promise<number> {
  try {
    output.out(await act());
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    output.err(`error: ${error.message}\n`);
    return EXIT.failure;
  }
}
