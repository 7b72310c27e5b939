/**
 * Response times against the truth, at 4,000 HTTP checks a second: a backend in C records the times at which the kernel received each
 * request and at which its answer was sent. Run by `bun test`.
 *
 * The truth of `first_byte_ms` lies between two readings of the clock, right before and right after send(2); the error is the distance from
 * there. The truth of `connect_ms` is the kernel's time for a handshake with the same ports, measured by a blocking connect(2) from C: on
 * loopback the kernel answers within the call, independent of the load of the processes.
 */
// alone: measures tenths of a millisecond at 4,000 checks a second
import { expect, setDefaultTimeout } from "bun:test";
import type { HealthcheckDetail, HistoryItem } from "../../src/http/api.ts";
import { startTruthfulSink, type TrueAnswer, type TruthfulSink } from "../harness/backends/truthful-sink.ts";
import { printFigure, quantile } from "../harness/base/figures.ts";
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
/** Number of targets whose history is requested between two queries of the sink. */
const BATCH = 20;
const MIN_SAMPLES = 4_000;
/** Maximum errors, milliseconds. */
const MAX_MEDIAN_MS = 0.1;
const MAX_P99_MS = 0.5;
/** Resolution of `at`. The request is sent later, so that an earlier one belongs to another check. */
const CLOCK_GRAIN_MS = 1;

/** A result, and the sink's record of its answer. */
interface Compared {
  readonly item: HistoryItem;
  readonly answer: TrueAnswer | undefined;
}

/** Stops the daemon half of the time; disposing lets it run. */
function stopRepeatedly(daemon: Daemon): AsyncDisposable {
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

/** Finds the answer of a check: the first one whose request arrived after the check's start. */
function truthOf({ at }: HistoryItem, answers: readonly TrueAnswer[]): TrueAnswer | undefined {
  const startMs = Date.parse(at) - CLOCK_GRAIN_MS;
  const answer = answers.find(({ receivedMs }) => receivedMs >= startMs);
  return answer !== undefined && answer.receivedMs < startMs + INTERVAL_MS ? answer : undefined;
}

/** Computes the distance of a value from the range of an answer; 0 inside of it. */
function distance(value: number, { beforeMs, afterMs }: TrueAnswer): number {
  return Math.max(0, beforeMs - value, value - afterMs);
}

async function detailOf(port: number, id: number): Promise<HealthcheckDetail> {
  const response = await fetch(`http://127.0.0.1:${port}/api/healthchecks/${id}`);
  // The cast names the format that the API serves.
  return (await response.json()) as HealthcheckDetail;
}

/** Requests the newest results of every target, each with the sink's record of its answer. */
async function resultsWithTruth(port: number, sink: TruthfulSink): Promise<readonly Compared[]> {
  const results: Compared[] = [];
  for (let first = 0; first < TARGETS; first += BATCH) {
    const details = await Promise.all(times(BATCH, (n) => detailOf(port, first + n)));
    // Immediately: the sink keeps the answers of a few seconds only.
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
  await using _blocking = isBlocked ? stopRepeatedly(daemon) : undefined;
  if (isBlocked) await Bun.sleep(MEASURED_MS);
  const results = await resultsWithTruth(port, sink);
  checkErrors(isBlocked ? "stopped repeatedly" : "undisturbed", results, sink.handshakeMs);
}

function checkErrors(label: string, results: readonly Compared[], handshakeMs: number): void {
  const answers = results.flatMap(({ answer }) => answer ?? []);
  const width = quantile(
    answers.map(({ beforeMs, afterMs }) => afterMs - beforeMs),
    0.5,
  );
  printFigure(`${label}: results without an answer`, results.length - answers.length, "");
  printFigure(`${label}: width of the truth, median`, width * 1_000, "µs");
  // A wider range would hide errors.
  expect(width).toBeLessThan(MAX_MEDIAN_MS);
  const firstByte = results.flatMap(({ item, answer }) => {
    const measured = item.phases.first_byte_ms;
    return measured === undefined || answer === undefined ? [] : distance(measured, answer);
  });
  const connect = results.flatMap(({ item }) => {
    const measured = item.phases.connect_ms;
    return measured === undefined ? [] : Math.abs(measured - handshakeMs);
  });
  for (const [phase, errors] of [
    ["first_byte_ms", firstByte],
    ["connect_ms", connect],
  ] as const) {
    const [median = Number.NaN, p99 = Number.NaN, largest = Number.NaN] = [0.5, 0.99, 1].map((share) =>
      quantile(errors, share),
    );
    const figures = [median, p99, largest].map((ms) => `${Math.round(ms * 1_000)} µs`).join(" / ");
    process.stderr.write(`  measured: ${label}: error of ${phase}, p50 / p99 / largest: ${figures}\n`);
    expect([phase, errors.length >= MIN_SAMPLES, median <= MAX_MEDIAN_MS, p99 <= MAX_P99_MS]).toEqual([
      phase,
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
