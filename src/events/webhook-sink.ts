/**
 * A webhook that gets events in batches, by signed POSTs. A delivery that fails is repeated with a pause that grows; nothing but the queue
 * waits for it. Redirects are not followed, and no byte of the response's body is used.
 */
import { VERSION } from "../build-info.ts";
import type { Logger } from "../logging/logger.ts";
import { formatDuration } from "../model/duration.ts";
import { sentence } from "../model/printable.ts";
import { shownUrl } from "../redaction/urls.ts";
import { readCaBundle } from "../system/ca-bundle.ts";
import type { Clock } from "../system/clock.ts";
import { fetchReason } from "../system/system-reason.ts";
import { readTextFile } from "../system/text-file.ts";
import { EVENT_VERSION } from "./event.ts";
import { SIGNATURE_HEADER, sign } from "./signature.ts";
import { Pause, pauseMs, type Sink, type SinkQueue } from "./sink.ts";

/** Receiver of the deliveries. */
export interface WebhookTarget {
  readonly url: string;
  /** Key of the signature; undefined sends none. */
  readonly secret: string | undefined;
  /** File with the key, read for each delivery; undefined without one. */
  readonly secretFile: string | undefined;
}

/** Limits of one batch. */
const MAX_EVENTS = 100;
const MAX_CHARS = 256 * 1_024;
/** Time in which events join a batch. */
const COLLECT_MS = 100;
/** Limit of one delivery, from name lookup to the response's header. */
const TIMEOUT_MS = 10_000;
const MAX_SECRET_BYTES = 4_096;
const MAX_REASON_BYTES = 256;
/** Statuses of a request that may succeed later, besides 5xx. */
const RETRIED: ReadonlySet<number> = new Set([408, 425, 429]);

/** Result of a delivery: `rejected` will not succeed when it is repeated. */
type Delivery = { readonly is: "accepted" } | { readonly is: "rejected" | "failed"; readonly reason: string };

/** Sends events to a webhook. */
export class WebhookSink implements Sink {
  readonly #target: WebhookTarget;
  readonly #caFile: string | undefined;
  readonly #queue: SinkQueue;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #pause = new Pause();
  /** Ends the delivery under way. */
  #abort = () => {};
  #isAborted = false;
  readonly #ended: Promise<void>;
  #batch: readonly string[] = [];
  #failures = 0;
  #stopping = false;

  /** @param caFile - file with trusted CA certificates, in place of the host's */
  constructor(
    target: WebhookTarget,
    caFile: string | undefined,
    queue: SinkQueue,
    clock: Clock,
    log: Logger,
  ) {
    this.#target = target;
    this.#caFile = caFile;
    this.#queue = queue;
    this.#clock = clock;
    this.#log = log;
    this.#ended = this.#run();
  }

  get depth(): number {
    return this.#queue.length + this.#batch.length;
  }

  offer(event: string): void {
    if (!this.#stopping) this.#queue.push(event);
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#stopping = true;
    const abort = () => {
      this.#isAborted = true;
      this.#abort();
    };
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    this.#queue.wake();
    this.#pause.end();
    await this.#ended;
    signal.removeEventListener("abort", abort);
  }

  async #run(): Promise<void> {
    for (;;) {
      await this.#queueOrStop();
      if (this.#batch.length === 0) this.#batch = this.#queue.take(MAX_EVENTS, MAX_CHARS);
      if (this.#batch.length === 0) return;
      const isLast = this.#stopping;
      const delivery = await this.#deliver(
        `{"version":${EVENT_VERSION},"events":[${this.#batch.join(",")}]}`,
      );
      await this.#settle(delivery);
      if (isLast && delivery.is === "failed") return;
    }
  }

  /** Waits for events, and a moment for further ones. A stop ends both. */
  async #queueOrStop(): Promise<void> {
    if (this.#batch.length > 0 || this.#stopping) return;
    await this.#queue.next();
    if (!this.#stopping) await this.#pause.wait(COLLECT_MS);
  }

  async #settle(delivery: Delivery): Promise<void> {
    const { counts } = this.#queue;
    if (delivery.is === "accepted") {
      if (this.#failures > 0) this.#log.info("Webhook accepts events again", this.#fields());
      this.#failures = 0;
      counts.sent += this.#batch.length;
      this.#batch = [];
      return;
    }
    this.#failures++;
    counts.failed++;
    const { is, reason } = delivery;
    if (is === "rejected") {
      counts.dropped += this.#batch.length;
      this.#batch = [];
    }
    // One line until a delivery succeeds, not one for each attempt.
    if (this.#failures === 1)
      this.#log.warn(
        is === "rejected" ? "Webhook rejected events, they are dropped" : "Cannot deliver events, retrying",
        { ...this.#fields(), reason },
      );
    if (!this.#stopping) await this.#pause.wait(pauseMs(this.#failures, Math.random()));
  }

  #fields() {
    return { url: shownUrl(this.#target.url) };
  }

  async #deliver(body: string): Promise<Delivery> {
    const aborter = new AbortController();
    this.#abort = () => aborter.abort(new Error("the server stops"));
    if (this.#isAborted) this.#abort();
    const late = new Error(`no response within ${formatDuration(TIMEOUT_MS)}`);
    const timer = setTimeout(() => aborter.abort(late), TIMEOUT_MS);
    try {
      const ca = readCaBundle(this.#caFile)?.certificates.join("\n");
      const response = await fetch(this.#target.url, {
        method: "POST",
        body,
        headers: this.#headers(body),
        redirect: "manual",
        decompress: false,
        signal: aborter.signal,
        tls: { rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) },
      });
      const { status } = response;
      // Its body is not read, however long it is.
      void response.body?.cancel().catch(() => {});
      if (status >= 200 && status < 300) return { is: "accepted" };
      const isRetried = status >= 500 || RETRIED.has(status);
      return { is: isRetried ? "failed" : "rejected", reason: `HTTP status ${status}` };
    } catch (error) {
      return { is: "failed", reason: this.#safe(fetchReason(error)) };
    } finally {
      clearTimeout(timer);
    }
  }

  #headers(body: string): Record<string, string> {
    const { secret, secretFile } = this.#target;
    const key =
      secretFile === undefined ? secret : readTextFile(secretFile, MAX_SECRET_BYTES).replace(/\r?\n$/, "");
    if (key === "") throw new Error(`${secretFile} is empty; must contain the secret`);
    return {
      "Content-Type": "application/json",
      "User-Agent": `seesaw-healthcheck/${VERSION}`,
      "Accept-Encoding": "identity",
      ...(key === undefined ? {} : { [SIGNATURE_HEADER]: sign(key, this.#clock.wallMs(), body) }),
    };
  }

  /** A message of the runtime may repeat the URL. */
  #safe(message: string): string {
    const { url } = this.#target;
    return sentence(message.replaceAll(url, shownUrl(url)), MAX_REASON_BYTES);
  }
}
