/** Telemetry as the daemon starts it: from the configuration and the environment. Loaded only when `telemetry.enabled` says so. */

import { VERSION } from "../build-info.ts";
import type { Config } from "../config/schema.ts";
import { isNamed } from "../config/validate.ts";
import type { Logger } from "../logging/logger.ts";
import { type Environment, telemetrySettings } from "./settings.ts";
import { makeExporter, Telemetry, type TelemetryParts } from "./telemetry.ts";

/**
 * Starts it; when it cannot, the log says why, and everything else goes on without.
 *
 * @param env - the OTEL_* variables are taken from it
 */
export async function startTelemetry(
  config: Config,
  env: Environment,
  parts: Omit<TelemetryParts, "version">,
  log: Logger,
): Promise<Telemetry | undefined> {
  const named = (key: string) => isNamed(config, `telemetry.${key}`);
  const settings = telemetrySettings(config.telemetry, named, env, VERSION);
  for (const { variable, words } of settings.warnings) {
    log.warn("Environment variable of OpenTelemetry", { variable, reason: words });
  }
  try {
    const exporter = await makeExporter(settings.exporter);
    const { protocol } = settings.exporter;
    const { trace, sampling_rate, propagate } = config.telemetry;
    const fields = { endpoint: settings.shownEndpoint, protocol, trace, sampling_rate, propagate };
    log.info("Exporting traces", fields);
    return new Telemetry(settings, exporter, config.telemetry, { ...parts, version: VERSION }, log);
  } catch (error) {
    // The words are of a file of certificates.
    log.error("Cannot export traces", { error: error instanceof Error ? error.message : String(error) });
    return undefined;
  }
}
