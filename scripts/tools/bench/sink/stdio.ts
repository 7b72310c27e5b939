/** Reads commands from standard input and writes responses to standard output, with plain system calls: loop.ts, which calls it, has no event loop. */
import { ptr } from "bun:ffi";
import { libc } from "../../../../tests/harness/base/libc.ts";
import type { Command } from "./commands.ts";

const STDIN_FD = 0;
const STDOUT_FD = 1;
const CHUNK_BYTES = 65_536;
const RETRY_US = 200;

/** The two pipes to the benchmark. */
export class CommandStdio {
  readonly #chunk = new Uint8Array(CHUNK_BYTES);
  readonly #carryOut: (command: Command) => object;
  #rest = "";

  /** @param carryOut - carries out a command and returns its response */
  constructor(carryOut: (command: Command) => object) {
    this.#carryOut = carryOut;
  }

  /** Takes in what is there; standard input must be readable. @returns false at its end */
  read(): boolean {
    const length = libc.read(STDIN_FD, ptr(this.#chunk), CHUNK_BYTES);
    if (length <= 0) return false;
    const lines = (this.#rest + Buffer.from(this.#chunk.subarray(0, length)).toString()).split("\n");
    this.#rest = lines.pop() ?? "";
    // The cast names what our own program says.
    for (const line of lines) this.say(this.#carryOut(JSON.parse(line) as Command));
    return true;
  }

  /** Writes a line, all of it. */
  say(answer: object): void {
    const bytes = Buffer.from(`${JSON.stringify(answer)}\n`);
    for (let written = 0; written < bytes.length; ) {
      const rest = bytes.subarray(written);
      const count = libc.write(STDOUT_FD, ptr(rest), rest.length);
      if (count > 0) written += count;
      else libc.usleep(RETRY_US);
    }
  }
}
