/** The port through which the messages of clients are traced. Telemetry implements it; without telemetry it is {@link NO_TRACING}. */

/** Span of one message while it is handled. */
export interface MessageSpan {
  /** Sets the message's type, once it is known. */
  setType(type: string): void;
  /** Marks the message, or a part of it, as rejected. @param message - the reason, without secrets */
  failed(type: string, message: string): void;
}

/** Traces the connections and messages of clients. */
export interface ClientTracing {
  /** Traces a new connection. @param greet - handles it; called once, synchronously */
  connected(client: object, greet: () => void): void;
  /**
   * Traces a line from a client.
   *
   * @param bytes - its length
   * @param handle - handles the line; called once, synchronously
   */
  received(client: object, bytes: number, handle: (span: MessageSpan) => Promise<void>): Promise<void>;
}

/** Returns the tracing that is in use now. */
export type TracingProvider = () => ClientTracing;

const NO_SPAN: MessageSpan = { setType: () => {}, failed: () => {} };

/** Disabled tracing: calls the handlers and records nothing. */
export const NO_TRACING: ClientTracing = {
  connected: (_client, greet) => greet(),
  received: (_client, _bytes, handle) => handle(NO_SPAN),
};
