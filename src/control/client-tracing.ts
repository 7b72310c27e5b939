/** The port through which somebody may follow what clients do; telemetry implements it, and mostly nobody is there. */

/** What is found out about a message while it is handled. */
export interface MessageSpan {
  /** What it is. */
  isA(type: string): void;
  /** It was refused, or a part of it was. @param words - without secrets */
  failed(type: string, words: string): void;
}

/** See the head of the file. */
export interface ClientTracing {
  /** A client has connected. @param greet - what follows from it at once; is called once */
  connected(client: object, greet: () => void): void;
  /**
   * A client has sent a line.
   *
   * @param bytes - its length
   * @param handle - does what it asks for; is called once, at once
   */
  received(client: object, bytes: number, handle: (notes: MessageSpan) => Promise<void>): Promise<void>;
}

/** Whoever follows now. */
export type TracingProvider = () => ClientTracing;

const NO_NOTES: MessageSpan = { isA: () => {}, failed: () => {} };

/** Nobody follows: things are just done. */
export const NO_TRACING: ClientTracing = {
  connected: (_client, greet) => greet(),
  received: (_client, _bytes, handle) => handle(NO_NOTES),
};
