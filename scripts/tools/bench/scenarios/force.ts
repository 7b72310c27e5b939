/** From an operator's command to the last line on the client's socket. Listed in ../scenarios.ts. */
import { acceptAll } from "../../../../tests/harness/backends/backends.ts";
import { makeTempDir } from "../../../../tests/harness/base/tempdir.ts";
import { until } from "../../../../tests/harness/base/wait.ts";
import { tcpCheck, times } from "../../../../tests/harness/client/checks.ts";
import { type Client, connectClient } from "../../../../tests/harness/client/client.ts";
import { operate, raw, startControlled } from "../../../../tests/harness/daemon/operator.ts";
import { killOnExit } from "../../child-cleanup.ts";
import { largest, median } from "../arithmetic.ts";
import type { Group, Outcome, Scenario, Settings } from "../scenario.ts";
import { digits } from "../table.ts";

const TARGETS = 512;
const RANGE = "127.1.0.0/16";
const DELAY_MS = 100;
const TIMES = 20;
const QUICK_TIMES = 5;
const WAIT_MS = 20_000;
const PAUSE_MS = 50;
/** Pace of the checks: few are under way while a command is measured. */
const INTERVAL = "2s";
/** A gross regression: the command waits for a batch, or its work for each target is no longer small against the rest. */
const MAX_TARGETS_RATIO = 60;

const GROUP: Group = {
  title: `force: from the command to the last report, batching.delay ${DELAY_MS} ms`,
  note: "On the socket: from the request's write. Command line: from spawning it; with -c it reads the configuration file.",
  head: ["healthchecks", "from", "median", "largest", "until answered"],
};

export const force: Scenario = {
  name: "force",
  group: GROUP,
  summary: `an operator forces one healthcheck, and ${TARGETS} by CIDR`,
  quick: true,
  run,
};

/** Durations of the commands of one kind. */
interface Measured {
  readonly reportedMs: number[];
  readonly answeredMs: number[];
}

async function run({ quick }: Settings): Promise<Outcome> {
  await using temp = makeTempDir("force");
  const dir = temp.path;
  await using backend = acceptAll({ hostname: "0.0.0.0" });
  await using daemon = await startControlled(dir, {}, `batching: { delay: ${DELAY_MS}ms }\n`);
  using _ = killOnExit(daemon.pid);
  await using client = await connectClient(daemon.socketPath);
  const addresses = times(TARGETS, (at) => `127.1.${at >> 8}.${at & 255}`);
  // One more, or it would be everything.
  const targets = [...addresses, "127.0.0.1"].map((hostname) => ({ hostname, port: backend.port }));
  client.update(targets.map((target, at) => tcpCheck(at + 1, target, { interval: INTERVAL })));
  await until(() => client.latest.size === targets.length, WAIT_MS, "the first states");
  const config = ["-c", `${daemon.dir}/config.yaml`];
  const rows: string[][] = [];
  const medians: Record<string, number> = {};
  for (const count of [1, TARGETS]) {
    const selection = count === 1 ? { id: "1" } : { target: RANGE };
    const chosen = count === 1 ? ["1"] : ["--target", RANGE];
    const rest = ["--for", "1h", "--reason", "a drill"];
    const ways = {
      "the socket": (state: string) =>
        raw(
          dir,
          `${JSON.stringify({ command: "set", action: state, ...selection, duration_ms: 3.6e6, reason: "x" })}\n`,
        ),
      "the command line": (state: string) => operate(dir, "force", ...chosen, state, ...rest),
      "the command line, -c": (state: string) => operate(dir, "force", ...chosen, state, ...rest, ...config),
    };
    for (const [from, act] of Object.entries(ways)) {
      const { reportedMs, answeredMs } = await measure(client, count, act, quick ? QUICK_TIMES : TIMES);
      medians[`${from} ${count}`] = median(reportedMs);
      rows.push([
        String(count),
        from,
        ...[median(reportedMs), largest(reportedMs), median(answeredMs)].map(ms),
      ]);
    }
  }
  const ratio = (medians[`the socket ${TARGETS}`] ?? 0) / (medians["the socket 1"] ?? 1);
  return {
    figures: { ...medians, ratio },
    rows,
    regressions:
      ratio > MAX_TARGETS_RATIO
        ? [{ message: `${TARGETS} targets take ${digits(ratio)} times as long as one`, ifQuiet: true }]
        : [],
  };
}

async function measure(
  client: Client,
  count: number,
  act: (state: string) => Promise<unknown>,
  repetitions: number,
): Promise<Measured> {
  const measured: Measured = { reportedMs: [], answeredMs: [] };
  const ids = times(count, (at) => String(at + 1));
  for (let time = 0; time < repetitions; time++) {
    const state = time % 2 === 0 ? "unhealthy" : "healthy";
    const startMs = performance.now();
    const answered = act(state).then(() => performance.now() - startMs);
    const isReported = () => ids.every((id) => client.latest.get(id)?.state === state);
    await until(isReported, WAIT_MS, "the reports");
    measured.answeredMs.push(await answered);
    // Nothing else is reported meanwhile.
    const last = client.lines.findLast(({ statuses }) => statuses.length > 0);
    measured.reportedMs.push((last?.receivedAtMs ?? Number.NaN) - startMs);
    await Bun.sleep(PAUSE_MS);
  }
  return measured;
}

function ms(value: number): string {
  return `${digits(value)} ms`;
}
