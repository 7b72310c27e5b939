/** The pool of unconnected sockets, without any socket. */
import { expect, test } from "bun:test";
import { SocketPool } from "../../src/system/socket-pool.ts";

const ONE = "192.0.2.1";
const OTHER = "2001:db8::1";
/** Room for four sockets. */
const DESCRIPTORS = 128;
const MINUTE_MS = 60_000;

function filled(...fds: readonly number[]): SocketPool {
  const pool = new SocketPool(DESCRIPTORS);
  for (const fd of fds) expect(pool.put(ONE, fd)).toBe(true);
  return pool;
}

test("pool: a host gets its own sockets back, the newest first, and no other host's", () => {
  const pool = filled(3, 4);
  expect(pool.put(OTHER, 5)).toBe(true);
  expect([pool.take("192.0.2.2"), pool.take(ONE), pool.take(OTHER), pool.take(OTHER)]).toEqual([
    undefined,
    4,
    5,
    undefined,
  ]);
  expect([pool.size, pool.take(ONE), pool.take(ONE), pool.size]).toEqual([1, 3, undefined, 0]);
});

test("pool: its share of the descriptors bounds it over all hosts", () => {
  const pool = filled(3, 4);
  expect([pool.put(OTHER, 5), pool.put(OTHER, 6), pool.put(OTHER, 7), pool.put(ONE, 8)]).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(pool.take(ONE)).toBe(4);
  expect([pool.put(OTHER, 7), pool.size]).toEqual([true, 4]);
});

test("pool: with few descriptors there is no pool, with very many it stays small", () => {
  expect(new SocketPool(31).put(ONE, 3)).toBe(false);
  const large = new SocketPool(1_000_000);
  let fd = 0;
  while (large.put(ONE, fd)) fd++;
  expect(fd).toBe(1_024);
});

test("pool: trim removes the sockets that were not needed since the last trim, the oldest first", () => {
  const pool = filled(3, 4, 5);
  // All of them are new.
  expect(pool.trim(0)).toEqual([]);
  expect([pool.take(ONE), pool.take(ONE)]).toEqual([5, 4]);
  pool.put(ONE, 4);
  pool.put(ONE, 5);
  // Two were needed at the same time, one was not.
  expect([pool.trim(500), pool.size]).toEqual([[3], 2]);
  // The last one of a host stays for a while.
  expect([pool.trim(1_000), pool.trim(1_500), pool.size]).toEqual([[4], [], 1]);
  expect([pool.trim(MINUTE_MS), pool.trim(2 * MINUTE_MS), pool.size]).toEqual([[], [5], 0]);
  expect([pool.take(ONE), pool.trim(3 * MINUTE_MS)]).toEqual([undefined, []]);
});

test("pool: a host that is checked every 50 s keeps its socket, however often the pool is trimmed", () => {
  const pool = filled(3);
  for (let second = 1; second <= 600; second++) {
    if (second % 50 === 0) {
      expect(pool.take(ONE)).toBe(3);
      pool.put(ONE, 3);
    }
    expect(pool.trim(second * 1_000)).toEqual([]);
  }
  const closedAfter = Array.from({ length: 180 }, (_, index) => index + 1).find(
    (second) => pool.trim((600 + second) * 1_000).length > 0,
  );
  expect(closedAfter).toBeGreaterThanOrEqual(60);
  expect(closedAfter).toBeLessThanOrEqual(120);
});

test("pool: trim while the socket is in use does not make it an old one", () => {
  const pool = filled(3);
  pool.trim(0);
  expect(pool.take(ONE)).toBe(3);
  expect(pool.trim(MINUTE_MS)).toEqual([]);
  pool.put(ONE, 3);
  expect([pool.trim(2 * MINUTE_MS), pool.trim(3 * MINUTE_MS)]).toEqual([[], [3]]);
});

test("pool: evict empties it, host by host, and makes room", () => {
  const pool = filled(3, 4);
  pool.put(OTHER, 5);
  expect([pool.evict(), pool.evict(), pool.evict(), pool.evict()]).toEqual([4, 3, 5, undefined]);
  expect([pool.size, pool.put(ONE, 6), pool.trim(0), pool.take(ONE)]).toEqual([0, true, [], 6]);
});
