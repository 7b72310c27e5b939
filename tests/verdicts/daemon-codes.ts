/** The server under test: one process with one healthcheck for each row, and the codes of their results. */

import { until } from "../harness/base/wait.ts";
import { config, connectClient } from "../harness/client/client.ts";
import { requestStatus } from "../harness/client/client-assertions.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";
import { type Behavior, verdictOf, type World } from "./behavior.ts";
import type { Started } from "./haproxy.ts";

/** Conclusive results of each healthcheck. */
const MIN_RESULTS = 3;
const POLL_MS = 50;
const LIMIT_MS = 45_000;

/** Codes and last sentence that the server reported about one row. */
export interface Found {
  /** Every code that was seen, `refused` when the CONFIG was rejected; one unless the outcome depends on timing. */
  readonly codes: ReadonlySet<string>;
  /** The last sentence. */
  readonly message: string;
}

/** A check that reaches its timeout is repeated soon, since it is what the whole run waits for. */
function intervalOf({ wanted }: Behavior): string {
  return wanted.endsWith("TOUT") ? "200ms" : "1s";
}

/** Runs every row's check until each has three conclusive results. */
export async function daemonCodes(
  rows: readonly Started[],
  world: World,
): Promise<ReadonlyMap<string, Found>> {
  await using daemon = await startDaemon({ env: { SSL_CERT_FILE: world.pki.trustedFile } });
  await using client = await connectClient(daemon.socketPath);
  client.update(
    rows.map(({ row, backend }, id) =>
      config({
        id,
        interval: intervalOf(row),
        retries: 0,
        ip: backend.hostname,
        port: backend.port,
        ...row.check,
      }),
    ),
  );
  const seen = new Map(rows.map(({ row }) => [row.id, new Set<string>()]));
  const last = new Map<string, string>();
  const settled = async () => {
    const statuses = await requestStatus(client);
    let unsettled = 0;
    for (const [index, { row }] of rows.entries()) {
      const status = statuses.get(String(index));
      const codes = seen.get(row.id);
      if (status === undefined) codes?.add("refused");
      if (status === undefined || codes === undefined) continue;
      const { failures, successes, state, message } = status;
      if (failures + successes < MIN_RESULTS) unsettled++;
      if (state === "unknown") continue;
      const [code = ""] = message.split(" ");
      codes.add(code);
      // A result between two polls that changed the state twice still leaves its count.
      if (failures > 0 && successes > 0) codes.add("both verdicts");
      last.set(row.id, message);
      if (verdictOf(code) !== state) codes.add(`${state} with ${code}`);
    }
    await Bun.sleep(POLL_MS);
    return unsettled === 0;
  };
  await until(settled, LIMIT_MS, `${MIN_RESULTS} results of every check`);
  return new Map([...seen].map(([id, codes]) => [id, { codes, message: last.get(id) ?? "" }]));
}
