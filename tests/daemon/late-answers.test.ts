/**
 * Deadlines by the kernel's time: an answer counts by when it came, not by when this process read it. The daemon is stopped (SIGSTOP) while
 * its backend answers, so that no outcome depends on timing luck. Run by `bun test`.
 */
// alone: measures time
import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { HealthcheckDetail } from "../../src/http/api.ts";
import { type Backend, type BackendSocket, httpAnswer, httpServer } from "../harness/backends/backends.ts";
import { makeCa } from "../harness/backends/certs.ts";
import { peerTest } from "../harness/base/peers.ts";
import { freePort } from "../harness/base/ports.ts";
import { until } from "../harness/base/wait.ts";
import { httpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { notifications } from "../harness/client/client-assertions.ts";
import { type Daemon, startDaemon } from "../harness/daemon/daemon.ts";
import { metricsConfig } from "../harness/daemon/metrics.ts";

setDefaultTimeout(30_000);

const TIMEOUT_MS = 1_000;
/** Within the timeout, and beyond it. */
const SOON_MS = 300;
const LATE_MS = 2 * TIMEOUT_MS;
/** Time for which the daemon stays stopped after the answer. */
const UNREAD_MS = 1_500;
/** A check that needs the last byte of the body. */
const WHOLE_BODY = { response: "xend" };
const FIELDS = { interval: "10m", timeout: `${TIMEOUT_MS}ms` };

/** Stops the daemon, and waits until it is stopped. */
async function stop(daemon: Daemon): Promise<void> {
  daemon.signal("SIGSTOP");
  const state = () => / T /.test(readFileSync(`/proc/${daemon.pid}/stat`, "utf8").replace(/^.*\)/, ""));
  await until(state, 5_000, "the daemon to stop");
}

/** Behavior of the backend on the first request; every later one is answered immediately. */
type Answer = (daemon: Daemon, socket: BackendSocket) => Promise<void>;

/** Runs one check of a backend until it has a result. @param fields - of its CONFIG. @returns its results, newest first */
async function run(
  answer: Answer,
  fields: Readonly<Record<string, unknown>> = {},
  tls?: { readonly certFile: string; readonly keyFile: string; readonly caFile: string },
) {
  const port = freePort();
  const env = tls === undefined ? {} : { SSL_CERT_FILE: tls.caFile };
  await using daemon = await startDaemon({ config: metricsConfig(port), env });
  await using client = await connectClient(daemon.socketPath);
  let first = true;
  const errors: unknown[] = [];
  await using backend: Backend = httpServer(
    (_, socket) => {
      if (!first) socket.end(httpAnswer(200));
      else answer(daemon, socket).catch((error) => errors.push(error));
      first = false;
    },
    tls === undefined ? {} : { tls },
  );
  const secure = tls === undefined ? {} : { secure: true, server_name: "good.test" };
  client.update([httpCheck(1, backend, { ...FIELDS, ...fields, ...secure })]);
  const detail = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/api/healthchecks/1`);
    // The cast names what the interface documents.
    const found = (await response.json()) as HealthcheckDetail;
    return found.state === "unknown" ? undefined : found;
  };
  const { history, totals } = await until(detail, 15_000, "a conclusive result");
  expect(errors).toEqual([]);
  return { history, totals, states: notifications(client).map(({ status }) => status.state) };
}

test("daemon: an answer that came in time and is read after the deadline is a success, with its true time", async () => {
  let tookMs = 0;
  const { history, totals } = await run(async (daemon, socket) => {
    const askedMs = performance.now();
    await stop(daemon);
    await Bun.sleep(SOON_MS);
    tookMs = performance.now() - askedMs;
    socket.end(httpAnswer(200));
    await Bun.sleep(UNREAD_MS);
    daemon.signal("SIGCONT");
  });
  expect(history).toMatchObject([{ code: "L7OK" }]);
  const ratio = (history[0]?.phases.first_byte_ms ?? 0) / tookMs;
  expect(ratio).toBeGreaterThan(0.9);
  expect(ratio).toBeLessThan(2);
  expect(totals).toMatchObject({ successes: 1, failures: 0, inconclusive: 0 });
});

test("daemon: an answer that came after the deadline while the process was stopped is inconclusive", async () => {
  const { history, totals, states } = await run(async (daemon, socket) => {
    await stop(daemon);
    await Bun.sleep(LATE_MS);
    socket.end(httpAnswer(200));
    await Bun.sleep(UNREAD_MS / 10);
    daemon.signal("SIGCONT");
  });
  // It is repeated soon, and answered at once then.
  expect(history).toMatchObject([{ code: "L7OK" }, { code: "LOCAL" }]);
  expect(history[1]?.message).toMatch(/: answered after .*, not within 1s \(event loop stalled for \d+ms\)$/);
  expect(totals).toMatchObject({ successes: 1, failures: 0, inconclusive: 1 });
  expect(states.filter((state) => state === "unhealthy")).toEqual([]);
});

test("daemon: a wrong answer that came after the deadline while the process was stopped is inconclusive, too", async () => {
  const { history, totals } = await run(async (daemon, socket) => {
    await stop(daemon);
    await Bun.sleep(LATE_MS);
    socket.end(httpAnswer(503));
    await Bun.sleep(UNREAD_MS / 10);
    daemon.signal("SIGCONT");
  });
  expect(history).toMatchObject([{ code: "L7OK" }, { code: "LOCAL" }]);
  expect(totals).toMatchObject({ failures: 0, inconclusive: 1 });
});

test("daemon: without a stop an answer after the deadline is a timeout", async () => {
  const { history, totals } = await run(async (_, socket) => {
    await Bun.sleep(LATE_MS);
    socket.end(httpAnswer(200));
  });
  expect(history.map(({ code }) => code)).toEqual(["L7TOUT"]);
  expect(totals).toMatchObject({ failures: 1, inconclusive: 0 });
});

test("daemon: a stop that ends before a late answer comes does not excuse the backend", async () => {
  const { history } = await run(async (daemon, socket) => {
    await stop(daemon);
    await Bun.sleep(SOON_MS);
    daemon.signal("SIGCONT");
    await Bun.sleep(TIMEOUT_MS + LATE_MS);
    socket.end(httpAnswer(200));
  });
  expect(history.map(({ code }) => code)).toEqual(["L7TOUT"]);
});

peerTest("daemon: over TLS a stop is left out of the times, and is no failure", ["openssl"], async () => {
  await using ca = await makeCa();
  const cert = ca.issue({ name: "good", sans: ["DNS:good.test"] });
  const { history, totals } = await run(
    async (daemon, socket) => {
      await stop(daemon);
      await Bun.sleep(SOON_MS);
      socket.end(httpAnswer(200));
      await Bun.sleep(UNREAD_MS);
      daemon.signal("SIGCONT");
    },
    {},
    { ...cert, caFile: ca.caFile },
  );
  expect(history).toMatchObject([{ code: "L7OK" }]);
  expect(history[0]?.phases.first_byte_ms ?? Number.POSITIVE_INFINITY).toBeLessThan(UNREAD_MS);
  expect(totals).toMatchObject({ successes: 1, failures: 0, inconclusive: 0 });
});

test("daemon: of packets that wait for the process, the kernel keeps the newest one's time; the total is true", async () => {
  let lastMs = 0;
  const { history } = await run(async (daemon, socket) => {
    const askedMs = performance.now();
    await stop(daemon);
    const [head = "", body = ""] = httpAnswer(200, `${"x".repeat(2_000)}end`).split(/(?<=\r\n\r\n)/);
    socket.write(head);
    await Bun.sleep(SOON_MS);
    lastMs = performance.now() - askedMs;
    socket.end(body);
    await Bun.sleep(UNREAD_MS);
    daemon.signal("SIGCONT");
  }, WHOLE_BODY);
  const { first_byte_ms = 0, transfer_ms = 0 } = history[0]?.phases ?? {};
  const ratio = (first_byte_ms + transfer_ms) / lastMs;
  expect(ratio).toBeGreaterThan(0.9);
  expect(ratio).toBeLessThan(2);
});

test("daemon: a first packet that the process has read keeps its own time, whatever follows", async () => {
  let firstMs = 0;
  const { history } = await run(async (daemon, socket) => {
    const askedMs = performance.now();
    const [head = "", body = ""] = httpAnswer(200, `${"x".repeat(2_000)}end`).split(/(?<=\r\n\r\n)/);
    await Bun.sleep(100);
    firstMs = performance.now() - askedMs;
    socket.write(head);
    await Bun.sleep(SOON_MS);
    await stop(daemon);
    socket.end(body);
    await Bun.sleep(UNREAD_MS);
    daemon.signal("SIGCONT");
  }, WHOLE_BODY);
  const { first_byte_ms = 0, transfer_ms = 0 } = history[0]?.phases ?? {};
  expect(first_byte_ms / firstMs).toBeGreaterThan(0.9);
  expect(first_byte_ms / firstMs).toBeLessThan(2);
  expect(transfer_ms).toBeLessThan(UNREAD_MS);
});
