/**
 * The machine's clock is set an hour back and forth: checks continue at their pace, and only displayed times change.
 * Run by `bun test`.
 */
// alone: measures time
import { expect } from "bun:test";
import { existsSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { printFigure } from "../harness/base/figures.ts";
import { peerTest } from "../harness/base/peers.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { requestStatus } from "../harness/client/client-assertions.ts";
import { startSteady } from "../harness/daemon/steady.ts";

const HOUR_MS = 3_600_000;
const NOISE_MS = 60_000;
/** In seconds, as libfaketime takes them. */
const SHIFTS = [-3_600, 3_600, 0] as const;

/** Directories of the library on Debian, one for each kind of machine. */
function libfaketime(): string | undefined {
  const places = readdirSync("/usr/lib").map((name) => join("/usr/lib", name, "faketime/libfaketime.so.1"));
  return places.find((place) => existsSync(place));
}

peerTest(
  "host: a clock that is set an hour back and forth changes no verdict and no pace",
  ["openssl", "faketime"],
  async () => {
    await using dir = makeTempDir("clock");
    const shift = join(dir.path, "shift");
    writeFileSync(shift, "+0");
    const env = {
      LD_PRELOAD: libfaketime() ?? "libfaketime.so.1",
      FAKETIME_TIMESTAMP_FILE: shift,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
    // Whether a certificate is valid is a matter of the clock, and the authority of this test is minutes old.
    const fields = { interval: "200ms", timeout: "500ms", tls_verify: false };
    await using steady = await startSteady({ fields, daemon: () => ({ env }) });
    const { client, configs } = steady;
    const successes = async () =>
      [...(await requestStatus(client)).values()].reduce((sum, status) => sum + status.successes, 0);
    for (const seconds of SHIFTS) {
      // In one step, so that no half of it is read.
      writeFileSync(`${shift}.new`, seconds < 0 ? String(seconds) : `+${seconds}`);
      renameSync(`${shift}.new`, shift);
      const [startMs, before] = [performance.now(), await successes()];
      await steady.level();
      const expected = ((performance.now() - startMs) / 200) * configs.length;
      const share = ((await successes()) - before) / expected;
      printFigure(`checks of those due with the clock shifted by ${seconds} s`, share, "");
      // Neither held back for an hour nor made up for.
      expect(share).toBeLessThan(1.5);
      const statuses = [...(await requestStatus(client)).values()];
      const offsets = statuses.map(({ last_check = "" }) => Date.parse(last_check) - Date.now());
      // The daemon does live on another time: the test has tested something.
      expect(Math.abs((offsets[0] ?? 0) - seconds * 1_000)).toBeLessThan(NOISE_MS);
      expect(Math.max(...statuses.map(({ duration }) => duration)) / 1e6).toBeLessThan(HOUR_MS / 2);
      expect(Math.min(...statuses.map(({ duration }) => duration))).toBeGreaterThanOrEqual(0);
    }
    // Notifications are sent immediately, too: the batch does not wait for the clock.
    client.update([]);
    await until(async () => (await requestStatus(client)).size === 0, 5_000, "the end of all checks");
    client.update(configs);
    await steady.level(1);
    await steady.expectNoFalseVerdict();
  },
  60_000,
);
