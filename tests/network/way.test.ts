/** Tests for src/network/way.ts: the kernel's own verdicts, for targets that it accepts and rejects without a network. */
import { expect, test } from "bun:test";
import { Way } from "../../src/network/way.ts";
import { targetAddress } from "../../src/system/socket-options.ts";

/** `connect` rejects it without SO_BROADCAST, as it does for a prohibit route. */
const LOST = targetAddress({ ip: "255.255.255.255", port: 0 }, undefined);
const FOUND = targetAddress({ ip: "127.0.0.1", port: 0 }, undefined);

test("way: it is gone for more than a share of the targets, and stays gone for those", () => {
  const way = new Way();
  const all = new Set([LOST, FOUND]);
  expect(way.look([LOST, FOUND], all, 0.5).isGone).toBe(false);
  expect(way.look([LOST, FOUND], all, 0.4).isGone).toBe(true);
  // They are no longer healthy, and count all the same.
  expect(way.look([], all, 0.4).isGone).toBe(true);
});

test("way: targets that left the configuration do not keep it gone", () => {
  const way = new Way();
  expect(way.look([LOST], new Set([LOST, FOUND]), 0.5).isGone).toBe(true);
  expect(way.look([FOUND], new Set([FOUND]), 0.5).isGone).toBe(false);
});
