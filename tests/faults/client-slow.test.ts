/**
 * A client that reads one byte at a time: every line arrives whole, and no other task waits for it. Run by `bun test`.
 */
import { expect, test } from "bun:test";
import { acceptAll } from "../harness/backends/backends.ts";
import { printFigure } from "../harness/base/figures.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { parseLine, type Status } from "../harness/client/messages.ts";
import { connectSlowReader } from "../harness/client/slow-reader.ts";
import { NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";

const CHECKS = 150;
/** Bytes read from one client before others have their turn. */
const BYTES_A_TURN = 500;

test("client: one that reads a byte at a time gets whole lines, and the newest state of each", async () => {
  await using backend = acceptAll();
  await using daemon = await startDaemon({ config: `${NO_REFRESH}batching: { delay: 10ms }\n` });
  using reader = connectSlowReader(daemon.socketPath);
  const latest = new Map<string, Status>();
  let [text, bytes] = ["", 0];
  const readSome = () => {
    for (let n = 0; n < BYTES_A_TURN; n++) {
      const byte = reader.readByte();
      if (byte === undefined) return;
      bytes++;
      if (byte !== 10) {
        text += String.fromCharCode(byte);
        continue;
      }
      // Throws when a line is not whole.
      for (const { id, status } of parseLine(text, text.length + 1, 0).statuses) latest.set(id, status);
      text = "";
    }
  };
  const checks = times(CHECKS, (id) => tcpCheck(id, backend, { interval: "200ms", handshake: "full" }));
  reader.send(`{"type":"update_configs","configs":[${checks.join(",")}]}`);
  /** Reports whether each is known to be healthy, by a check that began after the given time. */
  const allHealthy = (sinceMs: number) => () => {
    readSome();
    const newest = ({ state, last_check = "" }: Status) =>
      state === "healthy" && Date.parse(last_check) >= sinceMs;
    return latest.size === CHECKS && [...latest.values()].every(newest);
  };
  await until(allHealthy(0), 20_000, "every first state");
  let lastFlipMs = 0;
  for (let flip = 0; flip < 4; flip++) {
    lastFlipMs = Date.now();
    if (flip % 2 === 0) backend.down();
    else backend.up();
    await Bun.sleep(300);
    readSome();
  }
  const { connections } = backend;
  await until(() => backend.connections >= connections + CHECKS, 10_000, "checks that continue meanwhile");
  await until(allHealthy(lastFlipMs), 20_000, () => `the newest states; read ${bytes} bytes`);
  printFigure("bytes read one by one", bytes, "");
  expect(daemon.log.filter((line) => / ERROR /.test(line))).toEqual([]);
}, 60_000);
