/** Names of the phases of a check, for display. */
import type { Phases } from "./result.ts";

/** Every phase in its order: in a result, for people, in JSON. */
export const PHASES = [
  { key: "resolveMs", label: "resolve", field: "resolve_ms" },
  { key: "connectMs", label: "connect", field: "connect_ms" },
  { key: "tlsMs", label: "tls", field: "tls_ms" },
  { key: "firstByteMs", label: "first byte", field: "first_byte_ms" },
  { key: "transferMs", label: "transfer", field: "transfer_ms" },
] as const satisfies readonly { key: keyof Phases; label: string; field: string }[];

/** Phases in JSON, milliseconds; those that were not reached are absent. */
export type PhaseFields = { readonly [Field in (typeof PHASES)[number]["field"]]?: number };

/** Names the phases as JSON does. */
export function phaseFields(phases: Phases): PhaseFields {
  return Object.fromEntries(
    PHASES.flatMap(({ key, field }) => {
      const ms = phases[key];
      return ms === undefined ? [] : [[field, roundMs(ms)] as const];
    }),
  );
}

/** To the microsecond: nothing finer was measured. */
export function roundMs(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
