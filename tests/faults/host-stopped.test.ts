/** The process stands still: SIGSTOP among answers, handshakes and backends that lose patience. Run by `bun test`. */
import { expect } from "bun:test";
import { times } from "../support/checks.ts";
import { tell } from "../support/figures.ts";
import { peerTest } from "../support/peers.ts";
import { lasting } from "../support/soak.ts";
import { startSteady } from "../support/steady.ts";

const STOPS = [...times(3, () => 1_300), lasting(2_000, 10_000)];
/** A backend that closes connections on which nothing happens loses its patience in every one of them. */
const PATIENCE_MS = 1_000;

peerTest(
  "host: whenever the process is stopped and goes on, nobody is called unhealthy for it",
  ["openssl"],
  async () => {
    await using steady = await startSteady({
      checks: 200,
      fields: { interval: "300ms", timeout: "1s" },
      // Others that want the CPU are no matter of this test: the backends do answer in time.
      healthy: { prefix: ["nice", "-n", "-20"], patienceMs: PATIENCE_MS },
    });
    const { daemon } = steady;
    const before = daemon.log.length;
    for (const stopMs of STOPS) {
      // At any moment of the grid, with other checks under way each time.
      await Bun.sleep(50 + Math.random() * 300);
      daemon.signal("SIGSTOP");
      await Bun.sleep(stopMs);
      daemon.signal("SIGCONT");
      await steady.level(2);
    }
    await daemon.waitForLog(/WARN The process stood still, time-outs have been moved .*stalled_ms=/, 5_000);
    tell("inconclusive because of the stops", await steady.inconclusive("stalled"), "");
    await steady.expectNoFalseVerdict();
    expect(daemon.log.slice(before).filter((line) => line.includes("Internal fault"))).toEqual([]);
  },
  90_000,
);
