/**
 * The executable beside engines that misbehave: each kind has one clear line, the running set continues, memory stays bounded, and the
 * next good set is applied.
 */
import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { acceptAll } from "../harness/backends/backends.ts";
import { freePort } from "../harness/base/ports.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";
import { metricsConfig, sampleOf, scrape } from "../harness/daemon/metrics.ts";
import { engineConfig, engineTcp, newestStates } from "../harness/engine/engine-checks.ts";
import { gobVector } from "../harness/engine/gob-vectors.ts";
import { startGoEngine } from "../harness/engine/goengine.ts";

setDefaultTimeout(180_000);

const WAIT_MS = 60_000;
const MIB = 1_024 * 1_024;
/** Memory that the server may need for a message of 64 MiB and its copies. */
const MAX_GROWTH_BYTES = 500 * MIB;

const SET = gobVector("capture-00").response;
/** The header of a reply, with its definition. */
const HEADER = SET.subarray(0, 0x5a);

/** Number of slices within each other. */
const DEPTH = 45;
/** Id of the first of their types; the header has defined 65. */
const FIRST_ID = 66;

/** Slices of slices, deeper than any value may be. */
function deepValue(): Uint8Array {
  const int = (id: number) => (id < 64 ? [2 * id] : [0xff, 2 * id]);
  const types = Array.from({ length: DEPTH }, (_, depth) => {
    const id = FIRST_ID + depth;
    const element = depth === DEPTH - 1 ? 2 : id + 1;
    // The negative id; SliceT: CommonType with the id, Elem; both ends.
    return [0xff, 2 * id - 1, 2, 1, 2, ...int(id), 0, 1, ...int(element), 0, 0];
  });
  const value = [...int(FIRST_ID), 0, ...Array<number>(DEPTH).fill(1), 0];
  return Buffer.concat([HEADER, ...[...types, value].map((bytes) => Buffer.from([bytes.length, ...bytes]))]);
}

/** An announced message of 64 MiB, and as much as the other side takes. */
function pour(socket: Bun.Socket): void {
  const block = new Uint8Array(MIB);
  for (let bytes = block.length; bytes === block.length; ) bytes = Math.max(0, socket.write(block));
}

const HOSTILE: readonly (readonly [name: string, serve: (socket: Bun.Socket) => void, line: RegExp])[] = [
  [
    "answers half and closes",
    (socket) => void socket.end(SET.subarray(0, 700)),
    /the stream ends after \d+ of \d+ bytes of message/,
  ],
  ["closes without an answer", (socket) => void socket.end(), /the stream ends before a complete value/],
  [
    "answers with an error",
    (socket) => void socket.write(gobVector("error-access").response),
    /the engine replied: insufficient access/,
  ],
  [
    "answers another method",
    (socket) => void socket.write(gobVector("capture-01").response),
    /the reply is to SeesawEngine.HealthState, not to SeesawEngine.Healthchecks/,
  ],
  [
    "answers another Seq",
    (socket) => {
      // Behind the method's name comes the end of the header; here field Seq with 7 before it.
      const at = Buffer.from(SET).indexOf("SeesawEngine.Healthchecks") + 25;
      const longer = Buffer.concat([SET.subarray(0, at), Buffer.from([1, 7]), SET.subarray(at)]);
      // The message is two bytes longer.
      const length = at - 25 - 4 - 1;
      longer[length] = (longer[length] ?? 0) + 2;
      socket.write(longer);
    },
    /the reply is to call 7, not to 0/,
  ],
  [
    "sends 64 MiB and more",
    (socket) => {
      socket.write(new Uint8Array([0xfc, 4, 0, 0, 0]));
      pour(socket);
    },
    /\(message 1, offset \d+\)/,
  ],
  ["sends a deep value", (socket) => void socket.write(deepValue()), /nested more than \d+ levels deep/],
  // Last: it takes the timeout of a call.
  ["accepts and never answers", () => {}, /no reply within 10s/],
];

test("engine: each kind of misbehavior has one line, and the healthchecks run on", async () => {
  await using dir = makeTempDir("engine");
  const socket = join(dir.path, "engine.sock");
  const port = freePort();
  await using up = acceptAll();
  const good = await startGoEngine(socket, false, { checks: [engineTcp(1, up.port)] });
  await using daemon = await startDaemon({ config: engineConfig(socket) + metricsConfig(port) });
  await until(() => newestStates(good)["1"] === 2, WAIT_MS, "the state");
  await good[Symbol.asyncDispose]();
  await Bun.file(socket).delete();
  const rssBytes = daemon.rssBytes();
  // Between two of them the engine is away.
  const failures = () =>
    daemon.log.filter(
      (line) => line.includes("Cannot fetch healthchecks") && !/no such file|connection refused/.test(line),
    );
  for (const [name, serve, line] of HOSTILE) {
    const before = failures().length;
    let calls = 0;
    const handled = (one: Bun.Socket) => {
      calls++;
      serve(one);
    };
    const listener = Bun.listen({ unix: socket, socket: { data: handled, drain: pour } });
    await until(() => failures().length > before, WAIT_MS, `the line of an engine that ${name}`);
    expect(failures().slice(before)).toEqual([expect.stringMatching(line)]);
    expect([name, calls > 0]).toEqual([name, true]);
    listener.stop(true);
    await Bun.file(socket)
      .delete()
      .catch(() => {});
    expect(daemon.rssBytes() - rssBytes).toBeLessThan(MAX_GROWTH_BYTES);
  }
  const read = await scrape(port);
  expect(sampleOf(read, "healthcheck_monitors_active")).toBe(1);
  expect(sampleOf(read, 'healthcheck_monitors_by_state{state="healthy"}')).toBe(1);
  const checks = 'healthcheck_checks_total{id="1",type="tcp",result="success"}';
  const another = async () => sampleOf(await scrape(port), checks) > sampleOf(read, checks);
  await until(another, WAIT_MS, "another check");
  await using next = await startGoEngine(socket, false, { checks: [engineTcp(9, up.port)] });
  await until(() => newestStates(next)["9"] === 2, WAIT_MS, "the state under the new id");
  const states = next.events.flatMap(({ notifications = [] }) => notifications.map(({ state }) => state));
  expect(new Set(states)).toEqual(new Set([2]));
});
