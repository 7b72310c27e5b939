/** Spans of clients: connections, messages, and the desired sets that some of them carry. */
import {
  type Attributes,
  type SpanContext,
  SpanKind,
  type SpanStatus,
  SpanStatusCode,
} from "@opentelemetry/api";
import { ATTR_ERROR_TYPE } from "@opentelemetry/semantic-conventions";
import type { ClientTracing, MessageSpan } from "../control/client-tracing.ts";
import type { UpdateCounts } from "../manager/manager.ts";
import type { SpanScope } from "./scope.ts";
import type { Timeline } from "./span-clock.ts";
import { isSampled, type Tracer } from "./tracer.ts";

const CONNECT = "healthcheck.proxy_connect";
const RECEIVE = "healthcheck.proxy_receive";
const UPDATE = "healthcheck.config_update";

/** Makes the spans of connections, messages and updates of clients. */
export class ClientTraces implements ClientTracing {
  readonly #tracer: Tracer;
  readonly #scope: SpanScope;
  readonly #timeline: Timeline;
  readonly #connects = new WeakMap<object, SpanContext>();

  constructor(tracer: Tracer, scope: SpanScope, timeline: Timeline) {
    this.#tracer = tracer;
    this.#scope = scope;
    this.#timeline = timeline;
  }

  /** Traces a new connection. @param greet - runs within its span */
  connected(client: object, greet: () => void): void {
    const context = this.#tracer.root(CONNECT, SpanKind.SERVER);
    if (!isSampled(context)) {
      greet();
      return;
    }
    this.#connects.set(client, context);
    const startMs = this.#timeline.now();
    this.#scope.run(context, greet);
    const endMs = this.#timeline.now();
    this.#tracer.finish(context, { name: CONNECT, kind: SpanKind.SERVER, startMs, endMs, attributes: {} });
  }

  /**
   * A client has sent a line.
   *
   * @param bytes - its length
   * @param handle - does what it asks for; must not throw
   */
  async received(client: object, bytes: number, handle: (span: MessageSpan) => Promise<void>): Promise<void> {
    const attributes: Attributes = { "healthcheck.message.size": bytes };
    let status: SpanStatus | undefined;
    const messageSpan: MessageSpan = {
      setType: (type) => {
        attributes["healthcheck.message.type"] = type;
      },
      failed: (type, message) => {
        attributes[ATTR_ERROR_TYPE] = type;
        status = { code: SpanStatusCode.ERROR, message };
      },
    };
    const connect = this.#connects.get(client);
    const links = connect === undefined ? [] : [{ context: connect }];
    await this.#span(
      RECEIVE,
      SpanKind.CONSUMER,
      attributes,
      () => status,
      links,
      () => handle(messageSpan),
    );
  }

  /**
   * Traces the application of a set of healthchecks.
   *
   * @param rejected - how many of the configs were
   * @param apply - makes the set the running one
   */
  async update(configs: number, rejected: number, apply: () => Promise<UpdateCounts>): Promise<void> {
    const attributes: Attributes = {
      "healthcheck.update.configs": configs,
      "healthcheck.update.refused": rejected,
    };
    const status =
      rejected === 0
        ? undefined
        : { code: SpanStatusCode.ERROR, message: `${rejected} healthchecks rejected` };
    if (rejected > 0) attributes[ATTR_ERROR_TYPE] = "config";
    const take = async () => {
      const { added, adjusted, replaced, removed, kept } = await apply();
      attributes["healthcheck.update.added"] = added;
      attributes["healthcheck.update.removed"] = removed;
      attributes["healthcheck.update.changed"] = adjusted + replaced;
      attributes["healthcheck.update.kept"] = kept;
    };
    await this.#span(UPDATE, SpanKind.INTERNAL, attributes, () => status, [], take);
  }

  /** Within the span that the caller runs in, if any. */
  async #span(
    name: string,
    kind: SpanKind,
    attributes: Attributes,
    status: () => SpanStatus | undefined,
    links: { context: SpanContext }[],
    act: () => Promise<void>,
  ): Promise<void> {
    const parent = this.#scope.current;
    const context = parent === undefined ? this.#tracer.root(name, kind) : this.#tracer.child(parent);
    const sampled = isSampled(context);
    const startMs = this.#timeline.now();
    let fault: SpanStatus | undefined;
    try {
      await this.#scope.runLong(context, act);
    } catch (error) {
      fault = { code: SpanStatusCode.ERROR, message: "internal error" };
      attributes[ATTR_ERROR_TYPE] = "internal";
      throw error;
    } finally {
      const endMs = Math.max(startMs, this.#timeline.now());
      const facts = { name, kind, parent, startMs, endMs, attributes, status: fault ?? status(), links };
      if (sampled) this.#tracer.finish(context, facts);
    }
  }
}
