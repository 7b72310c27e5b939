/** Arrivals at a sink: a count for each port, and on demand the times. Called by the loops of the sinks. */

/** Counts arrivals for each port, and records their times on demand. */
export class Arrivals {
  readonly #counts: Uint32Array;
  #timesMs: number[][] | undefined;
  #nowMs = 0;
  total = 0;

  constructor(readonly ports: number) {
    this.#counts = new Uint32Array(ports);
  }

  /** Reads the clock once for everything that is found ready together. */
  look(): void {
    if (this.#timesMs !== undefined) this.#nowMs = performance.timeOrigin + performance.now();
  }

  /** A check has come to a port. */
  note(port: number): void {
    this.total++;
    this.#counts[port] = (this.#counts[port] ?? 0) + 1;
    this.#timesMs?.[port]?.push(this.#nowMs);
  }

  /** Begins to record the times again. */
  record(): void {
    this.#timesMs = Array.from({ length: this.ports }, () => []);
    this.look();
  }

  /** Ends the recording. @returns for each port when checks came, milliseconds since the epoch */
  take(): readonly (readonly number[])[] {
    const taken = this.#timesMs ?? [];
    this.#timesMs = undefined;
    return taken;
  }

  /** For each port, how many have come so far. */
  counts(): readonly number[] {
    return [...this.#counts];
  }
}
