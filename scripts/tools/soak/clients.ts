/**
 * The client of the soak: sends the list as the proxy does, is restarted now and then, and records the notifications. Called by
 * soak.ts.
 */
import { type Client, connectClient } from "../../../tests/harness/client/client.ts";

const RESEND_MS = 15_000;

/** One client after the other; disposing ends the last one. */
export class Clients implements AsyncDisposable {
  readonly #socketPath: string;
  readonly #configs: readonly string[];
  readonly #isSteady: (id: number) => boolean;
  #client: Client | undefined;
  #resend: ReturnType<typeof setInterval> | undefined;
  #seenLines = 0;
  #reported = 0;
  #restarts = -1;
  readonly #falseVerdicts: string[] = [];

  /** @param isSteady - whether a backend is well all the time */
  constructor(socketPath: string, configs: readonly string[], isSteady: (id: number) => boolean) {
    this.#socketPath = socketPath;
    this.#configs = configs;
    this.#isSteady = isSteady;
  }

  /** Notifications so far. */
  get reported(): number {
    this.#readBatches();
    return this.#reported;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** Steady backends that were called something else than healthy, with the words. */
  get falseVerdicts(): readonly string[] {
    this.#readBatches();
    return this.#falseVerdicts;
  }

  /** States that the present client knows. */
  stateOf(id: number): string {
    return this.#client?.latest.get(String(id))?.state ?? "unknown";
  }

  /** Ends the present client, in good order or not, and starts another one that knows nothing. */
  async restart(): Promise<void> {
    await this.#end(this.#restarts % 2 === 0);
    const client = await connectClient(this.#socketPath);
    this.#client = client;
    this.#restarts++;
    client.update(this.#configs);
    this.#resend = setInterval(() => client.update(this.#configs), RESEND_MS);
  }

  /** Has all healthchecks stopped. */
  stopAll(): void {
    clearInterval(this.#resend);
    this.#client?.update([]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end(true);
  }

  async #end(orderly: boolean): Promise<void> {
    clearInterval(this.#resend);
    this.#readBatches();
    const client = this.#client;
    this.#client = undefined;
    this.#seenLines = 0;
    if (client === undefined) return;
    if (orderly) client.close();
    await client[Symbol.asyncDispose]();
  }

  #readBatches(): void {
    for (const { type, statuses } of this.#client?.lines.slice(this.#seenLines) ?? []) {
      if (type !== "notification_batch") continue;
      this.#reported += statuses.length;
      for (const { id, status } of statuses) {
        if (this.#isSteady(Number(id)) && status.state !== "healthy") {
          this.#falseVerdicts.push(`${id} ${status.state} ${status.message}`);
        }
      }
    }
    this.#seenLines = this.#client?.lines.length ?? 0;
  }
}
