/** Store of one healthcheck's details; sends one request at a time. */
import type { HealthcheckDetail } from "../../api.ts";
import { detailAddress } from "../logic/route.ts";
import type { FetchApi } from "./api-client.ts";
import type { RefreshReason, Shown } from "./session.ts";
import { Signal } from "./signal.ts";

/** Data of the detail view. */
export interface DetailView {
  /** Undefined before the first answer. */
  readonly detail: HealthcheckDetail | undefined;
  /** The server does not know it, or not any more. */
  readonly missing: boolean;
  /** Time of the last response, by this computer's clock. */
  readonly atMs: number | undefined;
  /** Reason why the last request failed. */
  readonly error: string | undefined;
}

const NOT_FOUND = 404;

/** Cache of the details of one healthcheck. It sends one request at a time. */
export class DetailStore implements Shown {
  readonly view = new Signal<DetailView>({
    detail: undefined,
    missing: false,
    atMs: undefined,
    error: undefined,
  });
  readonly #id: string;
  readonly #fetchApi: FetchApi;
  readonly #abort = new AbortController();
  #running = false;
  #again = false;

  constructor(id: string, fetchApi: FetchApi) {
    this.#id = id;
    this.#fetchApi = fetchApi;
  }

  /**
   * Requests the details again; once more after a request that is already running. A missing healthcheck is not
   * requested every second.
   */
  refresh(why: RefreshReason): void {
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
    const answer = await this.#fetchApi<HealthcheckDetail>(detailAddress(this.#id), signal);
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
