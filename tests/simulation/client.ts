/**
 * The simulated client, in the part of the Go proxy. It decodes the lines that the server packs, keeps the state of each
 * healthcheck as it was last reported, and may leave, come back, and stop reading.
 */

import type { ControlPlaneHandler } from "../../src/control/control-plane.ts";
import type { Notification } from "../../src/model/status.ts";
import { packLine } from "../../src/protocol/codec.ts";

/** The longest line that Go's scanner reads, its newline included. */
const MAX_LINE_BYTES = 65_535;

/** A state as the client has it. */
export interface Reported {
  readonly state: string;
  readonly atMs: number;
}

/** The client, and the control port that serves it. */
export class Client {
  /** States by id, of this connection. */
  readonly states = new Map<string, Reported>();
  /** Since when it has been connected, with its list applied, and reading; undefined while it is not. */
  readySinceMs: number | undefined;
  reading = true;
  connected = false;
  /** Called with each state that arrives. */
  onReport: (id: string, state: string) => void = () => {};
  /** Called with what no client could read. */
  onGarbage: (problem: string) => void = () => {};
  handler: Pick<ControlPlaneHandler, "resync" | "writable" | "disconnected"> | undefined;
  readonly #nowMs: () => number;
  #listening = false;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** It is there and has sent its list. */
  listed(): void {
    if (!this.connected || this.#listening) return;
    this.#listening = true;
    this.readySinceMs = this.reading ? this.#nowMs() : undefined;
    this.handler?.resync();
  }

  connect(): void {
    this.connected = true;
    this.reading = true;
  }

  disconnect(): void {
    this.connected = false;
    this.#listening = false;
    this.readySinceMs = undefined;
    this.states.clear();
    this.handler?.disconnected();
  }

  pause(): void {
    this.reading = false;
    this.readySinceMs = undefined;
  }

  resume(): void {
    if (this.reading) return;
    this.reading = true;
    if (!this.#listening) return;
    this.readySinceMs = this.#nowMs();
    this.handler?.writable();
  }

  deliver(batch: readonly Notification[]): number {
    if (!this.#listening || !this.reading) return 0;
    const { line, count } = packLine("notification_batch", batch);
    if (Buffer.byteLength(line) > MAX_LINE_BYTES)
      this.onGarbage(`a line of ${Buffer.byteLength(line)} bytes`);
    this.#read(line);
    return count;
  }

  #read(line: string): void {
    // Ids keep their digits: as numbers, neighbors would become one.
    const exact = line.replaceAll(/"id":(\d+)/g, '"id":"$1"');
    // The cast names the protocol's message, which the lines below hold it to.
    const message = JSON.parse(exact) as {
      readonly batch: { readonly notifications: readonly { id: string; status: { state: string } }[] };
    };
    for (const { id, status } of message.batch.notifications) {
      this.states.set(id, { state: status.state, atMs: this.#nowMs() });
      this.onReport(id, status.state);
    }
  }
}
