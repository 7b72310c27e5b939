/** Relays what a process writes to the log: a bounded number of lines of bounded length, read slowly enough to cost nothing. */
import type { Logger } from "../logging/logger.ts";
import { PacedLog } from "../logging/paced.ts";
import { sentence } from "../model/printable.ts";

const MAX_LINE_BYTES = 512;
const BURST_LINES = 20;
/** A process that writes more waits in its own write. */
const BYTES_PER_MS = 256;

/** A relay under way. */
export interface OutputRelay {
  /** Stops reading. */
  close(): void;
}

/** Relays one output of a process. */
export function relayOutput(
  output: ReadableStream<Uint8Array>,
  stream: "stdout" | "stderr",
  log: Logger,
): OutputRelay {
  const paced = new PacedLog(log, BURST_LINES);
  const reader = output.getReader();
  let isClosed = false;
  const read = async () => {
    const lines = new LineReader((text) => paced.info("Event process wrote", { stream, text }));
    for (;;) {
      const { done, value } = await reader.read();
      if (done || isClosed) break;
      lines.push(value);
      await Bun.sleep(value.length / BYTES_PER_MS);
    }
    lines.end();
    paced.flush();
  };
  // The end of the process ends the stream, perhaps with an error.
  read().catch(() => {});
  return {
    close: () => {
      isClosed = true;
      reader.cancel().catch(() => {});
    },
  };
}

/** Cuts bytes into lines; the rest of a long line is left out. */
class LineReader {
  readonly #decoder = new TextDecoder();
  readonly #onLine: (text: string) => void;
  #line = "";

  constructor(onLine: (text: string) => void) {
    this.#onLine = onLine;
  }

  push(bytes: Uint8Array): void {
    const [first = "", ...others] = this.#decoder.decode(bytes, { stream: true }).split("\n");
    this.#add(first);
    for (const text of others) {
      this.end();
      this.#add(text);
    }
  }

  end(): void {
    if (this.#line !== "") this.#onLine(sentence(this.#line, MAX_LINE_BYTES));
    this.#line = "";
  }

  #add(text: string): void {
    // One more character than is shown, so that a cut is marked.
    this.#line += text.slice(0, MAX_LINE_BYTES + 1 - this.#line.length);
  }
}
