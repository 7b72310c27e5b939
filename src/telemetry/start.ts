/** Starts telemetry from the configuration and the environment. Loaded only if `telemetry.enabled` is true. */

import { VERSION } from "../build-info.ts";
import type { Config } from "../config/schema.ts";
import type { LogFields, Logger } from "../logging/logger.ts";
import { noTelemetry, type TelemetryPort } from "./port.ts";
import { type Environment, telemetrySettings } from "./settings.ts";
import { makeExporter, Telemetry, type TelemetryParts } from "./telemetry.ts";

/** Parts of the daemon that telemetry uses. */
export interface StartTelemetryParts extends Omit<TelemetryParts, "version"> {
  /** Adds the ids of the current span to every log line. */
  readonly addLogFields: (fields: () => LogFields) => void;
}

/**
 * Starts telemetry. A failure is logged, and the daemon runs without traces.
 *
 * @param named - the keys that the configuration file sets; the environment replaces the default of any other
 * @param env - read for the OTEL_* variables
 * @returns the running telemetry, or a port that traces nothing
 */
export async function startTelemetry(
  config: Config,
  named: ReadonlySet<string>,
  env: Environment,
  parts: StartTelemetryParts,
  log: Logger,
): Promise<TelemetryPort> {
  const isNamed = (key: string) => named.has(`telemetry.${key}`);
  const settings = telemetrySettings(config.telemetry, isNamed, env, VERSION);
  for (const { variable, message } of settings.warnings) {
    log.warn("Ignoring OpenTelemetry environment variable", { variable, reason: message });
  }
  try {
    const exporter = await makeExporter(settings.exporter);
    const { protocol } = settings.exporter;
    const { trace, sampling_rate, propagate } = config.telemetry;
    const fields = { endpoint: settings.shownEndpoint, protocol, trace, sampling_rate, propagate };
    log.info("Exporting traces", fields);
    const telemetry = new Telemetry(
      settings,
      exporter,
      config.telemetry,
      { ...parts, version: VERSION },
      log,
    );
    parts.addLogFields(() => telemetry.logFields());
    return telemetry;
  } catch (error) {
    // A TLS file could not be read.
    log.error("Cannot export traces", { error: error instanceof Error ? error.message : String(error) });
    return noTelemetry(parts.monitorLog);
  }
}
