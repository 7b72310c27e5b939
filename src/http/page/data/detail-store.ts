/** What is known of one healthcheck; asked for one question at a time. */
import type { HealthcheckDetail } from "../../api.ts";
import { detailAddress } from "../logic/route.ts";
import type { Ask } from "./api-client.ts";
import type { Shown, Why } from "./session.ts";
import { Cell } from "./signal.ts";

/** What is shown of it. */
export interface DetailView {
  /** Undefined before the first answer. */
  readonly detail: HealthcheckDetail | undefined;
  /** The server does not know it, or not any more. */
  readonly missing: boolean;
  /** When the server was last heard, by this computer's clock. */
  readonly atMs: number | undefined;
  /** Why the last question was not answered. */
  readonly error: string | undefined;
}

const NOT_FOUND = 404;

/** Cache of the details of one healthcheck. It sends one request at a time. */
export class DetailStore implements Shown {
  readonly view = new Cell<DetailView>({
    detail: undefined,
    missing: false,
    atMs: undefined,
    error: undefined,
  });
  readonly #id: string;
  readonly #ask: Ask;
  readonly #abort = new AbortController();
  #running = false;
  #again = false;

  constructor(id: string, ask: Ask) {
    this.#id = id;
    this.#ask = ask;
  }

  /** Asks anew; once more when a question is under way. What is missing is not asked for every second. */
  refresh(why: Why): void {
    if (this.#abort.signal.aborted || (this.view.value.missing && why === "tick")) return;
    if (this.#running) this.#again = true;
    else void this.#run();
  }

  /** Calls off what is under way, for good. */
  stop(): void {
    this.#abort.abort();
  }

  async #run(): Promise<void> {
    this.#running = true;
    this.#again = false;
    const { signal } = this.#abort;
    const answer = await this.#ask<HealthcheckDetail>(detailAddress(this.#id), signal);
    this.#running = false;
    if (signal.aborted) return;
    const before = this.view.value;
    if (answer.ok) {
      this.view.set({ detail: answer.value, missing: false, atMs: answer.atMs, error: undefined });
    } else if (answer.status === NOT_FOUND) {
      this.view.set({ detail: undefined, missing: true, atMs: Date.now(), error: undefined });
    } else {
      this.view.set({ ...before, error: answer.error });
    }
    if (this.#again && answer.ok) void this.#run();
  }
}
