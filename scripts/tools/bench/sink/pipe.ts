/** Orders in and answers out, line by line, by plain reads and writes. Called by loop.ts, which has no event loop of the runtime. */
import { ptr } from "bun:ffi";
import { libc } from "./libc.ts";
import type { Order } from "./orders.ts";

const STDIN_FD = 0;
const STDOUT_FD = 1;
const CHUNK_BYTES = 65_536;
const RETRY_US = 200;

/** See the head of the file. */
export class OrderPipe {
  readonly #chunk = new Uint8Array(CHUNK_BYTES);
  readonly #obey: (order: Order) => object;
  #rest = "";

  /** @param obey - carries out an order and gives its answer */
  constructor(obey: (order: Order) => object) {
    this.#obey = obey;
  }

  /** Takes in what is there; standard input must be readable. @returns false at its end */
  read(): boolean {
    const length = libc.read(STDIN_FD, ptr(this.#chunk), CHUNK_BYTES);
    if (length <= 0) return false;
    const lines = (this.#rest + Buffer.from(this.#chunk.subarray(0, length)).toString()).split("\n");
    this.#rest = lines.pop() ?? "";
    // The cast names what our own program says.
    for (const line of lines) this.say(this.#obey(JSON.parse(line) as Order));
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
