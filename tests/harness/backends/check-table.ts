/**
 * A table of checks run by one daemon, and what it finds. Called by the tests of the daemon against real peers.
 */

import { until } from "../base/wait.ts";
import { connectClient } from "../client/client.ts";
import { requestStatus } from "../client/client-assertions.ts";
import { type DaemonOptions, startDaemon } from "../daemon/daemon.ts";

/** Makes a CONFIG with the id that it is given. */
export type MakeCheck = (id: number) => string;

/**
 * Runs every check until it has a result.
 * @param checks by a name of the test's own
 * @returns by the same names: `healthy L7OK …`, `unhealthy L7STS …`
 */
export async function verdicts<Name extends string>(
  checks: Readonly<Record<Name, MakeCheck>>,
  options: DaemonOptions = {},
): Promise<Record<Name, string>> {
  await using daemon = await startDaemon(options);
  await using client = await connectClient(daemon.socketPath);
  const entries = Object.entries<MakeCheck>(checks);
  client.update(entries.map(([, make], id) => make(id)));
  const settled = async () => {
    const statuses = await requestStatus(client);
    const known = [...statuses.values()].every(({ state }) => state !== "unknown");
    return known ? statuses : undefined;
  };
  const statuses = await until(settled, 15_000, "a result of every check");
  const found = entries.map(([name], id) => {
    const status = statuses.get(String(id));
    return [name, status === undefined ? "refused" : `${status.state} ${status.message}`];
  });
  // The cast restores the names that entries() has widened.
  return Object.fromEntries(found) as Record<Name, string>;
}
