/**
 * Response times against the truth, at 4,000 HTTP checks a second: a backend in C knows when the kernel received each request and when
 * its answer was sent. Run by `bun test`.
 *
 * The truth of `first_byte_ms` lies between two readings of the clock, right before and right after send(2); the error is the distance from
 * there. The truth of `connect_ms` is what the kernel takes for a handshake with the same ports, measured by a blocking connect(2) from C:
 * on loopback the answer comes within the call, whatever the processes are doing.
 */
// alone: measures tenths of a millisecond at 4,000 checks a second
import { expect, setDefaultTimeout } from "bun:test";
import type { HealthcheckDetail, HistoryItem } from "../../src/http/api.ts";
import { startTruthfulSink, type TrueAnswer, type TruthfulSink } from "../harness/backends/truthful-sink.ts";
import { quantile, tell } from "../harness/base/figures.ts";
import { peerTest } from "../harness/base/peers.ts";
import { freePort } from "../harness/base/ports.ts";
import { httpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { type Daemon, startDaemon } from "../harness/daemon/daemon.ts";
import { metricsConfig } from "../harness/daemon/metrics.ts";

const TIMEOUT_MS = 60_000;
setDefaultTimeout(TIMEOUT_MS);

const TARGETS = 400;
const INTERVAL_MS = 100;
const DELAYS_US = [0, 50, 200, 500, 1_000, 2_000, 3_000, 5_000];
/** More than the history that the API serves: 20 checks of each target. */
const MEASURED_MS = 3_000;
const BLOCKED_MS = 50;
/** Targets that are asked for between two looks at the sink. */
const BATCH = 20;
const MIN_SAMPLES = 4_000;
/** The bars, milliseconds. */
const MAX_MEDIAN_MS = 0.1;
const MAX_P99_MS = 0.5;
/** `at` has milliseconds, and the request goes out later: a request before it belongs to another check. */
const CLOCK_GRAIN_MS = 1;

/** A result and the answer that it is about. */
interface Judged {
  readonly item: HistoryItem;
  readonly answer: TrueAnswer | undefined;
}

/** A process that is stopped half of the time; disposing lets it run. */
function blockAgainAndAgain(daemon: Daemon): AsyncDisposable {
  let over = false;
  const done = (async () => {
    while (!over) {
      daemon.signal("SIGSTOP");
      await Bun.sleep(BLOCKED_MS);
      daemon.signal("SIGCONT");
      await Bun.sleep(BLOCKED_MS);
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      over = true;
      await done;
    },
  };
}

/** The answer that belongs to a check: the first one whose request came after the check's start. */
function truthOf({ at }: HistoryItem, answers: readonly TrueAnswer[]): TrueAnswer | undefined {
  const startMs = Date.parse(at) - CLOCK_GRAIN_MS;
  const answer = answers.find(({ receivedMs }) => receivedMs >= startMs);
  return answer !== undefined && answer.receivedMs < startMs + INTERVAL_MS ? answer : undefined;
}

/** How far a value lies outside of a range. */
function distance(value: number, { beforeMs, afterMs }: TrueAnswer): number {
  return Math.max(0, beforeMs - value, value - afterMs);
}

async function detailOf(port: number, id: number): Promise<HealthcheckDetail> {
  const response = await fetch(`http://127.0.0.1:${port}/api/healthchecks/${id}`);
  // The cast names what the API serves.
  return (await response.json()) as HealthcheckDetail;
}

/** The newest results of every target, each with the answer that it is about. */
async function resultsWithTruth(port: number, sink: TruthfulSink): Promise<readonly Judged[]> {
  const results: Judged[] = [];
  for (let first = 0; first < TARGETS; first += BATCH) {
    const details = await Promise.all(times(BATCH, (n) => detailOf(port, first + n)));
    // At once: the sink keeps no more than some seconds.
    const truth = await sink.answers();
    results.push(
      ...details.flatMap(({ history }, n) =>
        history.map((item) => ({ item, answer: truthOf(item, truth[first + n] ?? []) })),
      ),
    );
  }
  return results;
}

async function measure(isBlocked: boolean): Promise<void> {
  await using sink = await startTruthfulSink("127.210.1.1", TARGETS, DELAYS_US);
  const port = freePort();
  await using daemon = await startDaemon({ config: metricsConfig(port) });
  await using client = await connectClient(daemon.socketPath);
  const pace = { interval: `${INTERVAL_MS}ms`, timeout: "1s" };
  client.update(sink.targets.map((target, n) => httpCheck(n, target, pace)));
  await client.waitFor(({ type }) => type === "status_batch" || type === "notification_batch", 10_000);
  await Bun.sleep(MEASURED_MS);
  await using _blocking = isBlocked ? blockAgainAndAgain(daemon) : undefined;
  if (isBlocked) await Bun.sleep(MEASURED_MS);
  const results = await resultsWithTruth(port, sink);
  judge(isBlocked ? "stopped again and again" : "undisturbed", results, sink.handshakeMs);
}

function judge(how: string, results: readonly Judged[], handshakeMs: number): void {
  const answers = results.flatMap(({ answer }) => answer ?? []);
  const width = quantile(
    answers.map(({ beforeMs, afterMs }) => afterMs - beforeMs),
    0.5,
  );
  tell(`${how}: results without an answer`, results.length - answers.length, "");
  tell(`${how}: width of the truth, median`, width * 1_000, "µs");
  // Otherwise the test could not fail.
  expect(width).toBeLessThan(MAX_MEDIAN_MS);
  const firstByte = results.flatMap(({ item, answer }) => {
    const measured = item.phases.first_byte_ms;
    return measured === undefined || answer === undefined ? [] : distance(measured, answer);
  });
  const connect = results.flatMap(({ item }) => {
    const measured = item.phases.connect_ms;
    return measured === undefined ? [] : Math.abs(measured - handshakeMs);
  });
  for (const [what, errors] of [
    ["first_byte_ms", firstByte],
    ["connect_ms", connect],
  ] as const) {
    const [median = Number.NaN, p99 = Number.NaN, largest = Number.NaN] = [0.5, 0.99, 1].map((share) =>
      quantile(errors, share),
    );
    const figures = [median, p99, largest].map((ms) => `${Math.round(ms * 1_000)} µs`).join(" / ");
    process.stderr.write(`  measured: ${how}: error of ${what}, p50 / p99 / largest: ${figures}\n`);
    expect([what, errors.length >= MIN_SAMPLES, median <= MAX_MEDIAN_MS, p99 <= MAX_P99_MS]).toEqual([
      what,
      true,
      true,
      true,
    ]);
  }
}

peerTest(
  "daemon: response times are true at 4,000 HTTP checks a second",
  ["gcc"],
  () => measure(false),
  TIMEOUT_MS,
);

peerTest(
  "daemon: response times are true while the daemon is stopped for 50 ms at a time",
  ["gcc"],
  () => measure(true),
  TIMEOUT_MS,
);
