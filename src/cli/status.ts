/** `status`: reports whether a running server is ready, and the number of healthchecks in each state. The HEALTHCHECK of a container. */
import type { HealthcheckList } from "../http/api.ts";
import { sentence } from "../model/printable.ts";
import type { Output } from "./check-config.ts";
import { EXIT } from "./exit.ts";
import { ask, type RemoteOptions, readAnswer, serverPlace } from "./remote.ts";
import { formatAnswer, RemoteError } from "./remote-error.ts";
import type { Environment } from "./settings.ts";

/**
 * Asks the server for its status and prints it.
 *
 * @returns the exit status: 0 when the server is ready
 * @throws UsageError
 */
export async function status(options: RemoteOptions, env: Environment, output: Output): Promise<number> {
  try {
    const place = serverPlace(options, env);
    const ready = await ask(place, "/readyz", options);
    const list = readAnswer<HealthcheckList>(await ask(place, "/api/healthchecks?limit=0", options));
    const isReady = ready.status === 200;
    const reason = isReady ? undefined : sentence(ready.text.trim());
    const format = () => (options.json === true ? asJson(isReady, reason, list) : asText(reason, list));
    output.out(formatAnswer(format));
    return isReady ? EXIT.ok : EXIT.failure;
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    output.err(`not ready: ${error.message}\n`);
    return EXIT.failure;
  }
}

function asText(reason: string | undefined, { totals, network }: HealthcheckList): string {
  const row = (label: string, count: number) => `${label.padEnd(14)}${String(count).padStart(8)}\n`;
  return (
    `${reason === undefined ? "ready" : `not ready: ${reason}`}\n` +
    row("healthchecks", totals.healthchecks) +
    row("  healthy", totals.healthy) +
    row("  unhealthy", totals.unhealthy) +
    row("  unknown", totals.unknown) +
    (totals.provisional === undefined ? "" : row("  provisional", totals.provisional)) +
    (totals.overridden === undefined ? "" : row("  overridden", totals.overridden)) +
    (network === undefined
      ? ""
      : `network ${network.blind ? "blind" : "in doubt"}, reports held: ${network.held}\n`)
  );
}

function asJson(ready: boolean, reason: string | undefined, { totals, network }: HealthcheckList): string {
  // Destructured, so that the response of another program without them is an error.
  const { healthchecks, healthy, unhealthy, unknown, provisional, overridden } = totals;
  const counts = { healthchecks, healthy, unhealthy, unknown, provisional, overridden };
  const fault = network === undefined ? {} : { network: { blind: network.blind, held: network.held } };
  return `${JSON.stringify({ ready, ...(reason === undefined ? {} : { reason }), ...counts, ...fault })}
`;
}
