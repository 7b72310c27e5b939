/** Sending spans to a collector, whatever the protocol, and what may come of it. */
import type { ReadableSpan } from "@opentelemetry/sdk-trace";

/** Why spans were not delivered. */
export interface ExportFailure {
  /** Without secrets. */
  readonly message: string;
  /** Whether the same spans may be taken later. */
  readonly retry: boolean;
}

/** What a collector says of spans that it has taken: OTLP's partial success. */
export interface PartialSuccess {
  /** Without secrets. */
  readonly message: string;
  /** So many of them it has not taken after all, and never will; 0 for a mere warning. */
  readonly rejected: number;
}

/** What came of a delivery; undefined when all was taken and nothing said. */
export type ExportOutcome = ExportFailure | PartialSuccess | undefined;

/** Sends spans to a collector. */
export interface Exporter {
  export(spans: readonly ReadableSpan[]): Promise<ExportOutcome>;
  /** Hears, before the delivery that it is part of has failed, that no connection came about: a delivery may try for a while. */
  onError?: (message: string) => void;
  /** Closes its connections. */
  close(): void;
}
