/** Sending spans to a collector, whatever the protocol, and what may come of it. */
import type { ReadableSpan } from "@opentelemetry/sdk-trace";

/** Reason why spans were not delivered. */
export interface ExportFailure {
  /** Without secrets. */
  readonly message: string;
  /** True when the same spans may be accepted later. */
  readonly retry: boolean;
}

/** A collector's partial success (OTLP): its message about accepted spans. */
export interface PartialSuccess {
  /** Without secrets. */
  readonly message: string;
  /** Number of spans that the collector rejected for good; 0 for a warning. */
  readonly rejected: number;
}

/** Outcome of a delivery; undefined when all spans were accepted without a message. */
export type ExportOutcome = ExportFailure | PartialSuccess | undefined;

/** Sends spans to a collector. */
export interface Exporter {
  export(spans: readonly ReadableSpan[]): Promise<ExportOutcome>;
  /**
   * Called when a connection failed, before the delivery that needs it has failed: a delivery may retry for a while.
   */
  onError?: (message: string) => void;
  /** Closes its connections. */
  close(): void;
}
