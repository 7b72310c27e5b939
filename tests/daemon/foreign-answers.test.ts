/** `status` and `explain` against another program that has the server's port. Run by `bun test`. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { runCommand } from "../harness/base/command.ts";

setDefaultTimeout(30_000);

/** Everything that a terminal obeys, and the end of a line. */
const EVIL = "\x1b]0;owned\x07\x9b31m\x7f\u202e\u2066\nready";
const OBEYED = /[^\n\P{Cc}]|[\p{Cf}\p{Zl}\p{Zp}]/u;

/** A server that answers everything in one way; counts the requests. */
function squat(answer: (path: string) => Response) {
  const asked: string[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: ({ url }) => {
      asked.push(new URL(url).pathname);
      return answer(new URL(url).pathname);
    },
  });
  return {
    asked,
    addr: `127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: async () => void (await server.stop(true)),
  };
}

const COMMANDS = [["status"], ["status", "--json"], ["explain", "1"], ["explain", "1", "--json"]];
const DETAIL = {
  id: "1",
  target: EVIL,
  state: EVIL,
  since: "2026-01-31T12:00:00Z",
  last: { code: EVIL, message: EVIL },
  position: { rise: 1, fall: 1, consecutive_successes: 0, consecutive_failures: EVIL },
  totals: {
    checks: 1,
    successes: 1,
    failures: 0,
    inconclusive: 0,
    skipped: 0,
    transitions: 1,
    healthchecks: EVIL,
  },
  config: { [EVIL]: EVIL },
  history: [{ at: EVIL, code: EVIL, message: EVIL, duration_ms: 1, lateness_ms: 1, phases: {} }],
};

test.each(COMMANDS)("commands: %s %s prints nothing that a terminal obeys", async (...args) => {
  for (const status of [200, 503]) {
    await using other = squat((path) =>
      path === "/readyz"
        ? new Response(EVIL, { status })
        : Response.json({ ...DETAIL, error: EVIL }, { status }),
    );
    const { out, err } = await runCommand([...args.filter((arg) => arg !== undefined), "--addr", other.addr]);
    expect(`${out}${err}`.length).toBeGreaterThan(20);
    expect(`${out}${err}`).not.toMatch(OBEYED);
    // No line is another's.
    expect(`${out}${err}`).not.toMatch(/^ready\b(?! *$)/m);
  }
});

test.each(COMMANDS)("commands: %s %s follows no redirect", async (...args) => {
  await using target = squat(() => Response.json({}));
  await using other = squat(() => Response.redirect(`http://${target.addr}/`, 302));
  const { status } = await runCommand([...args.filter((arg) => arg !== undefined), "--addr", other.addr]);
  expect(status).toBe(1);
  expect(other.asked.length).toBe(1);
  expect(target.asked).toEqual([]);
});

test.each(COMMANDS)(
  "commands: %s %s with an answer of another shape is an error in one line",
  async (...args) => {
    for (const body of ["{}", "[]", "null", "1", '{"totals": null}']) {
      await using other = squat(() => new Response(body));
      const { status, out, err } = await runCommand([
        ...args.filter((arg) => arg !== undefined),
        "--addr",
        other.addr,
      ]);
      if (args[2] === "--json") continue;
      expect([status, out, err.split("\n").length]).toEqual([1, "", 2]);
    }
  },
);

test("commands: an answer is not unpacked, and not read beyond 16 MiB", async () => {
  const bomb = Bun.gzipSync(Buffer.alloc(64e6, " "));
  await using packed = squat(() => new Response(bomb, { headers: { "Content-Encoding": "gzip" } }));
  const unread = await runCommand(["status", "--addr", packed.addr]);
  expect([unread.status, unread.err]).toEqual([
    1,
    "not ready: the response is not JSON (status 200); is this a healthcheck-server?\n",
  ]);
  await using long = squat(() => new Response(Buffer.alloc(17 * 1_024 * 1_024, " ")));
  const cut = await runCommand(["status", "--addr", long.addr]);
  expect([cut.status, cut.err]).toEqual([
    1,
    `not ready: cannot reach http://${long.addr}: the response is larger than 16777216 bytes, the maximum\n`,
  ]);
});
